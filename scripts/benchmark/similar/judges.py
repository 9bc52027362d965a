"""Networks that say what a picture shows, to score renders: none takes part in retrieval.

A judge is a classifier of the 1,000 classes of ImageNet in a file: TFLite (runs on `ai-edge-litert`; dependency group
`similar-bench`), or ONNX with inputs of -1 to 1 (`scripts/benchmark/similar/lite2_onnx.py` makes one).

A picture is stretched to the network's square: all of it is seen, and nothing is cropped away.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.benchmark.similar.kinds import CLASSES, of_classes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a judge says of a picture."""

    classes: Floats
    """(1000,), probabilities."""
    features: Floats
    """(n,), what the last layer gets, of length 1; the square roots of `classes` where the file does not tell it."""

    @property
    def kinds(self) -> Floats:
        """(kinds,), probabilities; the rest to 1 belongs to no kind."""
        return of_classes(self.classes)


class Judge:
    """A classifier out of a file."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self._run: Any = _tflite(path) if path.suffix == ".tflite" else _onnx(path)

    def __call__(self, picture: Image.Image) -> Seen:
        """Look at a picture, mode RGB."""
        classes, features = self._run(picture)
        classes = np.asarray(classes, np.float64).ravel()[
            -CLASSES:
        ]  # without a class "background" before them
        classes = np.exp(classes - classes.max())
        classes /= classes.sum()
        if features is None:
            features = np.sqrt(classes)
        features = np.asarray(features, np.float64).ravel()
        return Seen(classes, features / max(float(np.linalg.norm(features)), 1e-9))


def _square(picture: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC), np.uint8)


def _tflite(path: Path) -> Any:
    """Logits and pooled features. Both are tensors within the graph: a quantised softmax knows only steps of 1/256."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    taken = interpreter.get_input_details()[0]
    tensors = [one for one in interpreter.get_tensor_details() if one["shape"].size and one["shape"][0] == 1]
    last = [one for one in tensors if one["shape"][-1] == CLASSES + 1 and one["quantization"][0] > 1 / 256]
    pooled = [one for one in tensors if one["shape"].prod() == one["shape"][-1] and "ool" in one["name"]]
    if not last or not pooled:
        raise ValueError(f"{path}: no logits of {CLASSES + 1} classes, or no pooled features, in it")

    def number(tensor: dict[str, Any]) -> Floats:
        scale, zero = tensor["quantization"]
        return np.asarray((interpreter.get_tensor(tensor["index"]).astype(np.float64) - zero) * scale)

    def run(picture: Image.Image) -> tuple[Floats, Floats]:
        interpreter.set_tensor(taken["index"], _square(picture, int(taken["shape"][1]))[None])
        interpreter.invoke()
        return number(last[-1]), number(pooled[-1])

    return run


def _onnx(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0]

    def run(picture: Image.Image) -> tuple[Any, Any]:
        scaled = (_square(picture, int(taken.shape[2])).astype(np.float32) - 127) / 128
        made = session.run(None, {taken.name: scaled.transpose(2, 0, 1)[None]})
        return made[0], made[1] if len(made) > 1 else None

    return run
