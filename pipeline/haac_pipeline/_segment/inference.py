"""Inference of segmentation models through onnxruntime, with the preprocessing of rembg's sessions, equal to theirs to the last bit.

rembg itself is not imported: it brings numba, SciPy and scikit-image along, which is 1.5 s and 180 MiB in each worker (the first time, a
minute, while numba compiles), and for a mask nothing of that is used.

Pictures go in one at a time. The published graphs have a batch of exactly one; u2netp's, changed to take any, is not faster: batches
of 2, 4 and 8 took 0.99 to 1.08 times as long a picture on a CPU.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac_similar._internal import load_runtime as load_runtime
from haac_similar._internal import open_session

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


@cache
def _session(model: Model) -> Any:
    """The process's session of a model, whose weights are in place."""
    assert model.path is not None
    return open_session(model.path)
