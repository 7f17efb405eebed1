"""The sections behind the page, one module each, built from what the analyses found; without findings it is absent."""

from __future__ import annotations

from detente.report.document import Section
from detente.report.gather import Findings
from detente.report.sections.change import change
from detente.report.sections.confidence import confidence
from detente.report.sections.forecast import forecast
from detente.report.sections.funnel import funnel
from detente.report.sections.inputs import inputs
from detente.report.sections.methods import methods, reproduce
from detente.report.sections.packages import packages
from detente.report.sections.roadmap import roadmap
from detente.report.sections.standoff import standoff
from detente.report.sections.stuck import stuck
from detente.report.sections.table import table

__all__ = ["reproduce", "sections"]

ORDER = (funnel, packages, stuck, standoff, roadmap, change, confidence, forecast, table, inputs, methods)
"""What builds each section, in the order of the report."""


def sections(findings: Findings) -> list[Section]:
    """All sections that this case has something to say in, in the order of the report."""
    built = [build(findings) for build in ORDER]
    return [section for section in built if section is not None and section.blocks]
