"""A tree of layers to flat ones, as a recipe can say them: groups dissolved, blend modes baked into colours, opacity in whole per cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from haac_layers._document import NORMAL, PASS_THROUGH, Box, Document, Group, Raster, around
from haac_layers._flatten.blend import BLENDS, blended
from haac_layers._flatten.profile import srgb
from haac_layers._limits import Budget
from haac_repo._internal import bands


@dataclass(frozen=True, slots=True)
class Flat:
    """A layer that a recipe can say."""

    name: str
    image: Image.Image
    """RGBA, straight alpha; 0,0,0 under alpha 0."""
    x: int
    y: int
    opacity: int
    """Per cent."""

    @property
    def box(self) -> Box:
        """On the canvas."""
        return self.x, self.y, self.x + self.image.width, self.y + self.image.height


@dataclass(frozen=True, slots=True)
class Baked:
    """What a recipe cannot say, and what became of it."""

    layer: str
    what: str
    why: str


@dataclass(slots=True)
class Flattened:
    """The flat layers of a document."""

    layers: list[Flat]
    """Back to front."""
    hidden: list[Flat]
    """Those that do not show, for the repository alone."""
    baked: list[Baked] = field(default_factory=list)


def flatten(document: Document, *, one: bool = False) -> Flattened:
    """Dissolve a document into flat layers that show the same picture.

    Args:
        document: as a reader gives it.
        one: merge all of them into one layer.

    Raises:
        PictureError: its groups and modes have too many pixels.
    """
    stack = _Stack((document.width, document.height), Budget(), document.layers)
    done = Flattened(stack.layers, [])
    _take(done, document.layers, stack)
    if one and done.layers:
        box = 0, 0, document.width, document.height
        done.layers = [Flat("picture", _composite(done.layers, box), 0, 0, 100)]
    if document.profile is not None:
        to_srgb = srgb(document.profile)
        for flats in done.layers, done.hidden:
            flats[:] = [replace(flat, image=_cleared(to_srgb(flat.image))) for flat in flats]
    return done


class _Stack:
    """Flat layers, and what they show together, composited no further than is asked for, and each once.

    Args:
        size: of the canvas, pixels.
        budget: counts what is composited.
        children: what is to become layers here.
    """

    def __init__(self, size: tuple[int, int], budget: Budget, children: Sequence[Raster | Group]) -> None:
        self.size, self.budget = size, budget
        self.layers: list[Flat] = []
        """Back to front."""
        self._children = children
        self._box: Box = 0, 0, 0, 0
        self._shown: Image.Image | None = None
        self._composited = 0

    def shows(self, box: Box) -> Image.Image:
        """What all of them show in a box; RGBA. Nothing is shown outside the canvas."""
        if self._shown is None:
            self._box = around(_boxes(self._children), (0, 0, *self.size))
            width, height = self._box[2] - self._box[0], self._box[3] - self._box[1]
            if width > 0 and height > 0:
                self.budget.pixels(width, height)
            self._shown = Image.new("RGBA", (max(width, 0), max(height, 0)))
        for flat in self.layers[self._composited :]:
            _draw(self._shown, flat, self._box)
        self._composited = len(self.layers)
        left, top, *_ = self._box
        return self._shown.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))


def _take(done: Flattened, children: Sequence[Raster | Group], below: _Stack) -> None:
    """Append what is visible of some layers to those below them."""
    for child in children:
        if not child.visible:
            _hide(done, child, below.size)
        elif isinstance(child, Raster):
            done.baked += [Baked(child.name, what, "a recipe has pixels only") for what in child.baked]
            if (flat := _flat(child, below.size)) is not None:
                _put(done, flat, child.blend, below)
        elif child.blend == PASS_THROUGH and child.opacity >= 1:
            _take(done, child.children, below)
        else:
            _take_group(done, child, below)


def _take_group(done: Flattened, group: Group, below: _Stack) -> None:
    """A group that is composited by itself first; without mode and opacity that makes no difference to layers that are normal."""
    stack, size = _Stack(below.size, below.budget, group.children), below.size
    _take(done, group.children, stack)
    inside = stack.layers
    plain = group.blend in (NORMAL, PASS_THROUGH)
    if not inside:
        return
    if group.opacity >= 1 and plain:
        below.layers += inside
        return
    if plain and not _overlapping(inside):
        for flat in inside:
            below.layers.append(_faded(flat, flat.opacity / 100 * group.opacity))
        return
    why = (
        f"the group has the mode {group.blend}"
        if not plain
        else "its layers overlap, and the group has an opacity"
    )
    done.baked.append(Baked(group.name, "group merged into one layer", why))
    box = around([flat.box for flat in inside], (0, 0, *size))
    if box[0] >= box[2] or box[1] >= box[3]:
        return
    below.budget.pixels(box[2] - box[0], box[3] - box[1])
    merged = _faded(Flat(group.name, _composite(inside, box), box[0], box[1], 100), group.opacity)
    _put(done, merged, NORMAL if plain else group.blend, below)


def _put(done: Flattened, flat: Flat, blend: str, below: _Stack) -> None:
    """Append a layer, with its mode baked into its colours."""
    if blend not in (NORMAL, PASS_THROUGH):
        if blend not in BLENDS:
            done.baked.append(
                Baked(flat.name, f"mode {blend}", "drawn as normal: this mode is not known here")
            )
        elif (backdrop := below.shows(flat.box)).getchannel("A").getbbox() is not None:
            pixels = blended(np.asarray(backdrop), np.asarray(flat.image), blend)
            flat = replace(flat, image=_cleared(Image.fromarray(pixels)))
            done.baked.append(
                Baked(flat.name, f"mode {blend}", "baked into its colours over what is below it")
            )
        else:
            done.baked.append(Baked(flat.name, f"mode {blend}", "nothing is below it: shown as it is"))
    below.layers.append(flat)


def _hide(done: Flattened, child: Raster | Group, size: tuple[int, int]) -> None:
    if isinstance(child, Group):
        for each in child.children:
            _hide(done, each, size)
    elif (flat := _flat(child, size)) is not None:
        done.hidden.append(flat)


def _flat(raster: Raster, size: tuple[int, int]) -> Flat | None:
    """A raster as a flat layer: without empty borders, and cut to the canvas if it is too large for an element."""
    from haac_repo import LIMITS

    image, x, y = raster.image, raster.x, raster.y
    width, height = image.size
    if max(width, height) > LIMITS.element_side or width * height > LIMITS.element_pixels:
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(width, size[0] - x), min(height, size[1] - y)
        if left >= right or top >= bottom:
            return None
        image, x, y = image.crop((left, top, right, bottom)), x + left, y + top
    seen = image.getchannel("A").getbbox() if min(image.size) else None
    if seen is None or raster.opacity <= 0:
        return None
    if seen != (0, 0, *image.size):
        image = image.crop(seen)
    return _faded(Flat(raster.name, _cleared(image), x + seen[0], y + seen[1], 100), raster.opacity)


def _faded(flat: Flat, opacity: float) -> Flat:
    """With an opacity in whole per cent where 8 bits do not tell the difference, else in its alpha."""
    per_cent = max(0, min(100, round(opacity * 100)))
    if abs(opacity * 100 - per_cent) <= 50 / 255 + 1e-9:
        return replace(flat, opacity=per_cent)
    image = flat.image.copy()
    image.putalpha(image.getchannel("A").point([min(255, round(v * opacity)) for v in range(256)]))
    return replace(flat, image=_cleared(image), opacity=100)


def _cleared(image: Image.Image) -> Image.Image:
    """With 0,0,0 under alpha 0, which is how elements are stored."""
    if not any(_is_dirty(band) for band in bands(image)):
        return image
    pixels = np.array(image)
    pixels[pixels[:, :, 3] == 0] = 0
    return Image.fromarray(pixels)


def _is_dirty(image: Image.Image) -> bool:
    """Whether a pixel that does not show has a colour."""
    words = np.frombuffer(image.tobytes(), "<u4")  # alpha is the highest byte
    return bool(((words < 1 << 24) & (words != 0)).any())


def _boxes(children: Sequence[Raster | Group]) -> list[Box]:
    """Of the visible rasters."""
    found: list[Box] = []
    for child in children:
        if child.visible and isinstance(child, Group):
            found += _boxes(child.children)
        elif child.visible and isinstance(child, Raster):
            found.append(child.box)
    return found


def _overlapping(layers: Sequence[Flat]) -> bool:
    left, top, right, bottom = np.array([flat.box for flat in layers]).T
    return any(
        ((left[:n] < right[n]) & (left[n] < right[:n]) & (top[:n] < bottom[n]) & (top[n] < bottom[:n])).any()
        for n in range(1, len(layers))
    )


def _composite(layers: Sequence[Flat], box: Box) -> Image.Image:
    """Composite flat layers as the renderer does; RGBA of the box alone."""
    canvas = Image.new("RGBA", (box[2] - box[0], box[3] - box[1]))
    for flat in layers:
        _draw(canvas, flat, box)
    return canvas


def _draw(canvas: Image.Image, flat: Flat, box: Box) -> None:
    """Composite a flat layer over what a box shows."""
    left, top = max(box[0], flat.x), max(box[1], flat.y)
    right, bottom = min(box[2], flat.box[2]), min(box[3], flat.box[3])
    if left >= right or top >= bottom:
        return
    part = flat.image.crop((left - flat.x, top - flat.y, right - flat.x, bottom - flat.y))
    if flat.opacity != 100:
        part.putalpha(part.getchannel("A").point([(v * flat.opacity + 50) // 100 for v in range(256)]))
    canvas.alpha_composite(part, (left - box[0], top - box[1]))
