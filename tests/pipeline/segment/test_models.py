"""The table of models: that it says what rembg itself says, and trusts no file unseen."""

from __future__ import annotations

import hashlib
import inspect
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from haac_pipeline._segment import models
from haac_pipeline._segment.models import DEFAULT, MODELS, OFFLINE, Model, check_models, model, verified
from haac_repo import DataError, HaacError

WEIGHTS = b"weights of a model"
WITH_WEIGHTS = [m for m in MODELS.values() if m.file]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that no weights of this machine are seen."""
    for name in ("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def small(monkeypatch: pytest.MonkeyPatch, *, sha256: bool = False) -> Model:
    """u2net, with the checksum of WEIGHTS."""
    if sha256:
        chosen = replace(MODELS[DEFAULT], md5="", sha256=hashlib.sha256(WEIGHTS).hexdigest())
    else:
        md5 = hashlib.md5(WEIGHTS, usedforsecurity=False).hexdigest()
        chosen = replace(MODELS[DEFAULT], md5=md5, sha256="")
    monkeypatch.setitem(MODELS, DEFAULT, chosen)
    return chosen


def put(path: Path, data: bytes = WEIGHTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("entry", WITH_WEIGHTS, ids=lambda m: m.name)
def test_address_and_checksum_are_those_of_rembg(entry: Model) -> None:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    pytest.importorskip("rembg")
    from rembg.sessions import sessions

    source = inspect.getsource(sessions[entry.name].download_models)
    assert f'"{entry.url}"' in source
    promised = f"md5:{entry.md5}" if entry.md5 else f"sha256:{entry.sha256}"
    assert f'"{promised}"' in source


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"REMBG_HOME": "r"},
        {"U2NET_HOME": "u"},
        {"XDG_DATA_HOME": "x"},
        {"REMBG_HOME": "r", "XDG_DATA_HOME": "x"},
        {"REMBG_HOME": "r", "U2NET_HOME": "u", "XDG_DATA_HOME": "x"},
    ],
    ids=lambda v: "+".join(v) or "none",
)
def test_weights_are_looked_for_where_rembg_does(
    variables: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    pytest.importorskip("rembg")
    from rembg.sessions import sessions

    for name, value in variables.items():
        monkeypatch.setenv(name, str(home / value))
    session = sessions["u2netp"]
    wanted = Path(session.model_dir(), "u2netp.onnx"), Path(session.legacy_home(), "u2netp.onnx")
    assert model("u2netp").paths == wanted
    assert model("u2netp").path is None
    old = put(wanted[1])
    assert str(model("u2netp").path) == session.resolve_existing("u2netp.onnx") == str(old)
    new = put(wanted[0])
    assert str(model("u2netp").path) == session.resolve_existing("u2netp.onnx") == str(new)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("sha256", [False, True])
def test_weights_are_trusted_only_with_the_right_checksum(
    sha256: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = small(monkeypatch, sha256=sha256)
    assert not verified(DEFAULT)
    put(chosen.paths[0])
    assert verified(DEFAULT)
    put(chosen.paths[0], WEIGHTS[:-1])  # as a download leaves it that was cut off
    with pytest.raises(DataError, match="delete it"):
        verified(DEFAULT)
    put(chosen.paths[0], WEIGHTS)
    assert verified(DEFAULT)


@pytest.mark.usefixtures("home")
def test_the_embedded_model_is_always_there() -> None:
    assert verified(OFFLINE)
    assert model(OFFLINE).path is None


def test_an_unknown_model_is_refused_with_the_names() -> None:
    with pytest.raises(HaacError, match=r"u2nett.*isnet-general-use"):
        model("u2nett")


def test_licences() -> None:
    assert [m.name for m in MODELS.values() if not m.commercial] == ["bria-rmbg"]
    assert {m.licence for m in MODELS.values()} == {"MIT", "Apache-2.0", "CC-BY-NC-4.0"}


@pytest.mark.usefixtures("home")
def test_where_both_checksums_are_known_both_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    put(MODELS[DEFAULT].paths[0])
    assert verified(DEFAULT)
    monkeypatch.setitem(MODELS, DEFAULT, replace(MODELS[DEFAULT], sha256="0" * 64))
    with pytest.raises(DataError, match="its sha256 differs"):
        verified(DEFAULT)


def test_identities_differ() -> None:
    assert len({m.identity for m in MODELS.values()}) == len(MODELS)
    assert MODELS[DEFAULT].md5 in MODELS[DEFAULT].identity


def test_doctor_tells_of_weights_missing_there_and_damaged(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = small(monkeypatch)
    assert [check.state for check in check_models(home)] == ["note"]
    put(chosen.paths[1])
    [check] = check_models(home)
    assert (check.state, DEFAULT in check.detail) == ("ok", True)
    put(chosen.paths[1], b"something else")
    assert [check.state for check in check_models(home)] == ["fail", "note"]


def test_the_table_loads_nothing_heavy() -> None:
    heavy = ("rembg", "onnxruntime", "cv2", "numba", "scipy", "skimage")
    code = f"import sys, {models.__name__}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
