"""Layers are found until they explain a picture: regions first, then what local features speak for, then all of them together."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from haac import Colour, Layer
from haac_match._fit.cutout import Cutout
from haac_match._fit.fitter import Found, Searcher
from haac_match._index.index import Index
from haac_match._index.keypoints import Vote, features
from haac_match._picture.arrays import Bools, Box, Bytes, area, overlap
from haac_match._picture.background import Ground
from haac_match._picture.canvas import Canvas, Placed
from haac_match._picture.degraded import rings
from haac_match._picture.jpeg import Jpeg, trace
from haac_match._picture.pose import Pose
from haac_match._propose.occluded import glimpsed, halves, views
from haac_match._propose.regions import Region, regions
from haac_match._propose.residual import seen
from haac_match._propose.shape import Guess, candidates, partial
from haac_match._rate.cost import LAMBDA
from haac_match._solve.polish_jpeg import finish
from haac_match._solve.prune import prune
from haac_match._solve.rescaled import Restorer
from haac_match._solve.residuals import PROOF

_log = logging.getLogger(__name__)

GUESSES = (
    (Guess(),),
    (Guess(2), Guess(4), Guess(7)),
    (Guess(0, 0.8), Guess(0, 0.6), Guess(3, 0.8), Guess(3, 0.6), Guess(6, 0.7)),
)
"""What is assumed of a region, in turn, until an element fits."""
SMALL = 4000
"""Pixels of a region below which elements are sought by what they change: larger ones show more of themselves."""

FAINT = 0.7
"""Opacity that is assumed of what is sought among others that are not yet found."""
LIKELY = 0.4
"""Part of the error that an element must take away if it is then tried wider and higher."""
GLIMPSED = 40_000
"""Pixels of a region below which that is done for all that is left, once nothing else was found."""
RESTS = 500
"""Pixels of a region from which on it is done in a damaged picture: layers that are not quite right leave smaller ones."""


class Explainer(Restorer):
    """One picture being explained.

    Args:
        target: (height, width, 3).
        ground: what is behind its things.
        cutout: gives an element's pixels by its number.
        index: what the elements look like.
        effort: 1 to 9.
        max_layers: at most so many.
        mapped: like `map`, perhaps with threads.
        recorded: how the picture's file says that it was encoded.
    """

    def __init__(
        self,
        target: Bytes,
        ground: Ground,
        cutout: Callable[[int], Cutout],
        index: Index,
        effort: int,
        max_layers: int,
        mapped: Callable[..., Iterable[Any]] = map,
        recorded: Jpeg | None = None,
    ) -> None:
        search = Searcher(Canvas(target, ground.pixels), cutout, 2.0, mapped)
        super().__init__(search, cutout, index.things, effort, ground)
        self._recorded = recorded
        self._near_misses = self._hits = 0
        self._index, self._max_layers = index, max_layers
        self._mixed = -1
        self._doubted: set[Layer] = set()
        self._look_for_damage(ground)

    @property
    def threshold(self) -> float:
        """Levels by which a right pixel may be off."""
        return self._search.tolerance

    def _look_for_damage(self, ground: Ground) -> None:
        target = self.canvas.target
        off = np.abs(self.canvas.current.astype(np.int16) - target).max(axis=2)
        if ground.noise or ((off > 0) & (off <= 2)).sum() > 0.2 * (off > 8).sum():
            self._settle_for_noise()
        elif isinstance(ground.background, Colour) and rings(target, self.canvas.current):
            self._doubtful = True
            self._settle_for_noise()

    def go(self) -> None:
        """Explain what can be explained."""
        for _ in range(3):
            self.explain()
            while self.explain_parts() or self.explain_rest() or self.explain_mixed() or self.reconsider():
                self.explain()
            if self._clean and not self._restored and self._failed and (self._near_misses or not self._hits):
                self._settle_for_noise()
            elif self._look_for_scaling(1):
                continue
            elif not self.tidy():
                break
        how = self._search, self._cutout, self._among_siblings, self._things
        self.background = finish(self.canvas, self.background, *how)
        if self._restored:
            self._fit_to_size()
        elif not self._clean and self._search.jpeg is None:
            self.compare_again()

    def _settle_for_noise(self) -> None:
        """The picture is damaged: from now on pixels need only be nearly right."""
        _log.debug("damaged: pixels need only be nearly right")
        self._clean = self._search.clean = False
        self._search.tolerance = 12.0 + 2 * self._noise
        self._search.jpeg = trace(self.canvas.target, self._recorded)
        self._failed.clear()
        self._vain.clear()

    def explain(self) -> None:
        """Add layers while there are any that explain a region."""
        if self._restored:
            self._settle_all()
        self._explain_regions()
        if self._restored:
            self._settle_all()

    def _explain_regions(self) -> None:
        progress = True
        while progress and len(self.canvas.layers) < self._max_layers:
            progress = False
            unexplained = self._standing.unexplained()
            for region in self._regions(unexplained):
                if _part_of(region, self._failed) or len(self.canvas.layers) >= self._max_layers:
                    continue
                off = self._standing.off(region.box) > self.threshold
                if (off & region.mask).sum() < 0.7 * region.area:
                    continue
                found = self._best(region)
                _log.debug("region %s of %d pixels: %s", region.box, region.area, found and found.snapped)
                if self._clean and not self._restored and self._near_misses >= 2 and self._hits == 0:
                    self._settle_for_noise()
                    progress = True
                    break
                if found is None or not self._add(found):
                    self._failed[region.box] = region.area
                    continue
                progress = True
                if self._look_for_scaling(max(2, self._asked)):
                    break
                if (
                    self._doubtful
                    and self._search.jpeg is None
                    and found.snapped.exact == 1
                    and found.snapped.shown > PROOF
                ):
                    self._trust()

    def _regions(self, unexplained: Bools) -> list[Region]:
        """Parts of what is unexplained, also those that are nearly connected; the largest first."""
        parts: dict[Box, Region] = {}
        for closing in (0, 3, 8):
            for region in regions(unexplained, closing, 40 if self._clean else 150):
                parts.setdefault(region.box, region)
        return sorted(parts.values(), key=lambda region: -region.area)

    def explain_rest(self) -> bool:
        """Add layers that are blurred, translucent or covered, by what they change. True if there was any."""
        if not self._hits:
            return False
        unexplained = self._standing.unexplained()
        for region in self._regions(unexplained):
            least = 0 if self._clean else RESTS
            if not least <= region.area <= GLIMPSED or _part_of(region, self._vainly):
                continue
            left, top, right, bottom = region.box
            seen_as = views(self.canvas, region, through=True)
            target, current, hidden = seen_as[0]
            if (hidden[top:bottom, left:right] & region.mask).any():
                seen_as.append((target, current, np.zeros_like(hidden)))  # on top of all
            lists = [
                glimpsed(*view, unexplained, seen, self._things, 8 + 2 * self._effort)
                for seen in (region, *halves(region))
                for view in seen_as
            ]
            found, _ = self._of(self._screened(lists, 384), set(), None, alone=False)
            _log.debug("rest %s of %d pixels: %s", region.box, region.area, found and found.snapped)
            if found is not None and len(self.canvas.layers) < self._max_layers:
                if not self._pays(found):
                    found = self._among_siblings(found)
                if self._pays(found) and self._add(found):
                    return True
            self._vainly[region.box] = region.area
        return False

    def _trust(self) -> None:
        """The picture is not damaged after all: something in it is right to the bit."""
        self._doubtful = False
        self._clean = self._search.clean = True
        self._search.jpeg = None
        self._search.tolerance = 2.0
        self._failed.clear()

    def _add(self, found: Found) -> bool:
        """Accept a layer; what failed near it may now succeed. False if it is not needed beside the others, now or before."""
        layer, box = found.snapped.placed.layer, found.snapped.placed.box
        if layer in self._gone:
            return False
        self.canvas.insert(found.z, found.snapped.placed)
        self._forget(box)
        if not self._clean:
            self._gone.update(prune(self.canvas, box, lambda part: self._standing.off(part) > self.threshold))
        return layer not in self._gone

    def _best(self, region: Region) -> Found | None:
        left, top, right, bottom = region.box
        part = np.s_[top:bottom, left:right]
        seen_as = views(self.canvas, region, through=self._search.through)
        count = 8 + 2 * self._effort
        best: Found | None = None
        tried: set[tuple[int, bool, float]] = set()
        for stage in range(len(GUESSES) + 1):
            if stage == 2:
                lists = [
                    partial(*view, region, self._things, count, opacity, stretched=opacity == 1)
                    for view in seen_as
                    for opacity in (1.0, 0.75, 0.55)
                ]
                poses = self._screened(lists, 384)
            else:
                lists = [
                    found
                    for target, under, _ in seen_as
                    for found in candidates(
                        target[part], under[part], region, self._things, count, GUESSES[stage - (stage > 2)]
                    )
                ]
                if stage == 0 and not self._clean and region.area < SMALL:
                    lists.insert(
                        0, seen(self.canvas.target, self.canvas.current, region, self._things, count)
                    )
                poses = self._screened(lists, 160 if stage else 64)
            best, sure = self._of(poses, tried, best)
            if best is not None and sure:
                self._hits += 1
                return best if self._search.proves else self._among_siblings(best, 0)
            doubts = self._clean and self._gone  # a look-alike was the first that fitted
            if best is not None and best.snapped.good > (0.5 if self._clean else 0.9) and not doubts:
                break
        if best is None:
            return None
        best = self._among_siblings(best)
        if self._pays(best):
            self._hits += 1
            return best
        _log.debug(
            f"no: {best.snapped.placed.layer.element} share {best.share:.3f} exact {best.snapped.exact:.2f} good {best.snapped.good:.2f}"
            f" mended {best.snapped.mended:.2f}"
        )
        if best.share > (0.9 if best.snapped.exact < 0.3 else 0.95):
            self._near_misses += 1
        return None

    def explain_parts(self) -> bool:
        """Add layers that local features speak for. True if there was any."""
        unexplained = self._standing.unexplained()
        if not unexplained.any():
            return False
        mask = cv2.dilate(unexplained.astype(np.uint8), np.ones((9, 9), np.uint8))
        query = features(self.canvas.target, mask)
        poses = [self._pose_of(vote) for vote in self._index.votes(query, 8)[: 60 + 20 * self._effort]]
        if self._search.partly:
            poses += [replace(pose, opacity=FAINT) for pose in poses]
        pool = self._search.verify(poses)
        progress = False
        tried = 0
        for _, rough in pool[:60]:
            pose = rough.pose
            size = self._cutout(pose.element).size
            near = 0.25 * max(pose.sx * size[0], pose.sy * size[1])
            if (
                rough.share < 0.15
                or tried > 12
                or any(math.hypot(pose.cx - x, pose.cy - y) < near for x, y in self._vain)
            ):
                continue
            again = self._search.verify([pose], iterations=3, known=True)
            if not again or again[0][1].gain < 0.5 * rough.gain:
                continue
            tried += 1
            found = self._settle(*again[0])
            proven = found is not None and self._search.proves and self._search.sure(found)
            if found is not None and not proven and found.share > 0.3:
                found = self._among_siblings(found)
                if self._search.partly and not self._pays(found) and found.share > LIKELY:
                    found = self._stretched(found)
            if found is not None:
                _log.debug(
                    f"parts {found.snapped.placed.layer} z {found.z} gain {found.gain} exact {found.snapped.exact:.3f}"
                    f" good {found.snapped.good:.3f} mended {found.snapped.mended:.3f} share {rough.share:.2f} {found.share:.2f}"
                )
            room = len(self.canvas.layers) < self._max_layers
            if found is not None and room and self._pays(found) and self._add(found):
                progress = True
            elif found is not None and found.share > 0.3:
                self._vain.append((pose.cx, pose.cy))
        if progress:
            self._vain.clear()
        return progress

    def explain_mixed(self) -> bool:
        """Add layers that others, not yet found, lie on or shine through. True if there was any."""
        if not self._hits or self._mixed == self.canvas.version:
            return False
        kept, self._vain = self._vain, []
        self._search.partly = True
        found = self.explain_parts()
        self._search.partly = False
        self._vain, self._mixed = kept, self.canvas.version
        return found

    def reconsider(self) -> bool:
        """Layers of which something is not right may be look-alikes: try without each. True if that was better."""
        if not (self._clean and self._hits):
            return False
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            if placed.layer in self._doubted or not self._standing.wrong(z, placed):
                continue
            self._doubted.add(placed.layer)
            before, kept = self._standing.total(), list(self.canvas.layers)
            known = dict(self._failed), dict(self._vainly)
            self.canvas.remove(z)
            self._gone = {placed.layer}
            self._forget(placed.box)
            self.explain()
            self._gone = set()
            if self._standing.total() < before:
                _log.debug("not %s", placed.layer)
                return True
            self.canvas.layers = kept
            self.canvas.refresh((0, 0, *self.canvas.size))
            self._failed, self._vainly = known
        return False

    def _pose_of(self, vote: Vote) -> Pose:
        number = int(self._things.numbers[vote.thing])
        return Pose(number, vote.mirrored, vote.x, vote.y, vote.scale, vote.scale, vote.turn)

    def tidy(self) -> bool:
        """Fit each layer that is not right anew, now that the others are there; take away what does not pay. True if anything changed."""
        changed = False
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            if not self._standing.wrong(z, placed):
                continue
            before = self._standing.total()
            self.canvas.remove(z)
            best: tuple[float, int, Placed] = (before, z, placed)
            found = self._search.exact(z, self._search.pose_of(placed.layer), patience=2)
            if found is not None and found.snapped.exact < 1:
                found = self._among_siblings(found)
            if found is not None and (self._clean or self._search.plausible(found.snapped.placed.layer)):
                best = self._best_place(found.snapped.placed, z, best)
            without = self._standing.total()
            if without - best[0] < LAMBDA * 8:
                _log.debug(f"dropped {placed.layer}")
                changed = True
                continue
            self.canvas.insert(best[1], best[2])
            if best[2] != placed or best[1] != z:
                _log.debug(f"tidied {placed.layer} -> {best[2].layer} {z} -> {best[1]}")
                changed = True
        return changed

    def compare_again(self) -> None:
        """Weigh layers and what looks like them from the same start: mirrored ones, and those that others lay on when they were found."""
        for placed in list(self.canvas.layers):
            z = self.canvas.layers.index(placed)
            self.canvas.remove(z)
            pose = self._search.pose_of(placed.layer)
            if placed.layer.flip or self.canvas.places_beside(placed):
                rough = self._search.verify([pose], 64, 0, known=True, z=z)
                found = self._settle(*rough[0]) if rough else None
                best = found and self._among_siblings(found, 0)
                if best is not None and best is not found:
                    _log.debug("rather %s than %s", best.snapped.placed.layer, placed.layer)
                    placed = best.snapped.placed
            self.canvas.insert(z, placed)


def _part_of(region: Region, failed: dict[Box, int]) -> bool:
    """Whether it is a region that nothing explained, or a scrap of one."""
    for box, pixels in failed.items():
        common = overlap(box, region.box)
        if common is None:
            continue
        shared, own, other = area(common), area(region.box), area(box)
        if (shared > 0.8 * max(own, other) and region.area > 0.7 * pixels) or (
            shared == own and region.area < 0.3 * pixels
        ):
            return True
    return False
