"""Chunks: the same whoever computes them, kept on disk, taken up again after a kill."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from detente.errors import CaseError, CostError, MissingExtraError, NeedsError, Problem, WorkerError
from detente.workers import Job, chunks, seeds


def square(shared, task):
    number, seed = task
    return {"value": np.array([shared + number**2]), "noise": np.random.default_rng(seed).random(3)}


def refuse(shared, task):
    if task == 2:
        raise CostError("counting", "three", "count to two")
    return {"value": np.array(task)}


def die(shared, task):
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"value": np.array(task)}


def job(count=7, key="squares"):
    return Job(square, 10, list(zip(range(count), seeds(3, count), strict=True)), key)


def plain(found):
    return [{name: array.tolist() for name, array in chunk.items()} for chunk in found]


def test_the_number_of_workers_changes_nothing():
    alone = plain(chunks(job()))
    assert alone == plain(chunks(job(), workers=2))
    assert [c["value"] for c in alone] == [[10 + n**2] for n in range(7)]


def test_the_first_seeds_do_not_depend_on_how_many_there_are():
    assert plain(chunks(job(3))) == plain(chunks(job(7)))[:3]


def test_finished_chunks_are_found_again(tmp_path):
    calls = []

    def counted(shared, task):
        calls.append(task[0])
        return square(shared, task)

    whole = plain(chunks(job()))
    work = Job(counted, 10, job().tasks, "squares")
    first = chunks(work, folder=tmp_path)
    assert plain([next(first), next(first), next(first)]) == whole[:3]
    first.close()
    assert calls == [0, 1, 2]
    (tmp_path / "chunk-00000001.npz").unlink()
    (tmp_path / "chunk-00000000.npz").write_bytes(b"half a file")
    told = []
    assert (
        plain(chunks(work, folder=tmp_path, report=lambda done, total: told.append((done, total)))) == whole
    )
    assert calls == [0, 1, 2, 0, 1, 3, 4, 5, 6]
    assert told[0] == (1, 7)
    assert told[-1] == (7, 7)
    assert plain(chunks(work, folder=tmp_path)) == whole
    assert len(calls) == 9


@pytest.mark.parametrize("workers", [1, 2])
def test_chunks_kept_from_the_middle_are_in_their_place(tmp_path, workers):
    whole = plain(chunks(job(), folder=tmp_path))
    for number in (0, 3, 6):
        (tmp_path / f"chunk-{number:08d}.npz").unlink()
    assert plain(chunks(job(), folder=tmp_path, workers=workers)) == whole


def test_another_question_is_refused(tmp_path):
    list(chunks(job(), folder=tmp_path))
    with pytest.raises(NeedsError, match="another question"):
        list(chunks(job(key="other"), folder=tmp_path))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NeedsError, match="cannot keep results"):
        list(chunks(job(), folder=tmp_path / "file" / "inside"))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_work_arrives_whole(workers):
    with pytest.raises(CostError, match="count to two") as caught:
        list(chunks(Job(refuse, None, [0, 1, 2, 3], ""), workers=workers))
    assert caught.value.size == "three"


def test_a_worker_that_dies_is_said(tmp_path):
    with pytest.raises(WorkerError, match="worker process ended"):
        list(chunks(Job(die, None, [0, 1, 2], ""), workers=2, folder=tmp_path))


def test_options_are_checked():
    with pytest.raises(NeedsError, match="a count from 1"):
        list(chunks(job(), workers=0))
    with pytest.raises(NeedsError, match="unknown engine 'dask'"):
        list(chunks(job(), engine="dask"))


def test_ray_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    with pytest.raises(MissingExtraError, match=r"detente\[ray\]"):
        list(chunks(job(), engine="ray"))


@pytest.mark.parametrize(
    "error",
    [CostError("a", "b", "c"), MissingExtraError("ray", "ray"), CaseError([Problem("x", "wrong")], "f.yaml")],
)
def test_errors_travel_between_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


SCRIPT = """
    import sys, time
    import numpy as np
    from detente.workers import Job, chunks

    def slow(shared, task):
        with open(shared, "a") as log:
            log.write(f"{task}\\n")
        time.sleep(0.15)
        return {"value": np.array(task * 7)}

    if __name__ == "__main__":
        folder, log, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
        found = chunks(Job(slow, log, list(range(12)), "slow"), folder=folder, workers=workers)
        print(*[int(c["value"]) for c in found])
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_kill_loses_nothing_and_counts_nothing_twice(tmp_path, workers):
    script, folder, log = tmp_path / "work.py", tmp_path / "kept", tmp_path / "log"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(script), str(folder), str(log), workers]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    while len(list(folder.glob("chunk-*"))) < 4:
        assert first.poll() is None
        time.sleep(0.02)
    first.kill()
    first.communicate()
    kept = {int(path.stem[6:]) for path in folder.glob("chunk-*")}
    begun = log.read_text().split()
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [int(x) for x in second.stdout.split()] == [7 * n for n in range(12)]
    again = log.read_text().split()[len(begun) :]
    late = [n for n in again if int(n) in kept]
    assert len(late) <= 2  # a worker of the first run may have logged one more start before it left
    assert len(again) - len(late) == 12 - len(kept)
