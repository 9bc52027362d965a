"""Where elements may be on a ground that nothing explains: regions, pieces of one colour and local features propose, a fit chooses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from haac_match._fit.fit import Fit
from haac_match._fit.fitter import Fitter
from haac_match._index.keypoints import features
from haac_match._index.segment_table import Likeness
from haac_match._index.segments import Sampler, Segment, segments_of
from haac_match._picture.arrays import Floats
from haac_match._picture.pose import Pose
from haac_match._propose.pasted import PastedRegions
from haac_match._propose.prefilter import prefilter
from haac_match._solve.context import Context

_Cut = tuple[int, int, int]


def apart(pixels: float, blur: float) -> float:
    """How many pixels that show an element tell something of their own: those that a blur mixes do not.

    Args:
        pixels: that show it.
        blur: standard deviation, pixels.
    """
    return pixels / (1 + 4 * math.pi * blur**2)


@dataclass(frozen=True, slots=True)
class _Look:
    """How pieces are cut and compared.

    Args:
        cuts: how much neighbouring pixels in a piece may differ, levels, how many must be alike, and by how much the picture is made larger
            before: small pieces hardly have a pixel that is not at their edge.
        blur: elements are blurred by so many extents before.
        tolerance: levels by which colours may differ.
        alike: so many elements are tried for each piece...
        most: ... and so many poses kept for each step of effort.
    """

    cuts: tuple[_Cut, ...]
    blur: float
    tolerance: int
    alike: int
    most: int


_LOOKS = (
    _Look(((1, 12, 1), (3, 16, 1)), 0.0, 14, 12, 500),
    _Look(((1, 12, 2),), 0.0, 14, 12, 400),
    _Look(((3, 16, 1), (6, 20, 1), (10, 20, 1)), 0.5, 18, 16, 1500),
)
"""For plain and shaded pieces, for small and for blurred ones."""
_SMALL = 10.0
"""Pixels of the picture: pieces of larger extent are not looked for in a larger one."""
_MOST_SMALL = 1200
_UNLIKE = 0.75
"""Part of the variation around a piece above which what is not explained makes a resemblance worthless."""
_FEATURES = 8000
_VOTES = 600
"""Poses that local features may propose for each step of effort."""
_FIRST = 100
"""Of each kind so many are fitted whatever the quick look says: it does not see thin gallery."""
_FITTED = 400
_OF_A_REGION = 80
"""Poses that are fitted of what one region looks like."""
_FULL, _TOLD = 0.6, 8.0
"""Part of its box that an element takes, about; and pixels that tell something of their own with which a fit counts half."""
_UNLAID = 0.25
"""What a fit is worth where nothing seems to have been laid on the picture."""
_FEW = 200
"""So many proposals are enough to see whether there is anything."""


class PhotoProposals:
    """Where elements may be in a picture of which nothing is known.

    Args:
        context: index of all elements, and effort.
        fitter: fits them.
        laid: what was laid on the picture.
    """

    def __init__(
        self,
        context: Context,
        fitter: Fitter,
        laid: PastedRegions,
    ) -> None:
        self._index, self._fitter, self._effort = context.index, fitter, context.effort
        self._laid = laid
        self._by_piece: list[Pose] | None = None
        self._by_region: list[Pose] | None = None

    def candidates(self, few: bool = False) -> Iterator[tuple[Fit, float]]:
        """Fits worth to be made exact, the best first; and their extent, pixels.

        Args:
            few: only of the likeliest.
        """
        if self._by_piece is None:
            self._by_piece = self._pieces()
        if self._by_region is None:
            self._by_region = self._whole()
        sources = [self._by_piece[:_FEW]] if few else [self._by_piece, self._features()]
        first = [*self._by_region, *(pose for source in sources for pose in source[:_FIRST])]
        looked = prefilter(
            [pose for source in sources for pose in source],
            self._index.gallery,
            self._fitter.canvas.target,
            self._fitter.mapped,
        )
        # Those that were looked at come first: they were moved, and their shape with them.
        return self._fitted(
            [*self._distinct([pose for _, pose in looked[: 8 * _FITTED]])[:_FITTED], *first], z=0
        )

    def rest(self) -> Iterator[tuple[Fit, float]]:
        """The same of what is left over once some layers were found."""
        return self._fitted(self._whole())

    def _whole(self) -> list[Pose]:
        """What whole regions look like."""
        fitter, gallery = self._fitter, self._index.gallery
        every = self._laid.poses(fitter.canvas, gallery, self._effort, fitter.mapped)
        return [pose for poses in every for pose in self._distinct(poses)[:_OF_A_REGION]]

    def _fitted(self, poses: list[Pose], z: int | None = None) -> Iterator[tuple[Fit, float]]:
        fitted = sorted(
            self._fitter.coarse(self._distinct(poses), 32, 5, z=z), key=lambda pair: -self.worth(pair[1])
        )
        best = {id(fit.pose): fit for _, fit in reversed(fitted)}
        for pose in self._distinct([fit.pose for _, fit in fitted]):
            yield best[id(pose)], self._extent(pose)

    def worth(self, fit: Fit) -> float:
        """How likely a fit is, 0 to 1: most that is small and blurred enough to say nothing is right somewhere."""
        pose = fit.pose
        cutout = self._fitter.cutouts[pose.element]
        told = apart(_FULL * pose.sx * cutout.size[0] * pose.sy * cutout.size[1], pose.blur)
        laid = _UNLAID + (1 - _UNLAID) * self._laid.likelihood(pose, cutout)
        return fit.own * fit.right * laid * told / (told + _TOLD)

    def _extent(self, pose: Pose) -> float:
        width, height = self._fitter.cutouts[pose.element].size
        return max(pose.sx * width, pose.sy * height)

    def _distinct(self, poses: list[Pose]) -> list[Pose]:
        """Without those that nearly repeat one before."""
        kept: list[Pose] = []
        seen: dict[tuple[int, bool], list[Pose]] = {}
        sizes, rows = self._index.gallery.sizes, self._index.gallery.index
        for pose in poses:
            near = 0.1 * max(pose.sx, pose.sy) * float(sizes[rows[pose.element]].max())
            others = seen.setdefault((pose.element, pose.flip), [])
            if not any(
                math.hypot(pose.cx - other.cx, pose.cy - other.cy) < near
                and abs((pose.turn - other.turn + math.pi) % math.tau - math.pi) < 0.2
                for other in others
            ):
                others.append(pose)
                kept.append(pose)
        return kept

    def _features(self) -> list[Pose]:
        """What local features speak for, the strongest first."""
        gallery = self._index.gallery
        query = features(self._fitter.canvas.target, self._laid.maybe, _FEATURES)
        votes = self._index.votes(query, 8, self._fitter.mapped)[: _VOTES * (self._effort + 1)]
        return [
            Pose(int(gallery.numbers[v.row]), v.mirrored, v.x, v.y, v.scale, v.scale, v.turn)
            for v in votes
            if _SCALES[0] < v.scale < _SCALES[1]
        ]

    def _pieces(self) -> list[Pose]:
        """What pieces speak for: those of each look in turn, the best first."""
        target, table = self._fitter.canvas.target, self._index.segments
        sampler = Sampler(target.astype(np.float32))
        cuts = sorted({cut for look in _LOOKS for cut in look.cuts})
        larger = {
            factor: cv2.resize(target, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
            for factor in {factor for _, _, factor in cuts}
        }

        def cut_at(cut: _Cut) -> list[Segment]:
            level, least, factor = cut
            maybe, most = self._laid.maybe, target.size / 12
            if factor > 1:
                maybe = maybe.repeat(factor, 0).repeat(factor, 1)
                most = 2 * math.pi * _SMALL**2  # no shape of that extent is larger than a disc
            found = segments_of(larger[factor], None, level, least, most * factor**2, maybe)
            if factor > 1:
                found = [
                    replace(piece, x=piece.x / factor, y=piece.y / factor, extent=piece.extent / factor)
                    for piece in found
                    if piece.extent < _SMALL * factor
                ]
            return found if factor == 1 else found[:_MOST_SMALL]

        cut = dict(zip(cuts, self._fitter.mapped(cut_at, cuts), strict=True))
        made: list[Pose] = []
        for look in _LOOKS:
            found = [piece for level in look.cuts for piece in cut[level]]
            rings = [sampler.rings(piece.x, piece.y, piece.extent) for piece in found]
            table.prepare(look.blur)
            batches = [
                range(first, min(first + _AT_ONCE, len(found))) for first in range(0, len(found), _AT_ONCE)
            ]

            def near(
                batch: range, look: _Look = look, found: list[Segment] = found, rings: list[Floats] = rings
            ) -> list[tuple[Likeness, Segment]]:
                return [
                    (like, found[at])
                    for at in batch
                    for like in table.nearest(
                        found[at].colour, rings[at], found[at].outline, look.blur, look.tolerance, look.alike
                    )
                ]

            likes = [one for many in self._fitter.mapped(near, batches) for one in many]
            likes.sort(key=lambda one: one[0][0])
            made += [
                self._pose(piece, like)
                for like, piece in likes[: look.most * (self._effort + 1)]
                if like[0] < _UNLIKE
            ]
        return [pose for pose in made if _SCALES[0] < pose.sx < _SCALES[1]]

    def _pose(self, piece: Segment, like: Likeness) -> Pose:
        """Where an element stands if a piece of the picture is one of its own."""
        _, row, mirrored, turn = like
        table, gallery = self._index.segments, self._index.gallery
        x, y, extent = (float(v) for v in table.frames[row])
        owner = int(table.owners[row])
        width, height = (int(v) for v in gallery.sizes[owner])
        scale = piece.extent / max(extent, 1e-3)
        dx, dy = (width / 2 - x) * (-1 if mirrored else 1), height / 2 - y
        c, s = math.cos(turn), math.sin(turn)
        return Pose(
            int(gallery.numbers[owner]),
            mirrored,
            piece.x + scale * (c * dx + s * dy),
            piece.y + scale * (-s * dx + c * dy),
            scale,
            scale,
            turn % math.tau,
        )


_SCALES = 0.03, 6.0
_AT_ONCE = 16
"""Pieces that a thread is given together."""
