"""The command `haac models`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haac._cli.main import _run
from haac_pipeline._segment import models
from haac_pipeline._segment.models import DEFAULT, MODELS, SMALL, Model
from haac_similar._weights import fetch

WEIGHTS = b"weights of a model"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No weights, no network, no index; the small model has the checksums of WEIGHTS."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(models, "_BASE", "http://127.0.0.1:9/")
    made = replace(
        MODELS[SMALL],
        md5=hashlib.md5(WEIGHTS, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    )
    monkeypatch.setitem(MODELS, SMALL, made)
    return tmp_path


def put(model: Model, **_: Any) -> str:
    """In the place of a download."""
    model.paths[0].parent.mkdir(parents=True)
    model.paths[0].write_bytes(WEIGHTS)
    return "rembg"


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert _run(["models", "--json"]) == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_the_list_names_the_model_that_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert [name for name, row in listed(capsys).items() if row["default"]] == [DEFAULT]
    put(MODELS[SMALL])
    assert [name for name, row in listed(capsys).items() if row["default"]] == [SMALL]


def test_fetching_says_licence_and_where_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "from_address", put)
    assert _run(["models", "--fetch", SMALL]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{MODELS[SMALL].paths[0]}: {len(WEIGHTS)} bytes, checked\n"
    assert "Apache-2.0" in shown.err
    assert _run(["models", "--fetch", SMALL, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["name"], facts["origin"], facts["bytes"]) == (SMALL, "here", len(WEIGHTS))
    assert facts["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()


@pytest.mark.parametrize(
    ("name", "why"),
    [("offline", "it has no weights"), ("u2nett", "there is no model 'u2nett'"), ("none", "no model")],
)
def test_what_cannot_be_fetched(name: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["models", "--fetch", name]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert "isnet-general-use" in said


def test_without_network_it_fails_with_one_error(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert _run(["models", "--fetch", SMALL, "--json"]) == 1
    lines = capsys.readouterr().err.splitlines()
    error = json.loads(lines[-1])["error"]
    assert error["type"] == "TransportError"
    assert "u2netp.onnx cannot be fetched" in error["message"]
    assert list(home.rglob("*.onnx*")) == []
