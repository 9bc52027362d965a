"""What is worth its bytes: layers, the wash under them, elements inside the recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Colour, ElementCache, Layer, Scene, render, to_binary
from haac._forms.binary import measured
from haac._render import NO_ELEMENTS
from haac._scene import Background
from haac._wash_encoder.encoder import WashEncoder
from haac_match._options import Compressed, Options, Subject
from haac_repo import PictureError
from haac_repo._internal import flattened

LAMBDA = 1000.0
"""Squared error (sum over pixels and channels) that a byte must take away."""
UNKNOWN = 0.04
"""Part of a picture that must be without explanation for a wash to be tried."""
WASH = 300
"""Bytes that a wash may take where neither a budget nor a quality is given."""
_LEAST_WASH = 40
"""Bytes below which none is tried under layers."""
_COVERED = np.float32(0.02)
"""Weight of what lies under opaque layers."""
_STRIP = 256
"""Rows that are compared at a time, so that large pictures take little memory."""
BACKDROP = (127, 127, 127)
"""What a picture with transparent places is put on while it is compared."""

FOREIGN = 40
"""Levels by which a wash may be off where it is said to explain a picture."""

Where = Callable[[], Subject | None]
"""Finds the subject of a picture, if anything can."""


def on_backdrop(picture: Image.Image) -> Image.Image:
    """RGB of an RGBA picture, transparent places in one colour."""
    return flattened(picture, BACKDROP)


class Judge:
    """Weighs scenes by the bytes they take and the errors they leave, drawn by the renderer itself.

    Args:
        picture: RGB or RGBA, what they are compared with.
        source: gives the elements.
        options: what is wanted.
        where: asked for the subject when bytes are to be shared out.
    """

    def __init__(self, picture: Image.Image, source: ElementCache, options: Options, where: Where) -> None:
        self.picture = picture.convert("RGBA")
        self._source, self.options, self._where = source, options, where
        self._target = _comparable(self.picture)
        self._weights: npt.NDArray[np.float32] | None = None
        self.subject: Subject | None = None
        self._costs: dict[tuple[Background, tuple[Layer, ...]], tuple[int, float]] = {}

    def made(self, scene: Scene) -> Image.Image:
        """The scene, rendered."""
        return render(scene, self._source)

    def error(self, scene: Scene) -> float:
        """Sum of squared errors over pixels and channels, weighted where the subject was asked for."""
        return self.error_of(self.made(scene))

    def error_of(self, made: Image.Image) -> float:
        """The same of RGBA pixels."""
        drawn, total = _comparable(made), 0.0
        for top in range(0, len(drawn), _STRIP):
            rows = slice(top, top + _STRIP)
            squared = np.square(drawn[rows].astype(np.int32) - self._target[rows]).sum(axis=2)
            total += float(squared.sum() if self._weights is None else (squared * self._weights[rows]).sum())
        return total

    def part(self, place: tuple[int, int], size: tuple[int, int]) -> Judge:
        """The judge of a part of the picture, in which no element stands.

        Args:
            place: its top left corner.
            size: width and height.
        """
        box = (*place, place[0] + size[0], place[1] + size[1])
        part = Judge(self.picture.crop(box), ElementCache(NO_ELEMENTS), self.options, lambda: None)
        if self._weights is not None:
            part._weights = self._weights[box[1] : box[3], box[0] : box[2]]
        return part

    def off(self, scene: Scene) -> npt.NDArray[np.uint8]:
        """(height, width): the largest difference of a channel."""
        drawn = _comparable(self.made(scene))
        differences = np.maximum(drawn, self._target) - np.minimum(drawn, self._target)
        return np.asarray(differences.max(axis=2))

    def cost(self, scene: Scene) -> float:
        """What is to be small: the error within a budget, without one with a price for each byte."""
        key = scene.background, tuple(scene.layers)
        if key not in self._costs:  # much of it is the arithmetic of large washes
            self._costs[key] = len(to_binary(scene)), self.error(scene)
        size, error = self._costs[key]
        budget = self.options.budget
        if budget is None:
            return error + self.price * size
        return error if size <= budget else float("inf")

    price = LAMBDA
    """Squared error that a byte must take away. Where a wash is made, what the last of its bytes do."""

    def best(self, scene: Scene, *, known: bool) -> Scene:
        """The scene, with fewer layers or a wash if that is better.

        Args:
            scene: layers that were found, on the ground that was found.
            known: whether there was a catalog to look in: then a wash is tried only where much is not explained.
        """
        small = self._within(scene)
        if known and float((self.off(small) > 24).mean()) <= UNKNOWN:
            return small
        self._look()
        found = [small, *self._washed(scene)]
        if self.options.inline:
            from haac_match._rate.inline import inlined

            found += inlined(self, min(found, key=self.cost))
        return min(found, key=self.cost)

    def _look(self) -> None:
        """From now on errors count as the subject wants it."""
        options = self.options
        if options.subject_weight == 1 and not options.inline:
            return
        self.subject = self._where()
        if self.subject is not None:
            share = self.subject.mask.astype(np.float32) / np.float32(255)
            self._weights = 1 + np.float32(options.subject_weight - 1) * share

    def _within(self, scene: Scene) -> Scene:
        """The scene without the layers that gain least, until it fits in the budget."""
        budget = self.options.budget
        while budget is not None and scene.layers and len(to_binary(scene)) > budget:
            scene = min(_with_one_less(scene), key=self.error)
        return scene

    def _washed(self, scene: Scene) -> list[Scene]:
        """The picture as a wash alone, and with those layers on it that are better than more wash."""
        options = self.options
        rough = bool(scene.layers)  # to choose layers by, that will do
        plain = self.on_wash(replace(scene, layers=[]), options.budget, options.quality, refined=not rough)
        if plain is None:
            return []
        if rough or (options.inline and options.budget is None):
            self._set_price(plain, refined=not rough)
        layers = self._paying(replace(scene, background=plain.background))
        while layers.layers and self._room(layers) < _LEAST_WASH:
            layers = min(_with_one_less(layers), key=self.error)
        found = [plain]
        if layers.layers:
            found.append(replace(layers, background=plain.background))
        if rough and (refined := self.on_wash(layers, options.budget, options.quality)) is not None:
            found.append(refined)
        return found

    def _room(self, scene: Scene) -> int:
        """Bytes that are left for a wash under these layers."""
        budget = self.options.budget
        return _LEAST_WASH if budget is None else budget - _bytes_of_layers(scene)

    def on_wash(
        self, scene: Scene, budget: int | None, quality: int | None, *, refined: bool = True
    ) -> Scene | None:
        """The layers of a scene on the wash that suits them; None if there is no room for one.

        Args:
            scene: its layers count.
            budget: bytes of all.
            quality: of the wash. If both are None, it gets some bytes.
            refined: see `WashEncoder.within`.
        """
        weights = self._weights
        if scene.layers:
            covered = np.asarray(self.made(replace(scene, background=None)))[:, :, 3] > 250
            weights = np.where(covered, _COVERED, np.float32(1) if weights is None else weights)
        encoder = WashEncoder(self.picture, weights, lambda wash: measured(replace(scene, background=wash)))
        try:
            if quality is not None:
                return replace(scene, background=encoder.at(quality).wash)
            if budget is None:
                budget = WASH + _bytes_of_layers(scene)
            return replace(scene, background=encoder.within(budget, refined=refined).wash)
        except PictureError:
            return None

    def _set_price(self, plain: Scene, *, refined: bool) -> None:
        """What the last bytes of a wash are worth: compared with one of fewer bytes, made in the same way."""
        budget, quality = self.options.budget, self.options.quality
        if budget is None and quality is None:
            return
        smaller = self.on_wash(
            plain,
            budget and budget * 3 // 4,
            None if quality is None else max(0, quality - 7),
            refined=refined,
        )
        if smaller is None:
            return
        saved = len(to_binary(plain)) - len(to_binary(smaller))
        if saved > 0:
            self.price = max(LAMBDA, (self.error(smaller) - self.error(plain)) / saved)

    def _paying(self, scene: Scene) -> Scene:
        """The scene with those layers only that take away more than their bytes would as a part of the wash."""
        while scene.layers:
            error, size = self.error(scene), _bytes_of_layers(scene)
            kept = [
                layer
                for layer, without in zip(scene.layers, _with_one_less(scene), strict=True)
                if self.error(without) - error > self.price * (size - _bytes_of_layers(without))
            ]
            if len(kept) == len(scene.layers):
                break
            scene = replace(scene, layers=kept)
        return scene


def _bytes_of_layers(scene: Scene) -> int:
    return len(to_binary(replace(scene, background=None)))


def _with_one_less(scene: Scene) -> list[Scene]:
    return [replace(scene, layers=scene.layers[:z] + scene.layers[z + 1 :]) for z in range(len(scene.layers))]


def _comparable(picture: Image.Image) -> npt.NDArray[np.uint8]:
    """(height, width, 4): colours on a backdrop, and alpha."""
    alpha = picture.getchannel("A")
    if alpha.getextrema() != (255, 255):
        picture = on_backdrop(picture)
        picture.putalpha(alpha)
    return np.asarray(picture)


def same(a: Image.Image, b: Image.Image) -> bool:
    """Whether two RGBA pictures show the same: colours count only where anything is seen."""
    first, second = np.asarray(a), np.asarray(b)
    seen = first[:, :, 3] > 0
    return bool(np.array_equal(first[:, :, 3], second[:, :, 3]) and np.array_equal(first[seen], second[seen]))


def wash_only(picture: Image.Image, options: Options, where: Where) -> Compressed:
    """A picture as a recipe that needs no repository: a wash, and perhaps inline elements.

    Args:
        picture: RGB or RGBA.
        options: with a budget or a quality.
        where: finds the subject.

    Returns:
        The smallest there is where the budget is too small for any.
    """
    judge = Judge(picture, ElementCache(NO_ELEMENTS), options, where)
    scene = judge.best(_plain_colour(picture), known=False)
    # No element was to explain anything.
    unexplained = np.zeros(picture.size[::-1], bool)
    return Compressed(scene, same(judge.made(scene), judge.picture), unexplained)


def _plain_colour(picture: Image.Image) -> Scene:
    """A picture as nothing but its mean colour; transparent if any of it is."""
    if picture.has_transparency_data:
        return Scene(*picture.size)
    mean = np.asarray(picture.convert("RGB"), np.float64).mean(axis=(0, 1))
    red, green, blue = (int(value + 0.5) for value in mean)
    return Scene(*picture.size, Colour(red << 24 | green << 16 | blue << 8 | 0xFF))
