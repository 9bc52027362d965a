"""What no element explains, carried along as it looks: as inline WebP, in parts, whole, or as a wash; whatever is smallest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image

from haac import LIMITS, Inline, Layer, Scene, to_binary
from haac_match._picture.arrays import Floats
from haac_match._rate import webp
from haac_match._rate.cost import Cost
from haac_match._rate.filled import beneath, whole_within
from haac_match._rate.split import COLOURS, Part, Split, coloured
from haac_match._rate.visible import CELL, Hidden, good
from haac_match._rate.wash import on_wash

_WASHES = (55, 75)
"""Qualities of a wash that are tried..."""
_SMOOTH = 0.05
"""...where WebP takes at most so many bits a pixel..."""
_SMALL = 4000
"""...and so many bytes: beyond, no wash looks as good."""
_DENSE = 0.05
"""Bytes a pixel of what is drawn beyond which WebP with loss is tried for it."""
_SPARE = 4096
"""Bytes that the rest of a recipe may take where the picture takes all that inline elements may."""


def carried(cost: Cost, scene: Scene) -> Scene:
    """The scene with all that is visible in the picture: the smallest one that looks as good; the best there is where none does.

    Args:
        cost: knows the picture.
        scene: layers that were found, on the background that was found.
    """
    return _Carrier(cost, scene).best()


class _Carrier:
    def __init__(self, cost: Cost, scene: Scene) -> None:
        self._cost, self._scene = cost, scene
        self._covered = cost.covered(scene)
        self._drawn = cost.drawn(scene)
        self._split = Split(cost.picture, cost.wanted, cost.shown(self._drawn), self._covered)

    def best(self) -> Scene:
        if not self._split.cells.any():
            return self._scene
        self._cost.monitor.progress("carrying along what no element explains", len(self._scene.layers))
        self._hidden = Hidden(self._cost.wanted)
        found = list(self._candidates())
        if found:
            return min(found, key=_size)
        rest = whole_within(self._cost, self._scene.layers, LIMITS.inline_bytes - _SPARE)
        return min([self._scene, *rest], key=self._cost.error)

    def _candidates(self) -> Iterator[Scene]:
        split = self._split
        parts = split.taken_parts()
        drawn = split.drawn_part()
        best = None if parts is None else self._with_parts(drawn, parts)
        if best is not None:
            yield best
        if best is None or (self._dense(drawn, best) and not self._cost.monitor.stop()):
            whole = self._whole()
            if whole is not None:
                yield whole
            best = min(filter(None, (best, whole)), key=_size, default=None)
        if best is None and (everything := split.drawn_part(all_=True)) is not None:
            best = self._taken([everything])
            if best is not None:
                yield best
        if best is not None and not self._cost.monitor.stop():
            yield from self._washes(_size(best))

    def _dense(self, part: Part | None, scene: Scene) -> bool:
        """Whether what is drawn takes so many bytes that loss may be better for it."""
        if part is None:
            return False
        sent = next(
            (
                layer.element
                for layer in scene.layers[len(self._scene.layers) :]
                if isinstance(layer.element, Inline)
            ),
            None,
        )
        if sent is None:
            return False
        shown = self._split.drawn_pixels
        return len(sent.data) > _DENSE * shown

    def _with(self, layers: list[Layer], scene: Scene | None = None) -> Scene | None:
        """The scene with more layers on top; None if a recipe cannot hold them."""
        scene = scene or self._scene
        own = [layer.element for layer in layers if isinstance(layer.element, Inline)]
        total = sum(len(inline.data) for inline in {*own, *scene.inlines()})
        if len(scene.layers) + len(layers) > LIMITS.layers or total > LIMITS.inline_bytes:
            return None
        return replace(scene, layers=[*scene.layers, *layers])

    # In parts

    def _with_parts(self, drawn: Part | None, taken: list[Part]) -> Scene | None:
        """What is drawn without loss, what is taken with as much as nobody notices."""
        layers: list[Layer] = []
        if drawn is not None:
            few = self._few_colours(drawn)
            if few is None:
                return None
            layers.append(few)
        scene = self._with(layers)
        return self._taken(taken, scene) if taken and scene is not None else scene

    def _few_colours(self, part: Part) -> Layer | None:
        """A drawn part in as few colours as look the same."""
        exact = webp.lossless(part.image)
        found = [] if exact is None else [exact]
        low, high = 0, len(COLOURS)
        while low < high:
            middle = (low + high) // 2
            image = coloured(part, COLOURS[middle])
            if good(self._errors(part, image), strict=True):
                low = middle + 1
                if (inline := webp.lossless(image)) is not None:
                    found.append(inline)
            else:
                high = middle
        best = min(found, key=lambda inline: len(inline.data), default=None)
        return None if best is None else part.layer(best)

    def _taken(self, parts: list[Part], scene: Scene | None = None) -> Scene | None:
        """Parts with loss, at the least quality that looks as good."""
        images = [webp.sharpened(part.image) for part in parts]

        def encode(quality: float, method: int = 4) -> webp.Pieces | None:
            made = [webp.lossy(image, quality, method=method) for image in images]
            pieces = [inline for inline in made if inline is not None]
            return pieces if len(pieces) == len(made) else None

        def fine(pieces: webp.Pieces) -> bool:
            errors = [self._errors(part, inline.image()) for part, inline in zip(parts, pieces, strict=True)]
            return good(np.concatenate(errors), strict=False)

        found = webp.least_quality(encode, fine)
        if found is None:
            return None
        pieces = encode(found[0], 6) or found[1]
        return self._with([part.layer(inline) for part, inline in zip(parts, pieces, strict=True)], scene)

    def _errors(self, part: Part, image: Image.Image) -> Floats:
        """Of the visible cells of a part, their errors if it is shown by this image on the scene."""
        left, top, right, bottom = part.box
        made = self._drawn.crop(part.box)
        made.alpha_composite(image.convert("RGBA"))
        pixels = self._cost.shown(made)
        if part.image.mode == "RGBA":  # what is beside it in its cells is for others to bring
            mask = np.asarray(part.image.getchannel("A"))[..., None] > 0
            pixels = np.where(mask, pixels, self._cost.wanted[top:bottom, left:right])
        found = self._hidden.errors(pixels, part.box)
        down, across = top // CELL, left // CELL
        where = self._split.cells[down : down + found.shape[0], across : across + found.shape[1]]
        return found[where]

    # As a whole

    def _whole(self) -> Scene | None:
        """The whole picture with loss, beneath the layers."""
        cost, size = self._cost, self._cost.picture.size
        if size[0] * size[1] > LIMITS.inline_pixels:
            return None
        image = webp.sharpened(beneath(cost.picture, self._covered))
        encode = partial(_one, image)

        def scene_of(pieces: webp.Pieces) -> Scene | None:
            return self._with(
                [], replace(self._scene, background=None, layers=[Layer(pieces[0]), *self._scene.layers])
            )

        def fine(pieces: webp.Pieces) -> bool:
            scene = scene_of(pieces)
            return scene is not None and self._looks_good(scene)

        found = webp.least_quality(encode, fine)
        if found is None:
            return None
        return scene_of(_one(image, found[0], 6) or found[1])

    def _washes(self, most: int) -> Iterator[Scene]:
        """The layers on a wash that looks as good, if that takes fewer bytes."""
        pixels = self._cost.picture.width * self._cost.picture.height
        if most > _SMALL or 8 * most > _SMOOTH * pixels:
            return
        for quality in _WASHES:
            scene = on_wash(self._cost, self._scene, None, quality)
            if scene is None or _size(scene) >= most:
                return
            if self._looks_good(scene):
                yield scene
                return

    def _looks_good(self, scene: Scene) -> bool:
        made = self._cost.shown(self._cost.drawn(scene))
        errors = self._hidden.errors(made, (0, 0, scene.width, scene.height))
        return good(errors[self._split.cells], strict=False)


def _size(scene: Scene) -> int:
    """Bytes."""
    return len(to_binary(scene))


def _one(image: Image.Image, quality: float, method: int = 4) -> webp.Pieces | None:
    inline = webp.lossy(image, quality, method=method)
    return None if inline is None else [inline]
