"""`make bench`: every question and its peers, checked before they are timed; figures and plots go to `benchmarks/results`."""

from __future__ import annotations

from benchmarks import (
    adapters,
    agreement,
    confidence,
    forecast,
    measured,
    roadmap,
    standoff,
    startup,
    table,
    workbench,
)


def main() -> None:
    """Runs all of them."""
    for room in (agreement, forecast, standoff, roadmap, adapters, startup, table, confidence, workbench):
        room.main()
    measured.write(measured.FIGURES)


if __name__ == "__main__":
    main()
