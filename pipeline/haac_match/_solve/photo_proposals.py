"""Candidates on photographs: colour segments, keypoints and pasted regions propose; a rough fit ranks them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from haac_match._fit.fit import Fit
from haac_match._fit.fitter import Fitter
from haac_match._index.keypoints import features
from haac_match._index.segment_table import Likeness
from haac_match._index.segments import Sampler, Segment, segments_of
from haac_match._picture.pose import Pose
from haac_match._propose.pasted import PastedRegions
from haac_match._propose.prefilter import prefilter
from haac_match._solve.context import Context
from haac_match._thresholds.solve import PHOTO_PROPOSALS


def apart(pixels: float, blur: float) -> float:
    """Independent pixels among those that show an element: a blur mixes neighbours.

    Args:
        pixels: that show it.
        blur: standard deviation, pixels.
    """
    return pixels / (1 + 4 * math.pi * blur**2)


class PhotoProposals:
    """Ranked candidates of a picture of whose background nothing is known.

    Args:
        context: index of all elements, and effort.
        fitter: fits them.
        pasted: regions in which something seems to be pasted.
    """

    def __init__(
        self,
        context: Context,
        fitter: Fitter,
        pasted: PastedRegions,
    ) -> None:
        self._index, self._fitter, self._effort = context.index, fitter, context.effort
        self._pasted = pasted
        self._by_segment: list[Pose] | None = None
        self._by_region: list[Pose] | None = None

    def candidates(self, few: bool = False) -> Iterator[tuple[Fit, float]]:
        """Fits worth taking to the grid, the best first; and their extents, pixels.

        Args:
            few: only of the likeliest.
        """
        if self._by_segment is None:
            self._by_segment = self._by_segments()
        if self._by_region is None:
            self._by_region = self._whole()
        sources = (
            [self._by_segment[: PHOTO_PROPOSALS.few]] if few else [self._by_segment, self._by_keypoints()]
        )
        first = [*self._by_region, *(pose for source in sources for pose in source[: PHOTO_PROPOSALS.first])]
        looked = prefilter(
            [pose for source in sources for pose in source],
            self._index.gallery,
            self._fitter.canvas.target,
            self._fitter.mapped,
        )
        # Those that were looked at come first: they were moved, and their shape with them.
        return self._fitted(
            [
                *self._distinct(
                    [pose for _, pose in looked[: PHOTO_PROPOSALS.distinct_of * PHOTO_PROPOSALS.fitted]]
                )[: PHOTO_PROPOSALS.fitted],
                *first,
            ],
            z=0,
        )

    def rest(self) -> Iterator[tuple[Fit, float]]:
        """The same of the residual once layers were found."""
        return self._fitted(self._whole())

    def _whole(self) -> list[Pose]:
        """Poses of elements that resemble whole pasted regions."""
        fitter, gallery = self._fitter, self._index.gallery
        every = self._pasted.poses(fitter.canvas, gallery, self._effort, fitter.mapped)
        return [pose for poses in every for pose in self._distinct(poses)[: PHOTO_PROPOSALS.of_a_region]]

    def _fitted(self, poses: list[Pose], z: int | None = None) -> Iterator[tuple[Fit, float]]:
        fitted = sorted(
            self._fitter.coarse(self._distinct(poses), PHOTO_PROPOSALS.side, PHOTO_PROPOSALS.steps, z=z),
            key=lambda pair: -self.worth(pair[1]),
        )
        fits = [fit for _, fit in fitted]
        for at in self._first_of_each([fit.pose for fit in fits]):
            yield fits[at], self._extent(fits[at].pose)

    def worth(self, fit: Fit) -> float:
        """Likelihood of a fit, 0 to 1, by error, independent pixels and pasted content: small blurred elements fit anywhere."""
        pose = fit.pose
        cutout = self._fitter.cutouts[pose.element]
        told = apart(PHOTO_PROPOSALS.full * pose.sx * cutout.size[0] * pose.sy * cutout.size[1], pose.blur)
        pasted = PHOTO_PROPOSALS.not_pasted + (1 - PHOTO_PROPOSALS.not_pasted) * self._pasted.likelihood(
            pose, cutout
        )
        return fit.own * fit.right * pasted * told / (told + PHOTO_PROPOSALS.telling)

    def _extent(self, pose: Pose) -> float:
        width, height = self._fitter.cutouts[pose.element].size
        return max(pose.sx * width, pose.sy * height)

    def _distinct(self, poses: list[Pose]) -> list[Pose]:
        """Without near duplicates."""
        return [poses[at] for at in self._first_of_each(poses)]

    def _first_of_each(self, poses: list[Pose]) -> list[int]:
        """Which poses nearly repeat none before them."""
        kept: list[int] = []
        before: dict[tuple[int, bool], list[Pose]] = {}
        sizes, rows = self._index.gallery.sizes, self._index.gallery.index
        for at, pose in enumerate(poses):
            near = PHOTO_PROPOSALS.same_place * max(pose.sx, pose.sy) * float(sizes[rows[pose.element]].max())
            others = before.setdefault((pose.element, pose.flip), [])
            if not any(
                math.hypot(pose.cx - other.cx, pose.cy - other.cy) < near
                and abs((pose.turn - other.turn + math.pi) % math.tau - math.pi) < PHOTO_PROPOSALS.same_turn
                for other in others
            ):
                others.append(pose)
                kept.append(at)
        return kept

    def _by_keypoints(self) -> list[Pose]:
        """Poses by keypoint votes, the strongest first."""
        gallery = self._index.gallery
        query = features(
            self._fitter.canvas.target, self._pasted.maybe, PHOTO_PROPOSALS.keypoints, tiled=True
        )
        most = PHOTO_PROPOSALS.votes * (self._effort + 1)
        votes = self._index.votes(query, PHOTO_PROPOSALS.neighbours, most, self._fitter.mapped)
        return [
            Pose(int(gallery.numbers[v.row]), v.mirrored, v.x, v.y, v.scale, v.scale, v.turn)
            for v in votes
            if PHOTO_PROPOSALS.least_scale < v.scale < PHOTO_PROPOSALS.most_scale
        ]

    def _by_segments(self) -> list[Pose]:
        """Poses by colour segments: those of each look in turn, the best first."""
        target = self._fitter.canvas.target
        sampler = Sampler(target.astype(np.float32))
        cuts = sorted({cut for look in PHOTO_PROPOSALS.looks for cut in look.cuts})
        larger = {
            factor: cv2.resize(target, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
            for factor in {factor for _, _, factor in cuts}
        }

        def cut_at(cut: tuple[int, int, int]) -> list[Segment]:
            level, least, factor = cut
            maybe, most = self._pasted.maybe, target.size / (3 * PHOTO_PROPOSALS.largest)
            if factor > 1:
                maybe = maybe.repeat(factor, 0).repeat(factor, 1)
                most = 2 * math.pi * PHOTO_PROPOSALS.small**2  # no shape of that extent is larger than a disc
            found = segments_of(larger[factor], None, level, least, most * factor**2, maybe)
            if factor > 1:
                found = [
                    replace(
                        segment, x=segment.x / factor, y=segment.y / factor, extent=segment.extent / factor
                    )
                    for segment in found
                    if segment.extent < PHOTO_PROPOSALS.small * factor
                ]
            return found if factor == 1 else found[: PHOTO_PROPOSALS.most_small]

        cut = dict(zip(cuts, self._fitter.mapped(cut_at, cuts), strict=True))
        made: list[Pose] = []
        for look in PHOTO_PROPOSALS.looks:
            found = [segment for level in look.cuts for segment in cut[level]]
            rings = [sampler.rings(segment.x, segment.y, segment.extent) for segment in found]
            nearest = self._index.segments.nearest(found, rings, look, self._fitter.mapped)
            likes = [(like, segment) for segment, own in zip(found, nearest, strict=True) for like in own]
            likes.sort(key=lambda one: one[0][0])
            made += [
                self._pose(segment, like)
                for like, segment in likes[: look.poses * (self._effort + 1)]
                if like[0] < PHOTO_PROPOSALS.unlike
            ]
        return [pose for pose in made if PHOTO_PROPOSALS.least_scale < pose.sx < PHOTO_PROPOSALS.most_scale]

    def _pose(self, segment: Segment, like: Likeness) -> Pose:
        """The pose of an element one of whose segments matches one of the picture."""
        _, row, mirrored, turn = like
        table, gallery = self._index.segments, self._index.gallery
        x, y, extent = (float(v) for v in table.frames[row])
        owner = int(table.owners[row])
        width, height = (int(v) for v in gallery.sizes[owner])
        scale = segment.extent / max(extent, 1e-3)
        dx, dy = (width / 2 - x) * (-1 if mirrored else 1), height / 2 - y
        c, s = math.cos(turn), math.sin(turn)
        return Pose(
            int(gallery.numbers[owner]),
            mirrored,
            segment.x + scale * (c * dx + s * dy),
            segment.y + scale * (-s * dx + c * dy),
            scale,
            scale,
            turn % math.tau,
        )
