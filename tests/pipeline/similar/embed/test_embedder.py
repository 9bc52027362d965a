"""The embedder: weights that are checked, a model made once, and what comes of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac_repo import DataError
from haac_similar import NETWORKS, Embedder
from haac_similar._embed import embedder
from tests.pipeline.similar.embed.networks import CLASSES, DIMENSIONS, legacy, put_in_table, tiny_weights

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny network, in the table and in place; returns its weights."""
    return put_in_table(tmp_path, monkeypatch, "tiny")


def pictures() -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 256, (h, w, 3), np.uint8)) for h, w in ((20, 30), (9, 8))]


@pytest.mark.usefixtures("tiny")
def test_a_row_each() -> None:
    found = Embedder("tiny").embed(pictures())
    assert found.features.shape == (2, DIMENSIONS)
    assert found.probabilities is not None
    assert found.probabilities.shape == (2, CLASSES)
    np.testing.assert_allclose(found.probabilities.sum(1), 1, atol=1e-5)
    alone = Embedder("tiny").embed(pictures()[1:])
    np.testing.assert_allclose(found.features[1:], alone.features, atol=1e-5)
    assert len(Embedder("tiny").embed([])) == 0


def test_the_model_is_made_once_and_again_when_damaged(tiny: Path) -> None:
    said: list[str] = []
    Embedder("tiny", say=said.append)
    Embedder("tiny", say=said.append)
    assert len(said) == 1
    made = tiny.with_name("tiny-1.onnx")
    whole = made.read_bytes()
    made.write_bytes(whole[:-1])
    Embedder("tiny", say=said.append)
    assert len(said) == 2
    assert made.read_bytes() == whole


def test_other_weights_are_refused(tiny: Path) -> None:
    tiny.write_bytes(legacy(tiny_weights(1)))
    with pytest.raises(DataError, match="is not the model tiny"):
        Embedder("tiny")


def test_without_weights_it_says_how_to_get_them(tiny: Path) -> None:
    tiny.unlink()
    with pytest.raises(DataError, match="haac models --fetch tiny"):
        Embedder("tiny")


@pytest.mark.usefixtures("tiny")
def test_the_classifier_is_that_of_the_weights() -> None:
    found = embedder.classifier(NETWORKS["tiny"])
    np.testing.assert_array_equal(found, tiny_weights()["_fc.weight"])


@pytest.mark.usefixtures("tiny")
def test_alpha_is_laid_on_grey() -> None:
    clear = Image.new("RGBA", (10, 10), (200, 30, 40, 0))
    grey = Image.new("RGB", (10, 10), (128, 128, 128))
    found = Embedder("tiny").embed([clear, grey]).features
    np.testing.assert_array_equal(found[0], found[1])
