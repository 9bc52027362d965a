"""The subject, cut out, as an inline element: whether sending it as WebP within the recipe is worth its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from PIL import Image

from haac import LIMITS, Layer, Scene
from haac_match._rate.cost import Cost
from haac_match._rate.wash import on_wash
from haac_match._rate.whole import Whole
from haac_match._thresholds.rate import RATE


def inlined(cost: Cost, scene: Scene, room: int) -> Iterator[Scene]:
    """The scene with the subject on top, for several parts of the budget, with a wash around it or without.

    Args:
        cost: compares, and knows the subject.
        scene: the best one without.
        room: bytes of all.
    """
    if cost.subject is None or len(scene.layers) >= cost.options.max_layers:
        return
    most = min(room - RATE.inline_rest, LIMITS.inline_bytes)
    for crop, place in cost.subject.objects:
        whole = Whole(crop, _error(cost, crop, place), cost.monitor)
        for share in RATE.inline_shares:
            for piece in whole.within(min(int(share * room), most)):
                layer = replace(piece.layer, x=place[0], y=place[1])
                on_top = replace(scene, layers=[*scene.layers, layer])
                washed = on_wash(cost, on_top, room, None)
                yield on_top
                if washed is not None:
                    yield washed


def _error(cost: Cost, crop: Image.Image, place: tuple[int, int]) -> Callable[[Layer], float]:
    """What is left of a crop over the picture itself: the error of the crop."""
    part = cost.part(place, crop.size)

    def error(layer: Layer) -> float:
        over = part.picture.copy()
        over.alpha_composite(part.drawn(Scene(*crop.size, None, [layer])))
        return part.error_of(over)

    return error
