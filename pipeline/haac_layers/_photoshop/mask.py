"""What the masks of a layer leave of it: pixel mask and vector mask, each feathered and as dense as the file says.

Source: Adobe Photoshop File Formats Specification, "Layer mask / adjustment layer data" and "Additional Layer Mask Parameters".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haac_layers._document import Box

if TYPE_CHECKING:
    from PIL import Image

_WHOLE = 255
_FAR = 3
"""Feathers from a mask's edge at which nothing of it is left: three standard deviations."""
_FEATHER = 250.0
"""Pixels; the largest feather that Photoshop sets."""


@dataclass(frozen=True, slots=True)
class _Softness:
    """How a mask is applied."""

    density: int | None
    feather: float | None

    @property
    def plain(self) -> bool:
        return self.density in (None, _WHOLE) and not self.feather


def is_soft(layer: Any) -> bool:
    """Whether a fill shows where the file has no pixels of it: its path, else its pixel mask, has a density or a feather."""
    path = layer.vector_mask is not None and not layer.vector_mask.disabled
    return not _softness(layer, "vector" if path else "user").plain


def coverage(layer: Any, box: Box, charge: Callable[[int, int], None], *, path: bool) -> Image.Image | None:
    """How much of a layer its masks leave, of a box of the canvas; None if it has none that says anything.

    Args:
        layer: of psd-tools.
        box: what is asked for.
        charge: told the width and height of what is drawn beyond the box, before it is; may refuse.
        path: whether the vector mask counts; it does not for pixels that it has cut out already.

    Returns:
        L.
    """
    from PIL import ImageChops

    first, second = _stored(layer)
    user, vector = _softness(layer, "user"), _softness(layer, "vector")
    has_path = layer.vector_mask is not None and not layer.vector_mask.disabled
    masks = []
    if second is None and first is not None and (not first.rendered or layer.vector_mask is None):
        masks.append(_softened(first.draw, box, user, charge))
    if second is not None and not (path and has_path and user.plain and vector.plain):
        masks.append(_softened(second.draw, box, user, charge))
    if path and has_path:
        # What the program drew of the path is nearer than what is drawn here; beside a pixel mask it has that in it, too.
        drawn = first is not None and first.rendered and (second is None or not masks)
        masks.append(_softened(first.draw if drawn and first else _path(layer), box, vector, charge))
    if not masks:
        return None
    return masks[0] if len(masks) == 1 else ImageChops.multiply(masks[0], masks[1])


@dataclass(frozen=True, slots=True)
class _Stored:
    """A mask that the file has pixels of."""

    image: Image.Image | None
    left: int
    top: int
    around: int
    """What it is around its pixels."""
    rendered: bool
    """Whether it was drawn from the vector mask."""

    def draw(self, box: Box) -> Image.Image:
        from PIL import Image

        full = Image.new("L", (box[2] - box[0], box[3] - box[1]), self.around)
        if self.image is not None:
            full.paste(self.image, (self.left - box[0], self.top - box[1]))
        return full


def _stored(layer: Any) -> tuple[_Stored | None, _Stored | None]:
    """The masks that the file has pixels of: the first, and the pixel mask where the first is drawn from it and the vector mask."""
    from psd_tools.constants import ChannelID

    if layer.mask is None:
        return None, None
    data = layer.mask.data

    def read(
        channel: ChannelID, flags: Any, around: int, place: tuple[int, int], size: int
    ) -> _Stored | None:
        image = layer.topil(channel)
        if flags.mask_disabled or (image is None and size):
            return None
        return _Stored(
            None if image is None else image.convert("L"), *place, around, flags.user_mask_from_render
        )

    first = read(
        ChannelID.USER_LAYER_MASK,
        data.flags,
        data.background_color,
        (data.left, data.top),
        data.width * data.height,
    )
    if data.real_flags is None:
        return first, None
    second = read(
        ChannelID.REAL_USER_LAYER_MASK,
        data.real_flags,
        data.real_background_color,
        (data.real_left, data.real_top),
        data.real_width * data.real_height,
    )
    return first, second


def _path(layer: Any) -> Callable[[Box], Image.Image]:
    """Draws the vector mask."""

    def draw(box: Box) -> Image.Image:
        from PIL import Image
        from psd_tools.composite.vector import draw_vector_mask

        covered = draw_vector_mask(layer, box)[:, :, 0]
        return Image.fromarray(np.floor(covered * 255 + 0.5).astype(np.uint8))

    return draw


def _softness(layer: Any, kind: str) -> _Softness:
    parameters = None if layer.mask is None else layer.mask.data.parameters
    if parameters is None:
        return _Softness(None, None)
    feather = getattr(parameters, f"{kind}_mask_feather")
    return _Softness(
        getattr(parameters, f"{kind}_mask_density"),
        None if feather is None else min(max(float(feather), 0.0), _FEATHER),
    )


def _softened(
    draw: Callable[[Box], Image.Image], box: Box, soft: _Softness, charge: Callable[[int, int], None]
) -> Image.Image:
    """A mask with its feather, the standard deviation of a Gaussian in pixels, and its density, of which the rest shows unmasked."""
    from PIL import ImageFilter

    if soft.feather:
        margin = round(_FAR * soft.feather) + 1
        wide = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
        charge(wide[2] - wide[0], wide[3] - wide[1])
        mask = draw(wide).filter(ImageFilter.GaussianBlur(soft.feather))
        mask = mask.crop((margin, margin, margin + box[2] - box[0], margin + box[3] - box[1]))
    else:
        mask = draw(box)
    if soft.density is not None:
        mask = mask.point([255 - ((255 - v) * soft.density + 127) // 255 for v in range(256)])
    return mask
