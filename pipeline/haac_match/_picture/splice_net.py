"""Splice localisation: a small U-Net sees the edges in a photograph that no lens made.

A U-Net of 200,000 weights (O. Ronneberger, P. Fischer, T. Brox, "U-Net: convolutional networks for biomedical image segmentation",
2015), trained by `scripts/train/splice_net.py` on photographs on which cut-outs were pasted.
"""

from __future__ import annotations

from importlib.resources import files

import cv2
import numpy as np

from haac_match._picture.arrays import Bytes, Floats

_STEP = 32
"""The sides of what the network gets are multiples of this."""


def splice_likelihood(target: Bytes) -> Floats:
    """Probability that a pixel shows something pasted on the photograph: the mean for the picture and its mirror image.

    Args:
        target: (height, width, 3), RGB.

    Returns:
        (height, width), 0 to 1.
    """
    height, width = target.shape[:2]
    tall, wide = -(-height // _STEP) * _STEP, -(-width // _STEP) * _STEP
    whole = cv2.copyMakeBorder(target, 0, tall - height, 0, wide - width, cv2.BORDER_REPLICATE)
    net = cv2.dnn.readNetFromONNX(
        np.frombuffer((files("haac_match._picture") / "splice_net.onnx").read_bytes(), np.uint8)
    )
    made = np.zeros((tall // 2, wide // 2), np.float32)
    for mirror in (1, -1):
        # Four pixels become the channels of one.
        halves = whole[:, ::mirror, ::-1].reshape(tall // 2, 2, wide // 2, 2, 3).transpose(1, 3, 4, 0, 2)
        net.setInput(halves.reshape(1, 12, tall // 2, wide // 2).astype(np.float32) / np.float32(127.5) - 1)
        made += 0.5 / (1 + np.exp(-net.forward()[0, 0, :, ::mirror]))
    return np.asarray(cv2.resize(made, (wide, tall))[:height, :width], np.float32)
