"""The describers' scripts of `scripts/evidence/`: they run, and name elements that their repository has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haac import run_script, to_binary
from haac_repo import format_id
from tests.house import ROOT

FOLDER = ROOT / "scripts" / "evidence"
SCRIPTS = sorted(FOLDER.glob("*/*.py"))


def name(script: Path) -> str:
    return f"{script.parent.name}/{script.stem}"


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_names_known_elements_and_is_shorter_than_318_bytes(script: Path) -> None:
    known = json.loads((script.parent / "elements.json").read_text("utf-8"))
    scene = run_script(script)
    assert {format_id(number) for number in scene.elements()} <= known.keys()
    assert scene.elements()
    assert len(to_binary(scene)) < 318


def test_what_is_told_by_another_photograph_says_so() -> None:
    assert run_script(FOLDER / "small" / "motorcycle_left.py").similar
    assert all(run_script(script).similar for script in SCRIPTS if script.parent.name == "large")


def test_three_photographs_at_least_are_described() -> None:
    assert len([script for script in SCRIPTS if script.parent.name == "small"]) >= 3
