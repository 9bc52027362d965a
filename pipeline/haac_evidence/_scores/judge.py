"""Networks that say what a picture shows, to score renders: one that takes no part in retrieval, if a file of one is given.

A judge is a classifier of the 1,000 classes of ImageNet in a file: ONNX with inputs of -1 to 1 (runs on onnxruntime), or TFLite (on
`ai-edge-litert`). A picture is stretched to the network's square: all of it is seen, and nothing is cropped away.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac_repo import DataError, MissingExtraError

if TYPE_CHECKING:
    from haac_similar import Embedder

Floats = npt.NDArray[np.float64]
CLASSES: Final = 1000
SURE: Final = 0.5
"""Probability from which on a judge is held to know of what kind a picture is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a judge says of a picture.

    Args:
        classes: (1000,), probabilities.
        features: (n,), what the last layer gets, of length 1; the square roots of `classes` where the file does not tell it.
    """

    classes: Floats
    features: Floats


class Looks(Protocol):
    """A judge, or what stands in its place."""

    name: str

    def __call__(self, picture: Image.Image) -> Seen:
        """Look at a picture, mode RGB."""
        ...


class Judge:
    """A classifier out of a file.

    Raises:
        DataError: the file cannot be used.
        MissingExtraError: what runs it is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        try:
            self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise DataError(f"the judge {path} cannot be read: {error.strerror}") from error
        self._run: Any = _tflite(path) if path.suffix == ".tflite" else _onnx(path)

    def __call__(self, picture: Image.Image) -> Seen:
        """Look at a picture, mode RGB."""
        classes, features = self._run(picture)
        classes = np.asarray(classes, np.float64).ravel()[
            -CLASSES:
        ]  # without a class "background" before them
        classes = np.exp(classes - classes.max())
        classes /= classes.sum()
        return seen(classes, np.sqrt(classes) if features is None else features)


class OwnJudge:
    """The network that retrieves, where no other is given: it finds like what it chose for being like."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self._embedder = embedder.network.name, embedder

    def __call__(self, picture: Image.Image) -> Seen:
        """Look at a picture, mode RGB."""
        found = self._embedder.embed([picture])
        classes = np.zeros((1, CLASSES)) if found.probabilities is None else found.probabilities
        return seen(classes[0], found.features[0])


@dataclass(frozen=True, slots=True)
class Judging:
    """Which judge looks: what another process needs to load it.

    Args:
        path: of its file; None: the network that retrieves.
        name: for people.
        sha256: of its weights.
    """

    path: Path | None
    name: str
    sha256: str


def choose_judge(path: Path | None) -> Judging:
    """The judge in a file, or the network that retrieves, once it is known that it can look.

    Raises:
        DataError: the file cannot be used; or the network's weights are damaged, or not here: nothing is fetched.
        MissingExtraError: what runs it is not installed.
    """
    if path is not None:
        judge = Judge(path)
        return Judging(path.resolve(), judge.name, judge.sha256)
    from haac_similar import Embedder

    network = Embedder().network
    return Judging(None, network.name, network.sha256)


@cache
def load_judge(judging: Judging) -> Looks:
    """The judge itself, once a process."""
    if judging.path is not None:
        return Judge(judging.path)
    from haac_similar import Embedder

    return OwnJudge(Embedder())


def kind_of(seen: Seen) -> tuple[int, float]:
    """Index and probability of the likeliest kind, a group of ImageNet's classes."""
    from haac_similar._internal import kinds_of

    kinds = kinds_of(seen.classes[None].astype(np.float32))[0]
    best = int(kinds.argmax())
    return best, float(kinds[best])


def seen(classes: Any, features: Any) -> Seen:
    """Probabilities and features, the latter brought to the length 1."""
    features = np.asarray(features, np.float64).ravel()
    return Seen(np.asarray(classes, np.float64), features / max(float(np.linalg.norm(features)), 1e-9))


def _square(picture: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC), np.uint8)


def _tflite(path: Path) -> Any:
    """Logits and pooled features. Both are tensors within the graph: a quantised softmax knows only steps of 1/256."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError(f"{path.name} needs ai-edge-litert: pip install ai-edge-litert") from error
    interpreter = Interpreter(str(path), num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    taken = interpreter.get_input_details()[0]
    tensors = [one for one in interpreter.get_tensor_details() if one["shape"].size and one["shape"][0] == 1]
    last = [one for one in tensors if one["shape"][-1] == CLASSES + 1 and one["quantization"][0] > 1 / 256]
    pooled = [one for one in tensors if one["shape"].prod() == one["shape"][-1] and "ool" in one["name"]]
    if not last or not pooled:
        raise DataError(f"{path}: no logits of {CLASSES + 1} classes, or no pooled features, in it")

    def number(tensor: dict[str, Any]) -> Floats:
        scale, zero = tensor["quantization"]
        return np.asarray((interpreter.get_tensor(tensor["index"]).astype(np.float64) - zero) * scale)

    def run(picture: Image.Image) -> tuple[Floats, Floats]:
        interpreter.set_tensor(taken["index"], _square(picture, int(taken["shape"][1]))[None])
        interpreter.invoke()
        return number(last[-1]), number(pooled[-1])

    return run


def _onnx(path: Path) -> Any:
    from haac_similar._internal import open_session

    try:
        session = open_session(path)
        taken = session.get_inputs()[0]
        side = int(taken.shape[2])
        names = [each.name for each in session.get_outputs()]
    except MissingExtraError:
        raise
    except Exception as error:  # onnxruntime raises what it likes
        raise DataError(f"{path} is no ONNX model of a classifier ({type(error).__name__})") from error
    outputs = ["logits", "features"] if {"logits", "features"} <= set(names) else None

    def run(picture: Image.Image) -> tuple[Any, Any]:
        scaled = (_square(picture, side).astype(np.float32) - 127) / 128
        made = session.run(outputs, {taken.name: scaled.transpose(2, 0, 1)[None]})
        return made[0], made[1] if len(made) > 1 else None

    return run
