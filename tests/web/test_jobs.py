"""Work in processes: what waits can be stopped, and what dies is said to have died."""

from __future__ import annotations

import time

from detente.web import jobs as jobs_
from detente.web.jobs import Jobs
from tests.web.served import CASE


def asked(runs: int) -> dict[str, object]:
    from detente.case import loads

    options = {"runs": runs, "rounds": 100_000 if runs > 1000 else 10}
    return {
        "data": loads(CASE).to_data(),
        "folder": None,
        "analysis": "table",
        "options": options,
        "whole": False,
    }


def test_work_that_waits_for_room_can_be_stopped(monkeypatch) -> None:
    monkeypatch.setattr(jobs_, "MOST_RUNNING", 1)
    work = Jobs()
    slow = work.start("ask", asked(1_000_000), "")
    while slow.state == "waiting":
        time.sleep(0.01)
    waiting = work.start("ask", asked(10), "")
    begun = time.monotonic()
    assert work.stop(waiting.number).state == "stopped"
    assert slow.state == "running"
    assert work.stop(slow.number).state == "stopped"
    assert time.monotonic() - begun < 5
    again = work.start("ask", asked(10), "")
    again.ended.wait(60)
    assert again.state == "done", "there is room again"
    work.close()


def test_a_process_that_dies() -> None:
    work = Jobs()
    first = work.start("ask", asked(10), "")
    first.ended.wait(60)
    (hand,) = work._idle
    hand.process.kill()
    hand.process.join()
    second = work.start("ask", asked(10), "")  # the dead one is not asked
    second.ended.wait(60)
    assert second.state == "done"
    third = work.start("ask", asked(1_000_000), "")
    while third.state == "waiting" or work._idle:
        time.sleep(0.01)
    import multiprocessing

    for process in multiprocessing.active_children():
        process.kill()
    third.ended.wait(60)
    assert third.state == "failed"
    assert third.error == {"kind": "fault", "message": "the process that did this work has died"}
    work.close()
