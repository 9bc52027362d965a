"""What a layer of psd-tools has beyond its stored pixels, and what an older or other program meant."""

from __future__ import annotations

from typing import Any

from haac_layers._document import NORMAL, PASS_THROUGH
from haac_layers._photoshop import gradient, mask
from haac_layers._photoshop.described import mode_of
from haac_layers._photoshop.pattern import OVERLAY, overlay_of
from haac_layers._photoshop.shadow import INNER, OUTER


def prepare(psd: Any) -> None:
    """Let psd-tools read a document as the program meant it that wrote it.

    Photoshop before CC 2015 says of an effect only whether it is on; psd-tools then takes it for absent. A group that is clipped is none of
    Photoshop's, which ignores it: programs that write one show it clipped.
    """
    from psd_tools.constants import CompatibilityMode, Resource, Tag
    from psd_tools.psd.descriptor import Bool, Descriptor

    tags = (
        Tag.OBJECT_BASED_EFFECTS_LAYER_INFO,
        Tag.OBJECT_BASED_EFFECTS_LAYER_INFO_V0,
        Tag.OBJECT_BASED_EFFECTS_LAYER_INFO_V1,
    )
    layers = list(psd.descendants())
    gradient.smooth(layers)
    for layer in layers:
        for tag in tags:
            described = layer.tagged_blocks.get_data(tag)
            effects = described.values() if isinstance(described, Descriptor) else ()
            for effect in effects:
                if isinstance(effect, Descriptor) and b"enab" in effect and b"present" not in effect:
                    effect[b"present"] = Bool(True)
    if Resource.VERSION_INFO not in psd.image_resources and any(
        layer.is_group() and layer._record.clipping for layer in layers
    ):
        psd.compatibility_mode = CompatibilityMode.CLIP_STUDIO_PAINT


def is_adjustment(layer: Any) -> bool:
    """Whether it has no pixels of its own and changes those below it."""
    from psd_tools.api.layers import AdjustmentLayer

    return isinstance(layer, AdjustmentLayer)


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
        names = {type(effect).__name__ for effect in layer.effects if effect.enabled}
        drawn_here = {*OUTER, *INNER} | ({OVERLAY} if overlay_of(layer) is not None else set())
        if names := names - drawn_here:
            found.append(f"effects ({', '.join(sorted(names))})")
    clips = [each.name for each in layer.clip_layers if each.visible]
    if clips:
        found.append(f"layers clipped to it ({', '.join(clips)[:200]})")
    if layer.is_group():
        if (layer.has_mask() and not layer.mask.disabled) or layer.has_vector_mask():
            found.append("a mask of a group")
        if shadows := [type(e).__name__ for e in layer.effects if e.enabled and layer.has_effects()]:
            found.append(f"effects ({', '.join(shadows)})")
    elif not layer.has_pixels() and layer.kind not in ("pixel", "type"):
        found.append({"shape": "a shape"}.get(layer.kind, f"a fill ({layer.kind})"))
    elif layer.kind in ("shape", "solidcolorfill") and (layer.has_stroke() or mask.is_soft(layer)):
        found.append("a stroke" if layer.has_stroke() else "a soft mask of a fill")
    return found
