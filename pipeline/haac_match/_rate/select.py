"""Rate-distortion selection: which layers, which wash under them and which inline elements are worth their bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from haac import Colour, ElementCache, Inline, Layer, Scene, Wash, to_binary
from haac._internal import NO_ELEMENTS
from haac_match._options import Compressed, Monitor, Options
from haac_match._rate.carried import carried
from haac_match._rate.cost import Cost, Where, layer_bytes, same
from haac_match._rate.filled import filled
from haac_match._rate.inline import inlined
from haac_match._rate.visible import lost
from haac_match._rate.wash import on_wash
from haac_match._thresholds.rate import RATE

_WASHED = 6000
"""Bytes of a budget up to which a wash is tried: beyond, WebP looks better, and a wash takes long."""


class RateDistortion:
    """Keeps of a scene what pays for its bytes: layers, a wash under them, inline elements.

    Args:
        cost: weighs scenes.
    """

    def __init__(self, cost: Cost) -> None:
        self._cost, self._options = cost, cost.options

    def best(self, scene: Scene, *, known: bool) -> Scene:
        """The scene, with fewer layers or a wash if that is better.

        Args:
            scene: layers that were found, on the background that was found.
            known: whether there was a catalog to look in: then a wash is tried only where much is not explained.
        """
        small = self._within(scene)
        options = self._options
        bounded = options.budget is not None or options.quality is not None
        if known and options.inline and not bounded:
            return carried(self._cost, small)
        if options.inline and self._cost.error(small) == 0:
            return small
        rough = float((self._cost.largest_difference(small) > RATE.unexplained_off).mean())
        found = [small]
        self._cost.monitor.progress("sharing out the bytes", len(small.layers))
        if not known or rough > RATE.unexplained:
            self._cost.weight_subject()
            if not options.inline or options.budget is None or options.budget <= _WASHED:
                found += self._washed(scene)
        best = min(found, key=self._cost.cost)
        if not options.inline or not bounded:
            return best
        # A quality tells how many bytes there are: as many as its wash takes.
        room = len(to_binary(best)) if options.budget is None else options.budget
        found = [best]
        for others in (inlined(self._cost, best, room), filled(self._cost, small, room)):
            for other in others:
                found.append(other)
                self._cost.monitor.progress("sharing out the bytes", len(small.layers))
                if self._cost.monitor.stop():
                    break
        fitting = [one for one in found if len(to_binary(one)) <= room]
        return min(fitting, key=self._cost.error, default=best)

    def _within(self, scene: Scene) -> Scene:
        """The scene without the layers that gain least, until it fits in the budget."""
        budget = self._options.budget
        while budget is not None and scene.layers and len(to_binary(scene)) > budget:
            scene = min(_with_one_less(scene), key=self._cost.error)
        return scene

    def _washed(self, scene: Scene) -> list[Scene]:
        """The picture as a wash alone, and with those layers on it that are better than more wash."""
        options = self._options
        # To choose layers by, a rough one will do.
        rough = bool(scene.layers) or self._cost.monitor.stop()
        plain = on_wash(
            self._cost, replace(scene, layers=[]), options.budget, options.quality, refined=not rough
        )
        if plain is None:
            return []
        if rough:
            self._set_price(plain, refined=not rough)
        layers = self._paying(replace(scene, background=plain.background))
        while layers.layers and self._room(layers) < RATE.least_wash:
            layers = min(_with_one_less(layers), key=self._cost.error)
        found = [plain]
        if layers.layers:
            found.append(replace(layers, background=plain.background))
        if (
            rough
            and not self._cost.monitor.stop()
            and (refined := on_wash(self._cost, layers, options.budget, options.quality)) is not None
        ):
            found.append(refined)
        return found

    def _room(self, scene: Scene) -> int:
        """Bytes that are left for a wash under these layers."""
        budget = self._options.budget
        return RATE.least_wash if budget is None else budget - layer_bytes(scene)

    def _set_price(self, plain: Scene, *, refined: bool) -> None:
        """What the last bytes of a wash are worth: compared with one of fewer bytes, made in the same way."""
        budget, quality = self._options.budget, self._options.quality
        if budget is None and quality is None:
            return
        smaller = on_wash(
            self._cost,
            plain,
            None if budget is None else int(budget * RATE.smaller_budget),
            None if quality is None else max(0, quality - RATE.lower_quality),
            refined=refined,
        )
        if smaller is None:
            return
        saved = len(to_binary(plain)) - len(to_binary(smaller))
        if saved > 0:
            self._cost.price = max(RATE.price, (self._cost.error(smaller) - self._cost.error(plain)) / saved)

    def _paying(self, scene: Scene) -> Scene:
        """The scene with those layers only that take away more than their bytes would as a part of the wash."""
        while scene.layers:
            error, size = self._cost.error(scene), layer_bytes(scene)
            kept = [
                layer
                for layer, without in zip(scene.layers, _with_one_less(scene), strict=True)
                if self._cost.error(without) - error > self._cost.price * (size - layer_bytes(without))
            ]
            if len(kept) == len(scene.layers):
                break
            scene = replace(scene, layers=kept)
        return scene


def _with_one_less(scene: Scene) -> list[Scene]:
    return [replace(scene, layers=scene.layers[:z] + scene.layers[z + 1 :]) for z in range(len(scene.layers))]


def wash_only(
    picture: Image.Image, options: Options, where: Where, monitor: Monitor | None = None
) -> Compressed:
    """A picture as a recipe that needs no repository: a wash, and perhaps inline elements.

    Args:
        picture: RGB or RGBA.
        options: with a budget or a quality.
        where: finds the subject.
        monitor: is told how far it is, and may end it early.

    Returns:
        The smallest there is where the budget is too small for any.
    """
    cost = Cost(picture, ElementCache(NO_ELEMENTS), options, where, monitor)
    scene = RateDistortion(cost).best(_plain_colour(picture), known=False)
    # No element was to explain anything.
    unexplained = np.zeros(picture.size[::-1], bool)
    made = cost.drawn(scene)
    exact = same(made, cost.picture)
    return Compressed(
        scene, exact, unexplained, without_carried(scene, []), lost(cost.wanted, cost.shown(made))
    )


def without_carried(scene: Scene, found: list[Layer]) -> Scene:
    """A scene without what it carries along: neither a wash nor inline elements but those that were found.

    Args:
        scene: any.
        found: layers that tell what the picture is made of.
    """
    background = None if isinstance(scene.background, Wash) else scene.background
    layers = [layer for layer in scene.layers if layer in found or not isinstance(layer.element, Inline)]
    return replace(scene, background=background, layers=layers)


def rate_distortion(
    picture: Image.Image, scene: Scene, source: ElementCache, options: Options, where: Where = lambda: None
) -> Scene:
    """What pays for its bytes of a scene that is known to be in a picture; the rest becomes a wash.

    Args:
        picture: RGB or RGBA.
        scene: layers and background that explain it in part, or in whole.
        source: gives the elements.
        options: with a budget or a quality for the wash.
        where: finds the subject.
    """
    return RateDistortion(Cost(picture, source, options, where)).best(scene, known=True)


def _plain_colour(picture: Image.Image) -> Scene:
    """A picture as nothing but its mean colour; transparent if any of it is."""
    if picture.has_transparency_data:
        return Scene(*picture.size)
    mean = np.asarray(picture.convert("RGB"), np.float64).mean(axis=(0, 1))
    red, green, blue = (int(value + 0.5) for value in mean)
    return Scene(*picture.size, Colour(red << 24 | green << 16 | blue << 8 | 0xFF))
