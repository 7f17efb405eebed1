"""Start-up: processor time of whole processes, over that of a bare interpreter; answers checked first."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.measured import measured

COMMANDS = {
    "import detente": ["-c", "import detente"],
    "detente --help": ["-m", "detente", "--help"],
    "detente schema": ["-m", "detente", "schema"],
    "detente check": ["-m", "detente", "check", "mill-contract"],
    "detente agreement": ["-m", "detente", "agreement", "mill-contract"],
}
AIMS = {"import detente": 0.06, "detente --help": 0.35, "detente check": 0.6, "detente agreement": 0.8}


def cpu_ms(arguments: list[str], runs: int = 5) -> float:
    """Least processor time of a process, in milliseconds."""
    least = float("inf")
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        least = min(least, 1e3 * took)
    return least


def main() -> None:
    """Prints one line for each command."""
    bare = cpu_ms(["-c", "pass"])
    for name, arguments in COMMANDS.items():
        took = (cpu_ms(arguments) - bare) / 1e3
        told = f"over a bare interpreter ({bare:.0f} ms)"
        measured("start", name, took, told, aim=AIMS.get(name))
