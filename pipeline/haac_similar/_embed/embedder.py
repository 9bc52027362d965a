"""Embeddings of pictures: pooled features of a classification network, and its probabilities of classes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac_repo import DataError
from haac_repo._internal import flattened, replacing
from haac_similar._embed.build import FEATURES, LITE0, LOGITS, PICTURES, build_model
from haac_similar._embed.networks import DEFAULT_NETWORK, Network, network_named
from haac_similar._embed.weights import read_weights
from haac_similar._runtime import open_session
from haac_similar._weights.published import is_here

Floats = npt.NDArray[np.float32]
Say = Callable[[str], None]

_BUILD: Final = 1
"""In the name of a model that was made: raised when it is made differently."""
_MEAN, _DEVIATION = 127.0, 128.0
"""What EfficientNet-Lite wants its pictures to be like: (value - mean) / deviation, of values of 0 to 255."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What a network says of pictures.

    Args:
        features: (n, d) float32, as they come, not normalised.
        probabilities: (n, classes) float32, which sum to 1; None where the network knows no classes.
    """

    features: Floats
    probabilities: Floats | None

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: slice) -> Embeddings:
        probabilities = None if self.probabilities is None else self.probabilities[rows]
        return Embeddings(self.features[rows], probabilities)


class Embedder:
    """A network, loaded; one session a process and network.

    Args:
        name: of a network in the table.
        fetching: fetch the weights where they are not here.
        say: told, in one line each, of what is fetched and made.

    Raises:
        HaacError: there is no such network; or its weights are not here, and cannot be had.
        DataError: its weights are damaged.
        MissingExtraError: a package is not installed.
    """

    def __init__(
        self, name: str = DEFAULT_NETWORK, *, fetching: bool = False, say: Say = lambda _: None
    ) -> None:
        self.network = network_named(name)
        if not is_here(self.network):
            if not fetching:
                raise DataError(
                    f"the weights of {name} are not here ({self.network.megabytes:g} MB, {self.network.licence}):"
                    f" `haac index --similar`, or `haac models --fetch {name}`, gets them"
                )
            from haac_similar._weights.fetch import fetch

            said = f"Fetching the embedding network {name} ({self.network.megabytes:g} MB, {self.network.licence})"
            fetch(self.network, begin=lambda: say(said))
        path = self.network.path
        assert path is not None
        self._session = _session(made_model(self.network, path, say))

    def embed(self, pictures: Sequence[Image.Image]) -> Embeddings:
        """Embed pictures.

        Args:
            pictures: of any size, upright; alpha is laid on grey.

        Returns:
            A row each, in their order.
        """
        network = self.network
        features = np.zeros((len(pictures), network.dimensions), np.float32)
        probabilities = np.zeros((len(pictures), network.classes), np.float32)
        # One at a time: a batch of 16 is slower on a core, and what comes of a picture must not depend on its company.
        for at, picture in enumerate(pictures):
            found, logits = self._session.run(
                [FEATURES, LOGITS], {PICTURES: prepared(picture, network.side)[None]}
            )
            features[at] = found[0]
            probabilities[at] = softmax(logits)[0]
        return Embeddings(features, probabilities if network.classes else None)


def classifier(network: Network) -> Floats:
    """(classes, d) weights of a network's last layer, whose weights are in place.

    Raises:
        DataError: they are not, or cannot be read.
    """
    if not is_here(network) or network.path is None:
        raise DataError(
            f"the weights of {network.name} are not here: `haac models --fetch {network.name}` gets them"
        )
    return np.asarray(read_weights(network.path)["_fc.weight"], np.float32)


def prepared(picture: Image.Image, side: int) -> Floats:
    """A picture as EfficientNet-Lite wants it, (3, side, side): the largest square from its middle, alpha laid on grey.

    The networks were trained on a crop of 7/8 of that square; the whole of it finds as many neighbours of the right kind, and a picture
    squeezed into a square finds fewer.
    """
    square = min(picture.size)
    left, top = ((size - square) / 2 for size in picture.size)
    small = flattened(picture, (128, 128, 128)).resize(
        (side, side), Image.Resampling.BICUBIC, (left, top, left + square, top + square)
    )
    values = (np.asarray(small, np.float32) - np.float32(_MEAN)) / np.float32(_DEVIATION)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def softmax(logits: Floats) -> Floats:
    """Probabilities of (n, classes) logits."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)


def made_model(network: Network, weights: Path, say: Say = lambda _: None) -> Path:
    """The network in ONNX, made of its weights unless that was done before.

    It is kept beside the weights with its SHA-256; what was damaged since is made again.

    Raises:
        DataError: the weights are not those of the network.
        MissingExtraError: it has to be made, and `onnx` is not installed.
        OSError: it cannot be written.
    """
    target = weights.with_name(f"{weights.stem}-{_BUILD}.onnx")
    promise = target.with_suffix(".onnx.sha256")
    if _digest(target) == (promise.read_text("ascii", "replace") if promise.is_file() else "none"):
        return target
    model = build_model(read_weights(weights), LITE0, network.side)
    say(f"Made {target.name} of the weights of {network.name}, {len(model) / 1e6:.1f} MB")
    with replacing(target) as file:
        file.write(model)
    with replacing(promise) as file:
        file.write(hashlib.sha256(model).hexdigest().encode())
    return target


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _session(model: Path) -> Any:
    """The process's session of a model."""
    return open_session(model)
