"""The numbers of the matcher: each says where it comes from, and how much it matters stands beside it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from scripts.train.numbers import Field, all_fields
from scripts.train.thresholds import measured

ROOT = Path(__file__).resolve().parents[3]
FIELDS = [pytest.param(field, id=f"{field.group}.{field.name}") for field in all_fields()]
ROWS = {
    (row["group"], row["name"]): row
    for row in json.loads((ROOT / "benchmarks" / "thresholds.json").read_text("utf-8"))["rows"]
}


@pytest.mark.parametrize("field", FIELDS)
def test_every_number_says_what_it_is_and_where_it_comes_from(field: Field) -> None:
    metadata = next(one for one in dataclasses.fields(field.owner) if one.name == field.name).metadata  # type: ignore[arg-type]
    assert metadata["provenance"] in {"tuned", "noise model", "derived"}
    assert len(metadata["about"]) > 10


@pytest.mark.parametrize("field", FIELDS)
def test_every_number_has_a_row_and_tuned_ones_were_perturbed_as_they_are(field: Field) -> None:
    """Those that kernels hold may wait: each takes a compilation."""
    row = ROWS[field.group, field.name]
    assert row["value"] == field.plain, "run scripts.train.thresholds --resume"
    if measured(field) and not field.compiled:
        assert row["up"].keys() & {"recipes_changed", "error", "unread"}


def test_no_number_is_there_for_nothing() -> None:
    """What the code never reads goes."""
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "pipeline" / "haac_match").rglob("*.py"))
    unread = [
        f"{field.group}.{field.name}"
        for field in all_fields()
        if not re.search(rf"\b({field.group.upper()}|self)\.{field.name}\b", code)
    ]
    assert not unread


def test_numbers_are_frozen() -> None:
    field = all_fields()[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(field.owner, field.name, field.value)
