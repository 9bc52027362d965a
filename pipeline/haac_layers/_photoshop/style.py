"""What a layer of psd-tools has beyond its stored pixels, and what an older or other program meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from haac_layers._document import NORMAL, PASS_THROUGH, Box, around
from haac_layers._photoshop import adjust, gradient, mask, shadow
from haac_layers._photoshop.described import mode_of
from haac_layers._photoshop.pattern import OVERLAY, overlay_of
from haac_layers._photoshop.shadow import INNER, NEVER, OUTER

_STROKE = 252
"""Pixels around a layer: the widest stroke that psd-tools draws, and the edge that it is measured from."""
_SWITCH = b"masterFXSwitch"
"""Of all effects of a layer."""


def prepare(psd: Any) -> None:
    """Let psd-tools read a document as the program meant it that wrote it.

    Photoshop before CC 2015 says of an effect only whether it is on; psd-tools then takes it for absent. A group that is clipped is none of
    Photoshop's, which ignores it: programs that write one show it clipped.
    """
    from psd_tools.constants import CompatibilityMode, Resource
    from psd_tools.psd.descriptor import Bool, Descriptor

    layers = list(psd.descendants())
    gradient.smooth(layers)
    for layer in layers:
        for described in _effects(layer):
            for effect in described.values():
                if isinstance(effect, Descriptor) and b"enab" in effect and b"present" not in effect:
                    effect[b"present"] = Bool(True)
    if Resource.VERSION_INFO not in psd.image_resources and any(
        layer.is_group() and layer._record.clipping for layer in layers
    ):
        psd.compatibility_mode = CompatibilityMode.CLIP_STUDIO_PAINT


def _effects(layer: Any) -> Iterator[Any]:
    """What the file says of a layer's effects."""
    from psd_tools.constants import Tag
    from psd_tools.psd.descriptor import Descriptor

    for tag in (
        Tag.OBJECT_BASED_EFFECTS_LAYER_INFO,
        Tag.OBJECT_BASED_EFFECTS_LAYER_INFO_V0,
        Tag.OBJECT_BASED_EFFECTS_LAYER_INFO_V1,
    ):
        if isinstance(described := layer.tagged_blocks.get_data(tag), Descriptor):
            yield described


@contextmanager
def opaque(layer: Any, *, outline: bool = False) -> Iterator[None]:
    """Let psd-tools draw a layer at full opacity meanwhile.

    Args:
        layer: of psd-tools.
        outline: leave out its effects and its fill opacity, too.
    """
    from psd_tools.psd.descriptor import Bool

    opacity, fill = layer.opacity, layer.fill_opacity
    switches = [(each, each[_SWITCH]) for each in _effects(layer) if outline and _SWITCH in each]
    layer.opacity = 255
    if outline and fill < 255:
        layer.fill_opacity = 255
    for described, _ in switches:
        described[_SWITCH] = Bool(False)
    try:
        yield
    finally:
        layer.opacity, layer.fill_opacity = opacity, fill
        for described, switch in switches:
            described[_SWITCH] = switch


def reach(layers: Iterable[Any], canvas: Box) -> Box:
    """What psd-tools may draw some layers on, as far as it is on the canvas; empty if nothing.

    Args:
        layers: of psd-tools.
        canvas: of which more does not count.
    """
    return around([box for layer in layers for box in _boxes(layer, canvas)], canvas)


def _boxes(layer: Any, canvas: Box) -> Iterator[Box]:
    stroked = layer.has_effects(name="Stroke")
    inside = (
        [box for child in layer if child.visible for box in _boxes(child, canvas)] if layer.is_group() else []
    )
    if layer.is_group() and not stroked:
        yield from inside
    elif layer.is_group() or (layer.kind == "shape" and layer.has_stroke()) or not layer.has_pixels():
        yield canvas
    else:
        wide = _STROKE if stroked else 0
        yield layer.left - wide, layer.top - wide, layer.right + wide, layer.bottom + wide


def left_out(layer: Any, drawn: Sequence[shadow.Effect] = ()) -> list[str]:
    """In words, what shows of a layer in Photoshop and is drawn by nobody here.

    Args:
        layer: of psd-tools.
        drawn: its shadows and glows that are drawn.
    """
    found = shadow.lost(layer, drawn)
    if adjust.is_unknown(layer):
        found.append(f"adjustment ({adjust.kind_of(layer)}: left out)")
    strokes = [each.descriptor for each in layer.effects.find("Stroke")]
    words = [what for described in strokes for what in gradient.drawn_otherwise(described)]
    return found + [f"effects (Stroke: {what})" for what in words]


def is_adjustment(layer: Any) -> bool:
    """Whether it has no pixels of its own and changes those below it, in a way that psd-tools draws."""
    return adjust.is_adjustment(layer) and not adjust.is_unknown(layer)


def knocks_out(layer: Any) -> bool:
    """Whether the layer cuts a hole through those below it in its group, or through all."""
    from psd_tools.constants import Tag

    return bool(layer.tagged_blocks.get_data(Tag.KNOCKOUT_SETTING, 0))


def reaches_down(layer: Any) -> bool:
    """Whether a pass-through group changes what is below it in a way that its layers, one by one, do not say."""
    if not layer.is_group() or mode_of(layer) != PASS_THROUGH:
        return False
    inside = [each for each in layer.descendants() if each.visible]
    if any((is_adjustment(each) or knocks_out(each)) and each.parent is layer for each in inside):
        return True
    if (min(layer.opacity, layer.fill_opacity) < 255 or styled(layer)) and any(
        mode_of(each) not in (NORMAL, PASS_THROUGH) for each in inside
    ):
        return True
    return any(reaches_down(each) for each in layer if each.visible)


def styled(layer: Any) -> list[str]:
    """What a layer has that its stored pixels do not say and that is drawn by psd-tools, in words; empty if nothing."""
    found = []
    if layer.has_effects():
        names = {type(effect).__name__ for effect in layer.effects if effect.enabled} - {*NEVER}
        if not layer.is_group():
            names -= {*OUTER, *INNER} | ({OVERLAY} if overlay_of(layer) is not None else set())
        if names:
            found.append(f"effects ({', '.join(sorted(names))})")
    clips = [each.name for each in layer.clip_layers if each.visible]
    if clips:
        found.append(f"layers clipped to it ({', '.join(clips)[:200]})")
    if layer.is_group():
        if (layer.has_mask() and not layer.mask.disabled) or layer.has_vector_mask():
            found.append("a mask of a group")
    elif not layer.has_pixels() and layer.kind not in ("pixel", "type"):
        found.append({"shape": "a shape"}.get(layer.kind, f"a fill ({layer.kind})"))
    elif layer.kind in ("shape", "solidcolorfill") and (layer.has_stroke() or mask.is_soft(layer)):
        found.append("a stroke" if layer.has_stroke() else "a soft mask of a fill")
    return found
