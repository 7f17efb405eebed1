"""Compiled loops are made anew when the constants they take from another file change."""

import subprocess
import sys
import textwrap


def run(folder, name, value):
    (folder / f"{name}_constants.py").write_text(f"VALUE = {value}\n")
    (folder / f"{name}_loops.py").write_text(
        textwrap.dedent(f"""
            import numba
            import {name}_constants as constants
            from {name}_constants import VALUE
            from detente.kernels._noticing import noticing

            @numba.njit("int64()", cache=True)
            @noticing(constants)
            def told():
                return VALUE
        """)
    )
    code = f"import {name}_loops; print({name}_loops.told())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_changed_constant_is_noticed(tmp_path):
    assert run(tmp_path, "x", 1) == 1
    assert run(tmp_path, "x", 22) == 22
    assert run(tmp_path, "x", 1) == 1
    assert len(list((tmp_path / "__pycache__").glob("x_loops.told_*.nbi"))) == 2
