"""The generated parts of the documentation are those that would be made now."""

from pathlib import Path

import pytest
from tools import reference

HOME = Path(__file__).parent.parent / "docs" / "reference"


@pytest.mark.parametrize("name", reference.pages())
def test_the_reference_is_up_to_date(name):
    assert (HOME / name).read_text(encoding="utf-8") == reference.pages()[name], (
        "run `python -m tools.reference`"
    )
