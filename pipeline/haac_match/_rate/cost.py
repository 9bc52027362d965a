"""What a scene costs: distortion under a byte budget, else the Lagrangian D + lambda * R."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from haac import ElementCache, Layer, Scene, render, to_binary
from haac._internal import NO_ELEMENTS, Background
from haac_match._options import Monitor, Options, Subject
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_match._thresholds.rate import RATE
from haac_repo._internal import flattened

_STRIP = 256
"""Rows that are compared at a time, so that large pictures take little memory."""

BACKDROP = (127, 127, 127)
"""What a picture with transparent places is put on while it is compared."""

Where = Callable[[], Subject | None]
"""Finds the subject of a picture, if anything can."""


def on_backdrop(picture: Image.Image) -> Image.Image:
    """RGB of an RGBA picture, transparent places in one colour."""
    return flattened(picture, BACKDROP)


def _comparable(picture: Image.Image) -> Bytes:
    """(height, width, 4): colours on a backdrop, and alpha."""
    alpha = picture.getchannel("A")
    if alpha.getextrema() != (255, 255):
        picture = on_backdrop(picture)
        picture.putalpha(alpha)
    return np.asarray(picture)


def same(a: Image.Image, b: Image.Image) -> bool:
    """Whether two RGBA pictures show the same: colours count only where any alpha is."""
    first, second = np.asarray(a), np.asarray(b)
    shown = first[:, :, 3] > 0
    return bool(
        np.array_equal(first[:, :, 3], second[:, :, 3]) and np.array_equal(first[shown], second[shown])
    )


class Cost:
    """The objective: bytes that a scene takes against the squared error that it leaves, drawn by the renderer itself.

    Args:
        picture: RGB or RGBA, what they are compared with.
        source: gives the elements.
        options: what is wanted.
        where: asked for the subject when bytes are to be shared out.
        monitor: is told how far it is, and may end it early.

    Attributes:
        price: squared error that a byte must take away (lambda). Where a wash is made, what the last of its bytes do.
    """

    def __init__(
        self,
        picture: Image.Image,
        source: ElementCache,
        options: Options,
        where: Where,
        monitor: Monitor | None = None,
    ) -> None:
        self.picture = picture.convert("RGBA")
        self._source, self.options, self._where = source, options, where
        self.monitor = monitor or Monitor()
        self._target = _comparable(self.picture)
        self.weights: Floats | None = None
        self.subject: Subject | None = None
        self.price = RATE.price
        self._costs: dict[tuple[Background, tuple[Layer, ...]], tuple[int, float]] = {}

    def drawn(self, scene: Scene) -> Image.Image:
        """The scene, rendered: RGBA."""
        return render(scene, self._source)

    def error(self, scene: Scene) -> float:
        """Sum of squared errors over pixels and channels; those on the subject count more if that is to decide."""
        return self.error_of(self.drawn(scene))

    @property
    def wanted(self) -> Bytes:
        """(height, width, 4): the picture, as `shown` shows others."""
        return self._target

    def shown(self, made: Image.Image) -> Bytes:
        """(height, width, 4): RGBA pixels with transparent places in one colour, and alpha."""
        return _comparable(made)

    def covered(self, scene: Scene) -> Bools:
        """(height, width): where the layers of a scene stand."""
        if not scene.layers:
            return np.zeros(self._target.shape[:2], bool)
        return np.asarray(self.drawn(replace(scene, background=None)).getchannel("A")) > 0

    def error_of(self, made: Image.Image) -> float:
        """The same of RGBA pixels."""
        pixels, total = _comparable(made), 0.0
        weights = self.weights if self.options.weigh_choice else None
        for top in range(0, len(pixels), _STRIP):
            rows = slice(top, top + _STRIP)
            squared = np.square(pixels[rows].astype(np.int32) - self._target[rows]).sum(axis=2)
            total += float(squared.sum() if weights is None else (squared * weights[rows]).sum())
        return total

    def part(self, place: tuple[int, int], size: tuple[int, int]) -> Cost:
        """The cost of a part of the picture, in which no element stands.

        Args:
            place: its top left corner.
            size: width and height.
        """
        box = (*place, place[0] + size[0], place[1] + size[1])
        part = Cost(self.picture.crop(box), ElementCache(NO_ELEMENTS), self.options, lambda: None)
        if self.weights is not None:
            part.weights = self.weights[box[1] : box[3], box[0] : box[2]]
        return part

    def largest_difference(self, scene: Scene) -> Bytes:
        """(height, width): the largest difference of a channel."""
        drawn = _comparable(self.drawn(scene))
        differences = np.maximum(drawn, self._target) - np.minimum(drawn, self._target)
        return np.asarray(differences.max(axis=2))

    def cost(self, scene: Scene) -> float:
        """What is to be minimised: distortion under a byte budget (infinite beyond it), else the Lagrangian D + lambda * R."""
        key = scene.background, tuple(scene.layers)
        if key not in self._costs:  # much of it is the arithmetic of large washes
            self._costs[key] = len(to_binary(scene)), self.error(scene)
        size, error = self._costs[key]
        budget = self.options.budget
        if budget is None:
            return error + self.price * size
        return error if size <= budget else float("inf")

    def weight_subject(self) -> None:
        """From now on errors count more where the subject is, if that is wanted."""
        options = self.options
        if options.subject_weight == 1 and not options.cut_subject:
            return
        self.subject = self._where()
        if self.subject is not None:
            share = self.subject.mask.astype(np.float32) / np.float32(255)
            self.weights = 1 + np.float32(options.subject_weight - 1) * share


def layer_bytes(scene: Scene) -> int:
    """Bytes of the layers of a scene alone."""
    return len(to_binary(replace(scene, background=None)))
