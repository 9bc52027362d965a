"""The layer stack, with its composite cached, drawn exactly as the renderer does; un-blending of translucent layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from haac import Layer
from haac._internal import draw
from haac_match._picture.arrays import Bools, Box, Bytes, overlap
from haac_match._thresholds.picture import PICTURE


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer, drawn.

    Args:
        layer: how it stands.
        pixels: RGBA, what of it is on the canvas.
        box: where.
        original: the same before the picture was rescaled; None if it was not.
    """

    layer: Layer
    pixels: Image.Image
    box: Box
    original: Placed | None = None

    @property
    def drawn(self) -> Placed:
        """As the renderer draws it."""
        return self.original or self


Placement = tuple[float, int, Placed]
"""An error, and which layer at which place of the stack leaves it."""


def place(layer: Layer, image: Image.Image, size: tuple[int, int]) -> Placed | None:
    """Draw a layer; None if it is wholly off the canvas."""
    drawn = draw(layer, image, size)
    if drawn is None:
        return None
    pixels, (x, y) = drawn
    return Placed(layer, pixels, (x, y, x + pixels.width, y + pixels.height))


class Canvas:
    """A picture and the layer stack that explains it, with the composite of the stack.

    Args:
        target: (height, width, 3).
        background: RGBA, of the same size.

    Attributes:
        size: width and height of the picture, pixels.
        area: width and height of the canvas that layers are placed on.
        factor: pixels of that to one of the picture, across and down.
        slack: levels by which what is right may be off.
        layers: the stack, from the back.
        version: grows with each change of the stack.
        current: (height, width, 3), the stack on the background.
    """

    def __init__(self, target: Bytes, background: Image.Image) -> None:
        self.target = target
        self.size = self.area = background.size
        self.factor = 1.0, 1.0
        self.slack = 0
        self.background = background
        self.layers: list[Placed] = []
        self.version = 0
        self.current = np.array(background.convert("RGB"))

    def compose(self, box: Box, layers: list[Placed]) -> Image.Image:
        """RGB of a box with the background and these layers."""
        return self.resized(self.drawn(box, layers).convert("RGB"), box)

    def frame(self, box: Box) -> Box:
        """The box of the canvas that layers are placed on which a box of the picture comes from."""
        return box

    def drawn(self, box: Box, layers: list[Placed]) -> Image.Image:
        """RGBA of the frame of a box with the background and these layers."""
        out = self.background.crop(box)
        for placed in layers:
            composite(out, box, placed)
        return out

    def resized(self, made: Image.Image, box: Box) -> Image.Image:  # noqa: ARG002 (of one that rescales)
        """A box of the picture, from what was drawn in its frame."""
        return made

    def scaled(self, placed: Placed) -> Placed | None:
        """A layer that was drawn in its frame, as it is in the picture; None if it is not in it."""
        return placed

    def under(self, z: int, box: Box) -> Bytes:
        """(height, width, 3): background and layers below place z."""
        if z >= len(self.layers):
            left, top, right, bottom = box
            return self.current[top:bottom, left:right].copy()
        if not any(overlap(placed.box, box) for placed in self.layers[:z]):
            return np.asarray(self.background.crop(box).convert("RGB"))
        return np.asarray(self.compose(box, self.layers[:z]))

    def hidden(self, z: int, box: Box) -> Bools:
        """(height, width): where layers from z on show anything."""
        return self._where(self.layers[z:], box, 1)

    def unblended(self, z: int, box: Box) -> tuple[Bytes, Bools]:
        """Un-blend the layers from z on: (target - alpha * colour) / (1 - alpha).

        Returns:
            The picture without them, (height, width, 3), and where they let too little through to tell, (height, width).
        """
        left, top, right, bottom = box
        target = self.target[top:bottom, left:right]
        above = [placed for placed in self.layers[z:] if overlap(placed.box, box) is not None]
        if not above:
            return target, np.zeros(target.shape[:2], bool)
        veil = self.veil(z, box)
        alpha = veil[:, :, 3:].astype(np.float32) / np.float32(255)
        clear = np.maximum(1 - alpha, np.float32(1 - PICTURE.dense / 255))
        own = (target - alpha * veil[:, :, :3]) / clear
        return np.clip(np.round(own), 0, 255).astype(np.uint8), veil[:, :, 3] >= PICTURE.dense

    def veil(self, z: int, box: Box) -> Bytes:
        """(height, width, 4): the layers from z on, composed on a transparent canvas."""
        out = Image.new("RGBA", (box[2] - box[0], box[3] - box[1]))
        for placed in self.layers[z:]:
            composite(out, box, placed)
        return np.asarray(out)

    def covered(self, z: int, box: Box) -> Bools:
        """(height, width): where a layer below z hides all that is behind it."""
        return self._where(self.layers[:z], box, 255)

    def _where(self, layers: list[Placed], box: Box, least: int) -> Bools:
        """Where one of some layers has at least this alpha."""
        out = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
        for placed in layers:
            common = overlap(placed.box, box)
            if common is None:
                continue
            x, y = common[0] - placed.box[0], common[1] - placed.box[1]
            part = placed.pixels.getchannel("A").crop(
                (x, y, x + common[2] - common[0], y + common[3] - common[1])
            )
            out[common[1] - box[1] : common[3] - box[1], common[0] - box[0] : common[2] - box[0]] |= (
                np.asarray(part) >= least
            )
        return out

    def insert(self, z: int, placed: Placed) -> None:
        """Put a layer at place z, counted from the back."""
        self.layers.insert(z, placed)
        self.refresh(placed.box)

    def remove(self, z: int) -> Placed:
        """Take the layer z away."""
        placed = self.layers.pop(z)
        self.refresh(placed.box)
        return placed

    def neighbouring_places(self, placed: Placed) -> set[int]:
        """Places in the stack just above or below layers that share pixels with one."""
        near = [z for z, other in enumerate(self.layers) if overlap(other.box, placed.box)]
        return {place for z in near for place in (z, z + 1)}

    def best_placement(
        self, options: list[Placed], places: Iterable[int], error: Callable[[], float], best: Placement
    ) -> Placement:
        """Where in the stack which of some layers leaves the least error.

        Args:
            options: layers that are not in the stack.
            places: counted from the back.
            error: of the stack as it then is.
            best: what is to be beaten; kept where nothing does.
        """
        for z in sorted(places):
            for option in options:
                self.insert(z, option)
                if (left := error()) < best[0]:
                    best = left, z, option
                self.remove(z)
        return best

    def refresh(self, box: Box) -> None:
        """Compose a box anew after a change of the stack or the background."""
        self.version += 1
        left, top, right, bottom = box
        self.current[top:bottom, left:right] = np.asarray(self.compose(box, self.layers))


def composite(out: Image.Image, box: Box, placed: Placed) -> None:
    """Alpha-composite a layer on a picture of a box, in place."""
    common = overlap(placed.box, box)
    if common is None:
        return
    x, y = common[0] - placed.box[0], common[1] - placed.box[1]
    out.alpha_composite(
        placed.pixels,
        (common[0] - box[0], common[1] - box[1]),
        (x, y, x + common[2] - common[0], y + common[3] - common[1]),
    )
