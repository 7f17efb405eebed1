"""The workbench: from a slider to the redraw, in Chromium; what the page weighs. `python -m benchmarks.workbench`."""

from __future__ import annotations

import gzip
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.web.served import Served, serving
from tests.web.test_browser import FLAGS

import detente
from benchmarks.measured import measured
from detente.analysis.agreement import agreement
from detente.case import dump, from_data, with_changes
from detente.web.app import STATIC
from detente.web.live import live

MOVES = 60


def additive(issues: int) -> detente.Case:
    """Two parties, so many issues of ten levels."""
    levels = [str(k) for k in range(10)]
    names = [f"i{k}" for k in range(issues)]
    values = [
        {
            name: {level: float((a * j * j + b * k + j) % 23) for j, level in enumerate(levels)}
            for k, name in enumerate(names)
        }
        for a, b in ((3, 5), (7, 2))
    ]
    return from_data({
        "detente": 1, "id": f"ten-to-the-{issues}", "title": f"{issues} issues", "parties": {"a": {}, "b": {}},
        "issues": {name: {"levels": levels} for name in names},
        "preferences": {"a": {"values": values[0]}, "b": {"values": values[1]}},
    })  # fmt: skip


def check(case: detente.Case) -> None:
    """A redraw says what the analysis of the changed case says."""
    changes = [{"set": "preferences.a.values.i0.3", "to": 11.5}]
    found, result = live(with_changes(case, changes)), agreement(with_changes(case, changes))
    assert found["zone"]["count"] == result.zone.count
    assert found["front_count"] == result.front.count


def in_browser(served: Served) -> list[float]:
    """Milliseconds from the input event to the frame after the redraw, for some moves of one slider."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(served.page)
        page.wait_for_selector(".whatif canvas")
        page.click(".whatif summary:text-is('a')")
        page.wait_for_selector("[id='slider-preferences.a.values.i0.3']")
        times: list[float] = page.evaluate(
            """async (moves) => {
            const s = document.getElementById("slider-preferences.a.values.i0.3"), times = [];
            const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
            const drawn = () => new Promise((done) => {
              const watch = new PerformanceObserver(() => { watch.disconnect(); done(performance.now()); });
              watch.observe({ entryTypes: ["measure"] }); });
            for (let i = 0; i < moves; i++) {
              const wait = drawn(), begun = performance.now();
              set.call(s, 1 + i / 7); s.dispatchEvent(new Event("input", { bubbles: true }));
              times.push((await wait) - begun); await new Promise((r) => setTimeout(r, 30)); }
            return times; }""",
            MOVES,
        )
        browser.close()
    return times


def main() -> None:
    """Prints one line for each size, and the weight of the page."""
    for issues in (3, 4, 5):
        case = additive(issues)
        check(case)
        cpu = []
        for move in range(MOVES):
            begun = time.process_time()
            live(with_changes(case, [{"set": "preferences.a.values.i0.3", "to": move / 7}]))
            cpu.append(1e3 * (time.process_time() - begun))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "case.yaml").write_text(dump(case))
            with serving(folder / "case.yaml", folder / "state") as served, served.client() as client:
                body: dict[str, Any] = {"changes": [{"set": "preferences.a.values.i0.3", "to": 3.5}]}
                size = len(client.post("/api/live", json=body).content)
                times = in_browser(served)
        low, high = min(times), statistics.quantiles(times, n=20)[18]
        told = f"wall, least {low:.1f}, 95 % {high:.1f} ms; computing {statistics.median(cpu):.1f} ms CPU, {size / 1024:.0f} KiB an answer"
        what = f"slider to redraw, 10^{issues} outcomes, median"
        measured("workbench", what, statistics.median(times) / 1e3, told, size=10.0**issues, aim=0.05)
    files = [path for path in STATIC.rglob("*") if path.suffix in (".html", ".js", ".css", ".svg")]
    whole = sum(path.stat().st_size for path in files)
    packed = sum(len(gzip.compress(path.read_bytes())) for path in files)
    print(
        f"workbench page: {len(files)} files, {whole / 1024:.0f} KiB, {packed / 1024:.0f} KiB if compressed"
    )


if __name__ == "__main__":
    main()
