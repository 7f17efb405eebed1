"""Tests on drawn cases: a few of them by default, many behind the mark `slow`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings


def sweep(few, many):
    """Runs a test with the argument ``examples``, how many cases to draw: ``few``, and ``many`` if slow ones run."""
    return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])


def every(examples, *strategies):
    """Runs the function below it on ``examples`` cases drawn."""

    def run(check):
        settings(max_examples=examples, deadline=None, print_blob=True)(given(*strategies)(check))()

    return run
