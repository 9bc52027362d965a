"""The page: how a picture becomes a scene of elements of the catalog. Analysis by synthesis; the renderer is the judge.

 1. border            a window or screenshot frame is split off                     `_picture/border.py`
 2. background        colour, gradient (RANSAC), photograph of the catalog, or none `_picture/background.py`, `gradient.py`
    detect            elements that another program drew, by templates and         `_detect/detect.py`
                      keypoints; unless haac drew them, step 10 is next
 3. propose           candidate poses of what is unexplained: by shape, by what     `_propose/shape.py`, `residual.py`, `occluded.py`,
                      they change, under occlusion, by keypoints, pasted regions    `_index/keypoints.py`, `_propose/pasted.py`
 4. prefilter         a coarse photometric look at many poses                       `_propose/prefilter.py`, `_fit/fitter.py`
 5. fit               Levenberg-Marquardt on the warped element                     `_fit/fit.py`
 6. grid              from the pose to the layer that draws the picture exactly     `_fit/grid.py`, `grid_photo.py`
 7. look-alikes       the same with the elements that look much like it             `_solve/select.py`, `_propose/lookalikes.py`
 8. accept            is the layer right, under the degradation assumed?            `_solve/select.py`, `photo.py`, `residuals.py`
 9. re-optimise       all layers again: JPEG, rescaled originals, pruning           `_solve/greedy.py`, `polish_jpeg.py`, `rescaled.py`
10. order             ascending elements where layers share no pixel                `haac._forms.layer_order`
11. rate-distortion   layers, wash and inline elements that pay for their bytes     `_rate/select.py`

Steps 3 to 9 are `_solve/solve.py`, which takes `_solve/greedy.py` for backgrounds that are known and `_solve/photo.py` for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from haac import ElementCache, Wash
from haac._internal import ordered
from haac_match._detect.detect import Detector
from haac_match._fit.cutout import CutoutCache
from haac_match._index.index import Index, load
from haac_match._options import Compressed, Monitor, Options
from haac_match._picture.arrays import Bytes
from haac_match._picture.background import best_photograph, estimate_background
from haac_match._picture.border import Frame, find_frame
from haac_match._picture.estimate import BackgroundEstimate
from haac_match._picture.jpeg import Jpeg
from haac_match._rate.cost import BACKDROP, Cost, Where, on_backdrop, same
from haac_match._rate.select import RateDistortion, without_carried
from haac_match._rate.visible import lost
from haac_match._solve.context import Context
from haac_match._solve.solve import solve
from haac_match._thresholds.solve import SOLVE
from haac_repo import HaacError

if TYPE_CHECKING:
    from haac_repo import Repository


class Matcher:
    """Looks for elements of one repository in pictures. Keeps its index and the elements it used in memory.

    Args:
        repository: its elements; its match index is brought up to date if it is not.
        threads: that work on one picture.
    """

    def __init__(self, repository: Repository, *, threads: int = 1) -> None:
        self._repository = repository
        self._threads = ThreadPoolExecutor(threads) if threads > 1 else None
        self._cutouts = CutoutCache(repository)
        self._index = load(repository)
        self._tagged: dict[tuple[str, ...], Index] = {}
        self._detectors: dict[tuple[str, ...], Detector] = {}

    def compress(
        self,
        picture: Image.Image,
        options: Options | None = None,
        where: Where = lambda: None,
        jpeg: Jpeg | None = None,
        monitor: Monitor | None = None,
    ) -> Compressed:
        """Find the background and the elements of a picture.

        Args:
            picture: RGB or RGBA.
            options: None: the defaults.
            where: finds the subject, if bytes are to be shared out.
            jpeg: how its file was encoded (`recorded`); None: if it went through JPEG, that is found out.
            monitor: is told how far it is, and may end it early.

        Raises:
            HaacError: an element cannot be had.
        """
        options, monitor = options or Options(), monitor or Monitor()
        context = self._context(options, monitor)
        wanted = picture.convert("RGBA")
        cache = ElementCache(self._repository)

        monitor.progress("looking at the background", 0)
        frame = self._frame(wanted, context.index)
        monitor.progress("looking for elements", 0)
        scene, noise = solve(frame.pixels, frame.background, context, jpeg if frame.whole else None)
        scene = ordered(
            frame.around(scene), cache
        )  # whatever is left out of it later, what is left stays in order
        cost = Cost(wanted, cache, options, where, monitor)
        best = RateDistortion(cost).best(scene, known=True)

        # A wash that took the place of the background is no worse an explanation of what that explained.
        elements = without_carried(best, scene.layers)
        washed = noise == SOLVE.unknown_background and isinstance(best.background, Wash)
        explained = replace(elements, background=best.background if washed else scene.background)
        made = cost.drawn(best)
        return Compressed(
            best,
            same(made, wanted),
            cost.largest_difference(explained) > noise,
            elements,
            lost(cost.wanted, cost.shown(made)),
        )

    def _context(self, options: Options, monitor: Monitor) -> Context:
        mapped = map if self._threads is None else self._threads.map
        index = self._allowed(options.only_tags)
        if options.only_tags not in self._detectors:
            self._detectors[options.only_tags] = Detector(index, self._cutouts, mapped)
        detector = self._detectors[options.only_tags]
        return Context(self._cutouts, index, options.effort, options.max_layers, mapped, monitor, detector)

    def _frame(self, wanted: Image.Image, index: Index) -> Frame:
        """What is inside of a border, or all of it, and its background."""
        target = np.asarray(on_backdrop(wanted))
        if int(np.asarray(wanted.getchannel("A")).min()) < 255:
            backdrop = Image.new("RGBA", wanted.size, BACKDROP)
            return Frame(target, BackgroundEstimate(None, backdrop, 1.0, 0.0), transparent=True)

        def estimate(pixels: Bytes) -> BackgroundEstimate | None:
            photograph = best_photograph(pixels, index.thumbnails, index.photographs, self._repository)
            return estimate_background(pixels, [photograph])

        return find_frame(target, estimate)

    def _allowed(self, tags: tuple[str, ...]) -> Index:
        """The index, without the elements that lack one of these tags."""
        if not tags:
            return self._index
        if tags not in self._tagged:
            numbers = self._numbers(tags)
            if not numbers:
                raise HaacError(
                    f"no element has the tag {' and '.join(tags)}: `haac search` shows what there is"
                )
            self._tagged[tags] = self._index.only(numbers)
        return self._tagged[tags]

    def _numbers(self, tags: Sequence[str]) -> list[int]:
        wanted = set(tags)
        return [element.number for element in self._repository.elements() if wanted <= set(element.tags)]
