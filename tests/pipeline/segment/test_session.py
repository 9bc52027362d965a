"""Choosing a model, and masks through rembg: with sessions made up here, and without a network."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from haac_pipeline import _extra
from haac_pipeline._segment import session
from haac_pipeline._segment.models import DEFAULT, MODELS, NONE, OFFLINE
from haac_pipeline._segment.session import choose_model, mask
from haac_repo import DataError, HaacError, MissingExtraError, TransportError

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
rembg = pytest.importorskip("rembg")
from rembg.sessions import sessions  # noqa: E402
from rembg.sessions.base import BaseSession  # noqa: E402

WEIGHTS = b"weights of a model"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder of our own, an empty one; and no network."""

    def unreachable(_url: str, **_options: Any) -> httpx.Response:
        raise httpx.ConnectError("no network")

    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    monkeypatch.setattr(httpx, "head", unreachable)
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


def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def head(url: str, **_options: Any) -> httpx.Response:
        return httpx.Response(200, request=httpx.Request("HEAD", url))

    monkeypatch.setattr(httpx, "head", head)


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


def test_damaged_weights_are_not_used(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = small(monkeypatch)
    path.write_bytes(b"others")
    with pytest.raises(DataError, match="delete it"):
        choose_model(DEFAULT, said.append)
    assert choose_model(None, said.append) == OFFLINE
    assert str(path) in said[0]


def test_weights_are_fetched_by_rembg_and_checked(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = small(monkeypatch)
    reachable(monkeypatch)
    monkeypatch.setattr(sessions[DEFAULT], "download_models", lambda: path.write_bytes(WEIGHTS))
    assert choose_model(None, said.append) == DEFAULT
    assert len(said) == 1
    assert "Apache-2.0" in said[0]


def test_a_fetch_that_breaks_off_is_told_as_one_error(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ConnectionResetError("reset by peer")

    reachable(monkeypatch)
    monkeypatch.setattr(sessions[DEFAULT], "download_models", broken)
    with pytest.raises(TransportError, match="reset by peer"):
        choose_model(DEFAULT, said.append)
    assert choose_model(None, said.append) == OFFLINE


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


def test_where_rembg_is_missing_the_embedded_model_serves_unless_another_is_asked_for(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_extra, "find_spec", lambda name: None if name == "rembg" else name)
    assert choose_model(OFFLINE, said.append) == OFFLINE
    assert said == []
    assert choose_model(None, said.append) == OFFLINE
    assert "needs rembg, not installed here" in said[0]
    with pytest.raises(MissingExtraError, match="the model u2netp needs rembg, not installed"):
        choose_model("u2netp", said.append)


def test_masks_come_through_rembg(monkeypatch: pytest.MonkeyPatch) -> None:
    class Left(BaseSession):  # type: ignore[misc]  # rembg ships no types
        def __init__(self) -> None:
            self.model_name = "left"

        def predict(self, img: Image.Image, *_args: Any, **_options: Any) -> list[Image.Image]:
            found = np.zeros((img.height, img.width), np.uint8)
            found[:, : img.width // 2] = 255
            return [Image.fromarray(found)]

    monkeypatch.setattr(session, "_session", lambda name: {"left": Left()}[name])
    picture = Image.linear_gradient("L").convert("RGB").resize((40, 30))
    found = mask(picture, "left")
    assert (found.mode, found.size) == ("L", (40, 30))
    assert np.asarray(found)[:, :20].all()
    assert not np.asarray(found)[:, 20:].any()


def test_in_a_blank_picture_there_is_nothing() -> None:
    """Models that stretch their output would find noise: they are not asked."""
    assert mask(Image.new("RGB", (30, 20), "white"), "no such model").getextrema() == (0, 0)
