"""A picture becomes a scene of elements of the catalog."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Colour, ElementCache, Layer, Plate, Scene, encode_wash, render, to_binary
from haac_match._candidates import only
from haac_match._canvas import Placed, place
from haac_match._explain import LAMBDA, Explainer
from haac_match._ground import Ground, find_ground, frame, judge, plain, plates
from haac_match._index import Index, load
from haac_match._pose import Cutout
from haac_repo import HaacError

if TYPE_CHECKING:
    from haac_repo import Repository

UNKNOWN = 0.04
"""Part of a picture that must be without explanation for a wash to pay."""
DOUBTFUL = 0.75
"""Part of a picture below which a ground that is not exact may be a part of a photograph."""
COARSE = 6.0
"""Levels: if such a ground has more noise, no ground that was drawn is behind it."""
WASH = 300
"""Bytes that a wash may take where no budget is given."""
_LEAST_WASH = 40
"""Bytes below which none is tried."""
_BACKDROP = (127, 127, 127)
"""What a picture with transparent places is put on while it is searched."""
KEPT_BYTES = 512 * 2**20
"""Of elements, as the fit needs them, kept in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is wanted of a recipe.

    Args:
        effort: 1 (quick) to 9 (thorough).
        max_layers: at most so many.
        budget: bytes of the binary recipe; None: as many as pay for themselves.
        only_tags: only elements with all these tags are looked for.
    """

    effort: int = 5
    max_layers: int = 64
    budget: int | None = None
    only_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compressed:
    """A picture as a recipe.

    Args:
        scene: its canvas has the size of the picture.
        exact: whether rendering it gives the picture, bit for bit.
        unexplained: (height, width), True where neither an element nor the ground explains the picture.
    """

    scene: Scene
    exact: bool
    unexplained: npt.NDArray[np.bool_]


class Matcher:
    """Looks for elements of one repository in pictures. Keeps its index and the elements it used in memory.

    Args:
        repository: its elements; its match index is brought up to date if it is not.
        threads: that work on one picture.
    """

    def __init__(self, repository: Repository, *, threads: int = 1) -> None:
        self._repository = repository
        self._threads = ThreadPoolExecutor(threads) if threads > 1 else None
        self._cutouts: OrderedDict[int, Cutout] = OrderedDict()
        self._index = load(repository)
        self._parts: dict[tuple[str, ...], Index] = {}

    def cutout(self, number: int) -> Cutout:
        """An element's pixels."""
        if number not in self._cutouts:
            self._cutouts[number] = Cutout(self._repository.image(number))
            if len(self._cutouts) % 64 == 0:
                self._forget()
        self._cutouts.move_to_end(number)
        return self._cutouts[number]

    def _forget(self) -> None:
        """Let those go that were not used for longest."""
        held = sum(cutout.held for cutout in self._cutouts.values())
        while held > KEPT_BYTES and len(self._cutouts) > 1:
            held -= self._cutouts.popitem(last=False)[1].held

    def compress(self, picture: Image.Image, options: Options | None = None) -> Compressed:
        """Find the ground and the elements of a picture.

        Args:
            picture: RGB or RGBA.
            options: None: the defaults.

        Raises:
            HaacError: an element cannot be had.
        """
        options = options or Options()
        index = self._allowed(options.only_tags)
        wanted = picture.convert("RGBA")
        clear = int(np.asarray(wanted.getchannel("A")).min()) < 255
        target = np.asarray(_on_backdrop(wanted))
        if clear:
            backdrop = Image.new("RGBA", wanted.size, _BACKDROP)
            ground: Ground | None = Ground(None, backdrop, 1.0, 0.0)
        else:
            ground = find_ground(target, [self._plate(target, index)])
        base = None
        if not clear and (ground is None or ground.share < 0.5):
            ground, base = self._framed(target, index, ground)
        mapped = map if self._threads is None else self._threads.map

        def explainer_on(ground: Ground | None) -> Explainer:
            return Explainer(target, ground, self.cutout, index, options.effort, options.max_layers, mapped)

        doubtful = ground is not None and base is None and ground.noise > 0 and ground.share < DOUBTFUL
        if doubtful and ground is not None and ground.noise > COARSE:
            ground, doubtful = None, False
        explainer = explainer_on(ground)
        if doubtful:
            # A sky, or a picture that was damaged? On the former, elements are right bit for bit.
            trial = explainer_on(None)
            if trial.explain_foreign(6):
                explainer, ground = trial, None
        if base is not None:
            explainer.canvas.insert(0, base)
        explainer.go()
        background = ground.background if ground is not None else plain(target).background
        scene = Scene(*wanted.size, background, [placed.layer for placed in explainer.canvas.layers])
        judge = _Judge(target, ElementCache(self._repository))
        scene = judge.within(scene, options.budget)
        if not clear:
            scene = judge.washed(scene, options.budget)
        made = judge.made(scene)
        off = np.abs(np.asarray(_on_backdrop(made)).astype(np.int16) - target).max(axis=2)
        return Compressed(
            scene, _same(made, wanted), off > (explainer.threshold if ground is not None else 40)
        )

    def _plate(self, target: npt.NDArray[np.uint8], index: Index) -> Ground | None:
        return plates(target, index.thumbnails, index.photographs, self._repository)

    def _framed(
        self, target: npt.NDArray[np.uint8], index: Index, ground: Ground | None
    ) -> tuple[Ground | None, Placed | None]:
        """A photograph of the catalog inside a border of one colour, as the lowest layer; else the ground that was found."""
        box = frame(target)
        if box is None:
            return ground, None
        inner = self._plate(np.ascontiguousarray(target[box[1] : box[3], box[0] : box[2]]), index)
        if inner is None or not isinstance(inner.background, Plate):
            return ground, None
        number = inner.background.element
        layer = Layer(number, width=box[2] - box[0], height=box[3] - box[1], x=box[0], y=box[1])
        colour = "".join(f"{value:02x}" for value in target[0, 0])
        border = judge(target, Colour(int(colour + "ff", 16)))
        border = replace(border, noise=inner.noise)
        return border, place(layer, self._repository.image(number), border.pixels.size)

    def _allowed(self, tags: tuple[str, ...]) -> Index:
        """The index, without the elements that lack one of these tags."""
        if not tags:
            return self._index
        if tags not in self._parts:
            wanted = set(tags)
            numbers = [
                element.number for element in self._repository.elements() if wanted <= set(element.tags)
            ]
            if not numbers:
                raise HaacError(
                    f"no element has the tag {' and '.join(tags)}: `haac search` shows what there is"
                )
            self._parts[tags] = _only(self._index, numbers)
        return self._parts[tags]


def _only(index: Index, numbers: list[int]) -> Index:
    """The index with some elements only."""
    rows = np.flatnonzero(np.isin(index.things.numbers, numbers))
    renamed = np.full(len(index.things.numbers), -1, np.int64)
    renamed[rows] = np.arange(len(rows))
    chosen = np.isin(index.photographs, numbers)
    return replace(
        index,
        things=only(index.things, rows),
        thumbnails=index.thumbnails[chosen],
        photographs=index.photographs[chosen],
        owners=renamed[index.owners],
        pieces=index.pieces.only(renamed),
    )


def _on_backdrop(picture: Image.Image) -> Image.Image:
    """RGB of an RGBA picture, transparent places in one colour."""
    ground = Image.new("RGBA", picture.size, _BACKDROP)
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _same(a: Image.Image, b: Image.Image) -> bool:
    """Whether two RGBA pictures show the same: colours count only where anything is seen."""
    first, second = np.asarray(a), np.asarray(b)
    seen = first[:, :, 3] > 0
    return bool(np.array_equal(first[:, :, 3], second[:, :, 3]) and np.array_equal(first[seen], second[seen]))


class _Judge:
    """Weighs scenes by the bytes they take and the errors they leave, drawn by the renderer itself."""

    def __init__(self, target: npt.NDArray[np.uint8], cache: ElementCache) -> None:
        self._target, self._cache = target, cache

    def made(self, scene: Scene) -> Image.Image:
        """The scene, rendered."""
        return render(scene, self._cache)

    def error(self, scene: Scene) -> int:
        """Sum of squared errors over pixels and channels."""
        off = np.asarray(_on_backdrop(self.made(scene))).astype(np.int32) - self._target
        return int(np.square(off).sum())

    def within(self, scene: Scene, budget: int | None) -> Scene:
        """The scene without the layers that gain least, until it fits in a budget of bytes."""
        while budget is not None and scene.layers and len(to_binary(scene)) > budget:
            shorter = [
                replace(scene, layers=scene.layers[:z] + scene.layers[z + 1 :])
                for z in range(len(scene.layers))
            ]
            scene = min(shorter, key=self.error)
        return scene

    def washed(self, scene: Scene, budget: int | None) -> Scene:
        """The scene on a wash, if much of the picture is not explained and the bytes of a wash pay."""
        rest, used = self.error(scene), len(to_binary(scene))
        room = WASH if budget is None else budget - used
        off = np.abs(np.asarray(_on_backdrop(self.made(scene))).astype(np.int16) - self._target).max(axis=2)
        if room < _LEAST_WASH or rest <= LAMBDA * room or float((off > 24).mean()) <= UNKNOWN:
            return scene
        covered = np.asarray(render(replace(scene, background=None), self._cache))[:, :, 3] > 250
        weights = np.where(covered, 0.02, 1.0)
        wash = encode_wash(Image.fromarray(self._target), budget=room, weights=weights)
        washed = replace(scene, background=wash)
        return (
            washed if self.error(washed) + LAMBDA * len(to_binary(washed)) < rest + LAMBDA * used else scene
        )
