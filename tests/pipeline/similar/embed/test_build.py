"""The model that is built computes what its weights say: compared with convolutions in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from haac_repo import DataError
from haac_similar._embed.build import FEATURES, LOGITS, PICTURES, Stage, build_model
from haac_similar._internal import open_session
from tests.pipeline.similar.embed.networks import SIDE, Arrays, tiny_weights

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

STAGES = (Stage(1, 2), Stage(1, 1))
Floats = npt.NDArray[Any]


def convolved(at: Floats, weight: Floats, stride: int, *, each: bool = False) -> Floats:
    """(channels, h, w) under TensorFlow's "same" padding."""
    size, kernel = at.shape[1], weight.shape[-1]
    after = -(-size // stride)
    missing = max(0, (after - 1) * stride + kernel - size)
    at = np.pad(at, ((0, 0), *[(missing // 2, missing - missing // 2)] * 2))
    out = np.zeros((len(weight), after, after))
    for y in range(after):
        for x in range(after):
            window = at[:, y * stride : y * stride + kernel, x * stride : x * stride + kernel]
            out[:, y, x] = (window * weight[:, 0]).sum((1, 2)) if each else (weight * window).sum((1, 2, 3))
    return out


def expected(weights: Arrays, picture: Floats) -> tuple[Floats, Floats]:
    w = {name: values.astype(np.float64) for name, values in weights.items()}

    def norm(at: Floats, name: str) -> Floats:
        mean, variance, gamma, beta = (
            w[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (at - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    at = np.clip(norm(convolved(picture, w["_conv_stem.weight"], 2), "_bn0"), 0, 6)
    at = np.clip(
        norm(convolved(at, w["_blocks.0._depthwise_conv.weight"], 2, each=True), "_blocks.0._bn1"), 0, 6
    )
    begin = at = norm(convolved(at, w["_blocks.0._project_conv.weight"], 1), "_blocks.0._bn2")
    at = np.clip(norm(convolved(at, w["_blocks.1._expand_conv.weight"], 1), "_blocks.1._bn0"), 0, 6)
    at = np.clip(
        norm(convolved(at, w["_blocks.1._depthwise_conv.weight"], 1, each=True), "_blocks.1._bn1"), 0, 6
    )
    at = norm(convolved(at, w["_blocks.1._project_conv.weight"], 1), "_blocks.1._bn2") + begin
    at = np.clip(norm(convolved(at, w["_conv_head.weight"], 1), "_bn1"), 0, 6)
    features = at.mean((1, 2))
    return features, w["_fc.weight"] @ features + w["_fc.bias"]


def test_it_computes_what_the_weights_say() -> None:
    weights = tiny_weights()
    pictures = np.random.default_rng(1).normal(0, 1, (3, 3, SIDE, SIDE)).astype(np.float32)
    session = open_session(build_model(weights, STAGES, SIDE))
    features, logits = session.run([FEATURES, LOGITS], {PICTURES: pictures})
    for at, picture in enumerate(pictures):
        wanted = expected(weights, picture)
        np.testing.assert_allclose(features[at], wanted[0], atol=1e-4)
        np.testing.assert_allclose(logits[at], wanted[1], atol=1e-4)


def test_the_same_weights_make_the_same_bytes() -> None:
    assert build_model(tiny_weights(), STAGES, SIDE) == build_model(tiny_weights(), STAGES, SIDE)


def test_weights_of_another_network_are_refused() -> None:
    weights = tiny_weights()
    del weights["_blocks.1._project_conv.weight"]
    with pytest.raises(DataError, match="not of this network"):
        build_model(weights, STAGES, SIDE)
