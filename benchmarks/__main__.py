"""`make bench`: fronts, fair solutions, stability, formats and start-up, checked before they are timed."""

from __future__ import annotations

from benchmarks import adapters, agreement, forecast, roadmap, standoff, startup, table, workbench


def main() -> None:
    """Runs all of them."""
    agreement.main()
    forecast.main()
    standoff.main()
    roadmap.main()
    adapters.main()
    startup.main()
    table.main()
    workbench.main()


if __name__ == "__main__":
    main()
