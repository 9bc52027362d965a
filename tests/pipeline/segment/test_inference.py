"""Masks are those of rembg, to the last bit, without importing it; one onnxruntime session a process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from haac_pipeline._segment import inference
from haac_pipeline._segment.inference import load_runtime, predicted_mask
from haac_pipeline._segment.models import DEFAULT, MODELS, SMALL, Model
from haac_pipeline._segment.session import mask
from haac_repo import MissingExtraError
from tests.pipeline.segment.networks import mean_of_channels

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
WITH_WEIGHTS = [model for model in MODELS.values() if model.file]


class Tensor(NamedTuple):
    """What onnxruntime tells of an input or output."""

    name: str


class Network:
    """In the place of onnxruntime's session: mixes the channels, so that any difference of what goes in comes out."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def get_inputs(self) -> list[Tensor]:
        return [Tensor("picture")]

    def get_outputs(self) -> list[Tensor]:
        return [Tensor("mask"), Tensor("coarser")]

    def run(self, _names: list[str] | None, inputs: dict[str, Any]) -> list[Any]:
        given = inputs["picture"]
        assert given.dtype == np.float32
        self.shapes.append(given.shape)
        return [np.einsum("nchw,c->nhw", given, np.array([3, -5, 7], np.float32))[:, None]]


def picture(width: int = 90, height: int = 70, *, brightest: int = 255) -> Image.Image:
    rng = np.random.default_rng(5)
    small = Image.fromarray(rng.integers(0, brightest + 1, (9, 12, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("model", WITH_WEIGHTS, ids=lambda model: model.name)
def test_masks_are_those_of_rembg(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rembg")
    from rembg.sessions import sessions

    network = Network()
    theirs = object.__new__(sessions[model.name])
    theirs.inner_session = network
    monkeypatch.setattr(inference, "_session", lambda _model: network)
    for given in (picture(), picture(64, 200, brightest=90), picture(400, 30)):
        [expected] = theirs.predict(given)
        assert np.array_equal(np.asarray(predicted_mask(given, model)), np.asarray(expected))
    assert set(network.shapes) == {(1, 3, model.wants.side, model.wants.side)}


def test_where_the_network_sees_nothing_the_mask_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """rembg divides by zero there."""
    network = Network()
    monkeypatch.setattr(network, "run", lambda _names, _inputs: [np.full((1, 1, 320, 320), 0.3, np.float32)])
    monkeypatch.setattr(inference, "_session", lambda _model: network)
    assert mask(picture(), DEFAULT).getextrema() == (0, 0)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The small model, with a network of 112 bytes."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    made = replace(MODELS[SMALL], md5="", sha256="")
    monkeypatch.setitem(MODELS, SMALL, made)
    made.paths[1].write_bytes(mean_of_channels())
    inference._session.cache_clear()
    return made


def test_onnxruntime_runs_a_model_in_one_session_with_the_workers_threads(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    half = Image.new("RGB", (60, 40), "black")
    half.paste("white", (0, 0, 30, 40))
    found = np.asarray(mask(half, SMALL))
    assert found.shape == (40, 60)
    assert found[:, :25].min() > 245
    assert found[:, 35:].max() < 10
    session = inference._session(tiny)
    assert inference._session(tiny) is session
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    inference._session.cache_clear()


def test_a_mask_needs_no_rembg(tiny: Model, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    program = (
        "import sys\nfrom dataclasses import replace\nfrom PIL import Image\n"
        "from haac_pipeline._segment.models import MODELS\nfrom haac_pipeline._segment.session import mask\n"
        f"MODELS[{tiny.name!r}] = replace(MODELS[{tiny.name!r}], md5='', sha256='')\n"
        f"assert mask(Image.linear_gradient('L').convert('RGB'), {tiny.name!r}).getextrema() != (0, 0)\n"
        "print({'rembg', 'numba', 'scipy', 'skimage', 'pymatting'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "U2NET_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


def test_a_runtime_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"onnxruntime cannot be loaded.*haac\[ingest\]"):
        load_runtime()
