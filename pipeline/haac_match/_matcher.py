"""A picture becomes a scene of elements of the catalog."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from haac import ElementCache, Scene
from haac._internal import ordered
from haac_match._fit.fit import Cutout
from haac_match._index.index import Index, load
from haac_match._options import Compressed, Options
from haac_match._picture.background import Ground, find_ground, plain, plates
from haac_match._picture.border import framed, window
from haac_match._picture.jpeg import Jpeg
from haac_match._propose.shape import only
from haac_match._rate.select import BACKDROP, FOREIGN, Judge, Where, on_backdrop, same
from haac_match._solve.greedy import Explainer
from haac_match._solve.photo import ForeignExplainer
from haac_repo import HaacError

if TYPE_CHECKING:
    from haac_repo import Repository

DOUBTFUL = 0.75
"""Part of a picture below which a ground that is not exact may be a part of a photograph."""
MOSTLY = 0.5
"""Part of a picture below which an exact ground may be: white in a photograph, or the sky."""
COARSE = 6.0
"""Levels: if such a ground has more noise, no ground that was drawn is behind it."""
NEAR_GROUND = 16
"""Levels by which a ground may be off along the sides of a picture."""
WORTH = 0.5
"""Part of a border that must be explained besides if it is taken for one."""
KEPT_BYTES = 768 * 2**20
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
        jpeg: Jpeg | None = None,
    ) -> Compressed:
        """Find the ground and the elements of a picture.

        Args:
            picture: RGB or RGBA.
            options: None: the defaults.
            where: finds the subject, if bytes are to be shared out.
            jpeg: how its file was encoded (`recorded`); None: if it went through JPEG, that is found out.

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
            scene, noise = self._on(target, Ground(None, backdrop, 1.0, 0.0), index, options, None)
        else:
            scene, noise = self._opaque(target, index, options, jpeg)
        cache = ElementCache(self._repository)
        scene = ordered(scene, cache)  # whatever is left out of it later, what is left stays in order
        judge = Judge(wanted, cache, options, where)
        best = judge.best(scene, known=True)
        # A wash that took the place of the ground is no worse an explanation of what that explained.
        explained = best if noise == FOREIGN else replace(best, background=scene.background)
        return Compressed(best, same(judge.made(best), wanted), judge.off(explained) > noise)

    def _opaque(
        self, target: npt.NDArray[np.uint8], index: Index, options: Options, jpeg: Jpeg | None
    ) -> tuple[Scene, float]:
        """The scene of a picture, and by how many levels a pixel of it may be wrong."""
        ground = self._ground(target, index)
        if ground is None or ground.share < 0.5 or not _explains_outline(ground, target):
            inside = window(target)
            if inside is not None:
                box, plain_part = inside
                inner = np.ascontiguousarray(target[box[1] : box[3], box[0] : box[2]])
                inner_ground = self._ground(inner, index)
                part = inner.shape[0] * inner.shape[1] / (target.shape[0] * target.shape[1])
                share = 0.0 if inner_ground is None else inner_ground.share * part + plain_part * (1 - part)
                if share > (0.0 if ground is None else ground.share + WORTH * (1 - part)):
                    scene, noise = self._on(inner, inner_ground, index, options, None)
                    return framed(scene, box, target), noise
        return self._on(target, ground, index, options, jpeg)

    def _ground(self, target: npt.NDArray[np.uint8], index: Index) -> Ground | None:
        return find_ground(target, [plates(target, index.thumbnails, index.photographs, self._repository)])

    def _on(
        self,
        target: npt.NDArray[np.uint8],
        ground: Ground | None,
        index: Index,
        options: Options,
        jpeg: Jpeg | None,
    ) -> tuple[Scene, float]:
        """The layers on a ground, and by how many levels a pixel may be wrong."""
        mapped = map if self._threads is None else self._threads.map
        how = self.cutout, index, options.effort, options.max_layers, mapped
        doubtful = ground is not None and ground.share < (DOUBTFUL if ground.noise > 0 else MOSTLY)
        if doubtful and ground is not None and ground.noise > COARSE:
            ground, doubtful = None, False
        explainer = (
            ForeignExplainer(target, *how) if ground is None else Explainer(target, ground, *how, jpeg)
        )
        if doubtful:
            # A sky, or a picture that was damaged? On the former, elements are right bit for bit.
            trial = ForeignExplainer(target, *how)
            if trial.explain_foreign(6):
                explainer, ground = trial, None
        explainer.go()
        background = explainer.background if ground is not None else plain(target).background
        layers = [placed.layer for placed in explainer.canvas.layers]
        scene = Scene(target.shape[1], target.shape[0], background, layers)
        return scene, explainer.threshold if ground is not None else FOREIGN

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


def _explains_outline(ground: Ground, target: npt.NDArray[np.uint8]) -> bool:
    """Whether a ground is right along most of the sides of the picture."""
    made = np.asarray(ground.pixels.convert("RGB")).astype(np.int16)
    off = np.abs(made - target).max(axis=2) > NEAR_GROUND
    outline = np.concatenate([off[0], off[-1], off[:, 0], off[:, -1]])
    return float(outline.mean()) < 0.5


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
