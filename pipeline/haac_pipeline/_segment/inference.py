"""Inference of segmentation models through onnxruntime, with the preprocessing of rembg's sessions, equal to theirs to the last bit.

rembg itself is not imported: it brings numba, SciPy and scikit-image along, which is 1.5 s and 180 MiB in each worker (the first time, a
minute, while numba compiles), and for a mask nothing of that is used.

Pictures go in one at a time. The published graphs have a batch of exactly one; u2netp's, changed to take any, is not faster: batches
of 2, 4 and 8 took 0.99 to 1.08 times as long a picture on a CPU.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac_pipeline._parallel import numeric_threads
from haac_repo import MissingExtraError

if TYPE_CHECKING:
    from haac_pipeline._segment.models import Model, Normalisation


def predicted_mask(picture: Image.Image, model: Model) -> Image.Image:
    """Segment the salient object of a picture.

    Args:
        picture: Mode RGB, upright.
        model: One with weights, which are in place.

    Returns:
        Mode L, same size: 255 where the model is surest of all in this picture, 0 where it is least sure.
    """
    session = _session(model)
    wanted = session.get_inputs()[0].name
    # What comes out first is the mask; the others are coarser ones, that training looked at.
    found = session.run([session.get_outputs()[0].name], {wanted: _normalised(picture, model.wants)})[0][0, 0]
    if model.wants.logits:
        found = 1 / (1 + np.exp(-found))
    low, high = found.min(), found.max()
    if low == high:
        return Image.new("L", picture.size)
    levels = ((found - low) / (high - low) * 255).astype(np.uint8)
    return Image.fromarray(levels).resize(picture.size, Image.Resampling.LANCZOS)


def _normalised(picture: Image.Image, wants: Normalisation) -> npt.NDArray[np.float32]:
    """The network's input, (1, 3, side, side)."""
    small = np.asarray(picture.resize((wants.side, wants.side), Image.Resampling.LANCZOS))
    # rembg computes each pixel in float64; there are only 256 values.
    shares = np.arange(256)[:, None] / max(int(small.max()), 1)
    values = ((shares - np.array(wants.mean)) / np.array(wants.deviation)).astype(np.float32)
    return np.stack([values[small[:, :, channel], channel] for channel in range(3)])[None]


def load_runtime() -> Any:
    """Import onnxruntime.

    Raises:
        MissingExtraError: it cannot be loaded.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            f"onnxruntime cannot be loaded ({error}): pip install 'haac[ingest]'"
        ) from None
    return onnxruntime


@cache
def _session(model: Model) -> Any:
    """The process's session of a model."""
    runtime = load_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = numeric_threads()
    options.inter_op_num_threads = (
        1  # these networks are one chain: operators have nothing to do side by side
    )
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    # The plan of one run's memory that it makes for the next runs is used beside what that run took: u2netp peaks at 540 MiB with
    # it and at 346 without, in the same time.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return runtime.InferenceSession(str(model.path), sess_options=options, providers=_providers(runtime))


def _providers(runtime: Any) -> list[str]:
    there = runtime.get_available_providers()
    wanted = ("CUDAExecutionProvider", "ROCMExecutionProvider", "CPUExecutionProvider")
    return [name for name in wanted if name in there]
