"""A picture becomes a scene of elements of the catalog."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import Colour, ElementCache, Layer, Plate, Scene
from haac_match._candidates import only
from haac_match._canvas import Placed, place
from haac_match._explain import Explainer
from haac_match._explain_foreign import ForeignExplainer
from haac_match._ground import Ground, find_ground, frame, judge, plain, plates
from haac_match._index import Index, load
from haac_match._options import Compressed, Options
from haac_match._pose import Cutout
from haac_match._weigh import BACKDROP, FOREIGN, Judge, Where, on_backdrop, same
from haac_repo import HaacError

if TYPE_CHECKING:
    from haac_repo import Repository

DOUBTFUL = 0.75
"""Part of a picture below which a ground that is not exact may be a part of a photograph."""
COARSE = 6.0
"""Levels: if such a ground has more noise, no ground that was drawn is behind it."""
KEPT_BYTES = 512 * 2**20
"""Of elements, as the fit needs them, kept in memory."""


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

    def compress(
        self,
        picture: Image.Image,
        options: Options | None = None,
        where: Where = lambda: None,
    ) -> Compressed:
        """Find the ground and the elements of a picture.

        Args:
            picture: RGB or RGBA.
            options: None: the defaults.
            where: finds the subject, if bytes are to be shared out.

        Raises:
            HaacError: an element cannot be had.
        """
        options = options or Options()
        index = self._allowed(options.only_tags)
        wanted = picture.convert("RGBA")
        clear = int(np.asarray(wanted.getchannel("A")).min()) < 255
        target = np.asarray(on_backdrop(wanted))
        if clear:
            backdrop = Image.new("RGBA", wanted.size, BACKDROP)
            ground: Ground | None = Ground(None, backdrop, 1.0, 0.0)
        else:
            ground = find_ground(target, [self._plate(target, index)])
        base = None
        if not clear and (ground is None or ground.share < 0.5):
            ground, base = self._framed(target, index, ground)
        mapped = map if self._threads is None else self._threads.map

        how = self.cutout, index, options.effort, options.max_layers, mapped
        doubtful = ground is not None and base is None and ground.noise > 0 and ground.share < DOUBTFUL
        if doubtful and ground is not None and ground.noise > COARSE:
            ground, doubtful = None, False
        explainer = ForeignExplainer(target, *how) if ground is None else Explainer(target, ground, *how)
        if doubtful:
            # A sky, or a picture that was damaged? On the former, elements are right bit for bit.
            trial = ForeignExplainer(target, *how)
            if trial.explain_foreign(6):
                explainer, ground = trial, None
        if base is not None:
            explainer.canvas.insert(0, base)
        explainer.go()
        background = ground.background if ground is not None else plain(target).background
        scene = Scene(*wanted.size, background, [placed.layer for placed in explainer.canvas.layers])
        judge = Judge(wanted, ElementCache(self._repository), options, where)
        scene = judge.best(scene, known=True)
        noise = explainer.threshold if ground is not None else FOREIGN
        return Compressed(scene, same(judge.made(scene), wanted), judge.off(scene) > noise)

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
