"""Detection of elements whoever drew them: regions, template matching, a fit of the pose, and the evidence for each.

Nothing needs to be right bit for bit: a browser, a phone or an editor may have drawn the picture, and a service may have rescaled and
encoded it since.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from haac_match._detect.aliased import UPRIGHT, aliased
from haac_match._detect.evidence import Evidence, measure, unexplained
from haac_match._detect.likelihood import log_odds
from haac_match._detect.outlined import within_outlines
from haac_match._detect.regions import Region, SmoothBackground, SmoothRegions
from haac_match._detect.stable import stable_boxes
from haac_match._detect.templates import Match, Templates, extent_of
from haac_match._detect.textured import by_keypoints, textured
from haac_match._fit.cutout import CutoutCache
from haac_match._fit.fit import Patch, fit
from haac_match._fit.inpaint import with_inpainted
from haac_match._index.index import Index
from haac_match._options import Mapper
from haac_match._picture.arrays import Box, Bytes, Doubles, Floats
from haac_match._picture.dither import without_dither
from haac_match._picture.pose import Pose

_NEAREST = 12
"""Elements that are fitted to a region at most."""
_MOST_DISTANCE = 0.6
"""Share of a region that a template may leave unexplained..."""
_NEARLY = (2.0, 0.1)
"""...and by how much it may be worse than the region's best one: a factor, and an addition."""
_NEAREST_ON_TEXTURE, _MOST_DISTANCE_ON_TEXTURE = 8, 0.45
"""The same on textures, where more is left unexplained..."""
_CANDIDATES_ON_TEXTURE = 400
"""...and of these at most."""
_AT_A_PLACE = 12
"""Candidates of about one place and size that are fitted."""
_CANDIDATES = 1_000
"""All of them at most, the nearest first: those of elements that are there are among the first hundred."""
_SAME_PLACE, _SAME_SIZE = 0.12, 0.15
"""Poses of one element are the same within this share of its size, and this difference of the logarithms of their sizes."""
_COARSE, _FINE = (24, 4), (64, 8)
"""Pixels of the window's longer side, and steps, of the two fits."""
_ROOM = 1.15
"""Size of the window over that of the element."""
_LEAST_SIDE = 7
"""Pixels of the smallest window."""
_WELL, _MUCH_LESS = 0.03, 0.6
"""Share left unexplained above which an element may have been drawn without a low-pass filter, and that which is then left of it."""
_STILL = 0.5
"""Share that may be left unexplained after the coarse fit."""
_FINELY, _COMPETES = 5, 0.4
"""Candidates of about one place and size (this difference of logarithms) that are fitted finely."""
_SAME = 0.35
"""Intersection over union from which on two detections compete."""
_LIKELY = 0.7
"""Probability from which on a detection is accepted..."""
_CERTAIN, _IN_COMPANY = 0.9, 0.3
"""...and where one is certain, that of others: who places elements places several. In cross-validation .96 of those that are right are
accepted, and none of 3,656 in pictures without elements."""
_IN_DITHER = -1.0
"""Log-odds that what was accepted in a low-pass filtered picture has at least, those in the dithered one added to half of them: the
filter makes dots and letters look like elements, and the noise makes elements less likely."""
_FEW = 100
"""Pixels: what fewer show may be a letter, whatever else is there or the filter leaves, and must be likely by itself."""
_INSIDE = 0.6
"""Share of a detection that lies in an accepted one from which on it may be a part of that..."""
_BETTER = 3.0
"""...and how many times less it must leave unexplained there, not to be."""
_TIE = 0.015
"""Share left unexplained by which a mirrored element must be better than one that is not: many are each other's mirror image."""
_SHARP = 0.6
"""Blurs up to which an element is taken for sharp, as turns up to UPRIGHT are for none..."""
_AS_GOOD = 0.01
"""...if that leaves no more than this share more unexplained."""


Candidate = tuple[Pose, SmoothBackground | None]
"""A pose, and what is behind it; None: a texture."""
Extent = tuple[float, float, float, float]
"""Left, top, right, bottom, fractions of pixels."""


@dataclass(frozen=True, slots=True)
class Detection:
    """An element, where it may be.

    Args:
        pose: in the picture.
        evidence: for it.
        background: behind it; None: unknown, and inpainted around it.
        extent: left, top, right, bottom of what shows, pixels of the picture.
    """

    pose: Pose
    evidence: Evidence
    background: SmoothBackground | None
    extent: Extent

    @property
    def turned(self) -> bool:
        """Whether the element is not upright."""
        return abs(math.remainder(self.pose.turn, math.tau)) >= UPRIGHT

    @property
    def log_odds(self) -> float:
        """Natural logarithm of the odds that the element is there."""
        return log_odds(self.evidence, turned=self.turned)

    @property
    def probability(self) -> float:
        """That the element is there, 0 to 1."""
        return 1 / (1 + math.exp(-self.log_odds))

    @property
    def score(self) -> float:
        """By which detections of different places compete: what is explained, less what is not."""
        return self.evidence.explained * (1 - 1.5 * self.evidence.unexplained)


class Detector:
    """Finds elements in pictures.

    Args:
        index: of what may be found.
        cutouts: its pixels.
        mapped: like `map`, perhaps with threads.
    """

    def __init__(self, index: Index, cutouts: CutoutCache, mapped: Mapper = map) -> None:
        self._index, self._gallery = index, index.gallery
        self._cutouts, self._mapped = cutouts, mapped
        self._made: Templates | None = None

    @property
    def _templates(self) -> Templates:
        if self._made is None:
            self._made = Templates(self._gallery, self._index.cuts, self._index.extents)
        return self._made

    def detect(self, picture: Bytes) -> tuple[list[Detection], list[Detection]]:
        """The elements that are there, back to front; and others that less speaks for, the best first.

        Args:
            picture: (height, width, 3).
        """
        accepted: list[Detection] = []
        doubtful: list[Detection] = []
        smooth = without_dither(picture)
        for groups in self._stages(smooth, accepted):
            doubtful += self._accept(smooth, groups, accepted, _LIKELY)
        # Hysteresis (J. Canny, "A computational approach to edge detection", 1986), over a picture instead of along an edge.
        if any(found.probability >= _CERTAIN for found in accepted):
            doubtful = self._accept(smooth, [[found] for found in doubtful], accepted, _IN_COMPANY)
        if smooth is not picture:
            accepted, unlikely = self._in_dither(picture, accepted)
            doubtful += unlikely
        accepted = [self._simplest(picture, found) for found in accepted]
        return (
            sorted(accepted, key=lambda found: -found.evidence.pixels),
            sorted(doubtful, key=lambda found: found.evidence.unexplained),
        )

    def all_groups(self, picture: Bytes) -> list[list[Detection]]:
        """All detections, likely or not: those of a place together, the best of each first."""
        return [group for groups in self._stages(without_dither(picture), []) for group in groups]

    def _stages(self, picture: Bytes, accepted: list[Detection]) -> Iterator[list[list[Detection]]]:
        """Groups on smooth backgrounds; then those on textures, where nothing was accepted meanwhile."""
        if not len(self._gallery.numbers):
            return
        smooth = SmoothRegions(picture)
        regions = smooth.regions()
        proposed = [*regions, *within_outlines(picture, regions)]
        yield self._groups(picture, self._candidates(picture, proposed))
        texture = textured(smooth.flat)
        if texture is not None:
            for found in accepted:
                left, top, right, bottom = (max(0, round(side)) for side in found.extent)
                texture[top:bottom, left:right] = False
            matches = self._templates.matches_on_texture(
                picture, stable_boxes(picture, texture), _NEAREST_ON_TEXTURE, _MOST_DISTANCE_ON_TEXTURE
            )
            candidates: list[Candidate] = [
                (pose, None) for pose in by_keypoints(picture, texture, self._index)
            ]
            candidates += self._distinct([(match, None) for match in matches], _CANDIDATES_ON_TEXTURE)
            yield self._groups(picture, candidates)

    def _accept(
        self, picture: Bytes, groups: list[list[Detection]], accepted: list[Detection], least: float
    ) -> list[Detection]:
        """Add what has at least a probability, and no part of what was accepted before; what is left."""
        left = []
        for group in groups:
            found = group[0]
            needed = least if found.evidence.pixels >= _FEW else _LIKELY
            if found.probability < needed or any(self._is_part(picture, found, whole) for whole in accepted):
                left.append(found)
            else:
                accepted.append(found)
        return left

    def _is_part(self, picture: Bytes, found: Detection, whole: Detection) -> bool:
        """Whether a detection is only a part of another one, which explains it."""
        if _covered(found.extent, whole.extent) < _INSIDE:
            return False
        box = _window(found.pose, self._cutouts[found.pose.element].size, picture.shape[:2])
        if box is None:
            return True
        left = []
        for one in (found, whole):
            patch = self._patch(picture, box, one.background, one.pose, _FINE[0])
            warped = patch.warped(one.pose, self._cutouts[one.pose.element])
            if one is found:
                inside = warped[:, :, 3] > 0.5
            off = patch.target - warped[:, :, :3] - (1 - warped[:, :, 3:]) * patch.under
            left.append(float((off[inside] ** 2).mean()) if inside.any() else 0.0)
        return left[1] < _BETTER * left[0] + 100

    def _in_dither(
        self, picture: Bytes, accepted: list[Detection]
    ) -> tuple[list[Detection], list[Detection]]:
        """What was accepted in a low-pass filtered picture, fitted to the dithered one: what is likely there, too; and what is not."""
        likely: list[Detection] = []
        unlikely: list[Detection] = []
        for found in accepted:
            fitted = self._fitted(picture, found.pose, found.background, _FINE) or found
            there = fitted.log_odds + found.log_odds / 2 >= _IN_DITHER
            there = there and (fitted.evidence.pixels >= _FEW or fitted.probability >= _LIKELY)
            (likely if there else unlikely).append(fitted)
        return likely, unlikely

    def _simplest(self, picture: Bytes, found: Detection) -> Detection:
        """Upright and sharp where that is as good: nothing is spent on what the picture does not tell."""
        turn = math.remainder(found.pose.turn, math.tau)
        simpler = [replace(found.pose, turn=0.0)] if 0 < abs(turn) < UPRIGHT else []
        if 0 < found.pose.blur < _SHARP:
            simpler = [replace(pose, blur=0.0) for pose in (*simpler, found.pose)] + simpler
        for pose in simpler:
            made = self._fitted(picture, pose, found.background, (_FINE[0], 0))
            if made and made.evidence.unexplained <= found.evidence.unexplained + _AS_GOOD:
                return made
        return found

    def _groups(self, picture: Bytes, candidates: list[Candidate]) -> list[list[Detection]]:
        """Detections of the same place together, the likeliest of a place first.

        Args:
            picture: (height, width, 3).
            candidates: poses, and what is behind each.
        """
        rough = [
            found
            for found in self._mapped(lambda one: self._roughly(picture, *one), candidates)
            if found and found[0] <= _STILL
        ]
        rough.sort(key=lambda found: found[0])
        chosen = [rough[at][1] for at in self._best_of_each_place([pose for _, (pose, _) in rough])]
        fine = [
            found for found in self._mapped(lambda one: self._fitted(picture, *one, _FINE), chosen) if found
        ]
        return _grouped(fine)

    def _best_of_each_place(self, poses: list[Pose]) -> list[int]:
        """Which poses have few before them that compete for their place."""
        kept: list[int] = []
        places = np.array([(pose.cx, pose.cy, math.log(pose.sx)) for pose in poses]).reshape(-1, 3)
        there = np.empty_like(places)
        for at, pose in enumerate(poses):
            off = np.abs(there[: len(kept)] - places[at])
            near = (np.hypot(off[:, 0], off[:, 1]) < self._size(pose) / 4) & (off[:, 2] < _COMPETES)
            if near.sum() < _FINELY:
                there[len(kept)] = places[at]
                kept.append(at)
        return kept

    def _candidates(self, picture: Bytes, regions: list[Region]) -> list[Candidate]:
        """Poses worth a fit on smooth backgrounds, the nearest first."""
        if not regions:
            return []
        backgrounds: Floats = np.array([region.background.colour for region in regions], np.float32).reshape(
            -1, 3
        )
        matches = self._templates.matches(
            picture, [region.box for region in regions], backgrounds, _NEAREST, _MOST_DISTANCE
        )
        ranked: list[tuple[Match, SmoothBackground | None]] = []
        for region, found in zip(regions, matches, strict=True):
            if found:
                most = found[0].distance * _NEARLY[0] + _NEARLY[1]
                ranked += [(match, region.background) for match in found if match.distance < most]
        ranked.sort(key=lambda pair: pair[0].distance)
        return self._distinct(ranked, _CANDIDATES)

    def _distinct(self, ranked: list[tuple[Match, SmoothBackground | None]], most: int) -> list[Candidate]:
        """Poses of matches, each about once, and not too many of a place."""
        kept: list[Candidate] = []
        same: dict[tuple[int, bool], list[Pose]] = {}
        places: dict[tuple[int, int, int], int] = {}
        for match, background in ranked:
            if len(kept) == most:
                break
            pose, size = match.pose, self._size(match.pose)
            others = same.setdefault((pose.element, pose.flip), [])
            place = round(2 * pose.cx / size), round(2 * pose.cy / size), round(2 * math.log2(size))
            if places.get(place, 0) >= _AT_A_PLACE or any(_same(other, pose, size) for other in others):
                continue
            places[place] = places.get(place, 0) + 1
            others.append(pose)
            kept.append((pose, background))
        return kept

    def _size(self, pose: Pose) -> float:
        """Pixels of the longer side."""
        width, height = self._gallery.sizes[self._gallery.index[pose.element]].tolist()
        return float(max(pose.sx * width, pose.sy * height, 1.0))

    def _roughly(
        self, picture: Bytes, pose: Pose, background: SmoothBackground | None
    ) -> tuple[float, Candidate] | None:
        """The share left unexplained by a coarse fit, and what it found."""
        drawn = self._drawn(picture, pose, background, _COARSE)
        if drawn is None:
            return None
        patch, warped, fitted = drawn
        left = unexplained(patch, warped)
        return None if left is None else (left, (fitted, background))

    def _drawn(
        self, picture: Bytes, pose: Pose, background: SmoothBackground | None, effort: tuple[int, int]
    ) -> tuple[Patch, Floats, Pose] | None:
        """The window of a fit, (height, width, 4), the element in it, and its pose; None if hardly any of it is in the picture."""
        cutout = self._cutouts[pose.element]
        box = _window(pose, cutout.size, picture.shape[:2])
        if box is None:
            return None
        patch = self._patch(picture, box, background, pose, effort[0])
        fitted = fit(pose, cutout, patch, effort[1], even=True).pose if effort[1] else pose
        if background is None and effort[1]:
            patch = with_inpainted(patch, fitted, cutout)
        return patch, patch.warped(fitted, cutout), fitted

    def _fitted(
        self, picture: Bytes, pose: Pose, background: SmoothBackground | None, effort: tuple[int, int]
    ) -> Detection | None:
        drawn = self._drawn(picture, pose, background, effort)
        if drawn is None:
            return None
        patch, warped, fitted = drawn
        evidence = measure(patch, warped)
        if evidence is None:
            return None
        cutout = self._cutouts[pose.element]
        if effort == _FINE and evidence.unexplained > _WELL:
            sampled = aliased(fitted, cutout, patch, warped)
            without_filter = None if sampled is None else measure(patch, sampled[1])
            if sampled and without_filter and without_filter.unexplained <= _MUCH_LESS * evidence.unexplained:
                fitted, evidence = sampled[0], without_filter
        extent = self._index.extents[self._gallery.index[pose.element]]
        return Detection(fitted, evidence, background, extent_of(fitted, extent, cutout.size))

    def _patch(
        self, picture: Bytes, box: Box, background: SmoothBackground | None, pose: Pose, side: int
    ) -> Patch:
        """A window, with what is behind a pose in it."""
        left, top, right, bottom = box
        part = picture[top:bottom, left:right]
        if background is not None:
            return Patch(part, background.pixels(box), None, box, side)
        return with_inpainted(Patch(part, part, None, box, side), pose, self._cutouts[pose.element])


def _window(pose: Pose, size: tuple[int, int], shape: tuple[int, ...]) -> Box | None:
    """The box around a pose within the picture; None if hardly any of it is there."""
    across, down = pose.reach(size)
    across, down = across * _ROOM + 2, down * _ROOM + 2
    box = (
        max(0, math.floor(pose.cx - across)),
        max(0, math.floor(pose.cy - down)),
        min(shape[1], math.ceil(pose.cx + across)),
        min(shape[0], math.ceil(pose.cy + down)),
    )
    return box if min(box[2] - box[0], box[3] - box[1]) >= _LEAST_SIDE else None


def _same(one: Pose, other: Pose, size: float) -> bool:
    """Whether two poses of one element are about the same."""
    turn = math.remainder(one.turn - other.turn, math.tau)
    return (
        max(abs(one.cx - other.cx), abs(one.cy - other.cy)) < _SAME_PLACE * size
        and abs(math.log(one.sx / other.sx)) < _SAME_SIZE
        and abs(turn) < math.radians(6)
    )


def _grouped(found: list[Detection]) -> list[list[Detection]]:
    """Non-maximum suppression that keeps what it suppresses: look-alikes are compared later."""
    groups: list[list[Detection]] = []
    extents = np.empty((len(found), 4))  # of the best of each group
    for one in sorted(found, key=lambda each: -each.score):
        same = np.flatnonzero(_overlaps(extents[: len(groups)], one.extent) > _SAME)
        if len(same):
            groups[same[0]].append(one)
        else:
            extents[len(groups)] = one.extent
            groups.append([one])
    return [
        sorted(group, key=lambda each: each.evidence.unexplained + _TIE * each.pose.flip) for group in groups
    ]


def _covered(inner: Extent, outer: Extent) -> float:
    """Share of a box that lies in another one."""
    return _common(inner, outer) / max(_area(inner), 1e-6)


def intersection_over_union(one: Extent, other: Extent) -> float:
    """Of two boxes: left, top, right, bottom."""
    return float(_overlaps(np.array([one], np.float64), other)[0])


def _overlaps(boxes: Doubles, other: Extent) -> Doubles:
    """(boxes,): intersection over union of each with another one."""
    sides = np.minimum(boxes[:, 2:], other[2:]) - np.maximum(boxes[:, :2], other[:2])
    common: Doubles = np.maximum(sides, 0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    shares: Doubles = common / np.maximum(areas + _area(other) - common, 1e-6)
    return shares


def _common(one: Extent, other: Extent) -> float:
    """Area of the intersection."""
    across, down = (
        min(one[2], other[2]) - max(one[0], other[0]),
        min(one[3], other[3]) - max(one[1], other[1]),
    )
    return max(0.0, across) * max(0.0, down)


def _area(box: Extent) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
