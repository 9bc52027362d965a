"""Candidates for occluded regions: masked normalised correlation over assumed centres and extents of the whole.

As in `_propose.residual`, the residual is compared with the residuals that elements would leave, which says more than their outline where
they are small, blurred or translucent. Pixels under other layers or beyond the edge of the canvas are masked; where the picture is
explained, the residual is zero. Centre and extent of the whole are assumed in many ways, each of which is compared with all elements at
all turns. The strength of the residual gives the opacity.

Source of the masked correlation: D. Padfield, "Masked object registration in the Fourier domain" (2012).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from haac_match._index.gallery import Gallery
from haac_match._index.polar import ANGLES, RINGS, Frame, sample
from haac_match._picture.arrays import Bools, Floats
from haac_match._picture.canvas import Canvas
from haac_match._picture.pose import Pose
from haac_match._propose.regions import Region
from haac_match._propose.residual import (
    AREA_ROOT,
    all_turns,
    batches,
    best_turns,
    blur_in_extents,
    predicted_residuals,
)
from haac_match._propose.window import View, Window, centred, covered
from haac_match._thresholds.propose import CORRELATION, OCCLUSION


@dataclass(frozen=True, slots=True)
class _Query:
    """The residual under one assumption of centre and extent.

    Args:
        frame: of the whole, pixels of the canvas.
        residuals: (2 * ANGLES, 3 * RINGS * ANGLES), at all turns, mirrored ones too, of length 1.
        known: (2 * ANGLES, RINGS * ANGLES), visible part of the area around each sample.
        length: what the residual was divided by.
        blur: standard deviation, extents.
    """

    frame: Frame
    residuals: Floats
    known: Floats
    length: float
    blur: float


def by_occlusion(
    view: View, unexplained: Bools, region: Region, gallery: Gallery, count: int
) -> list[tuple[float, Pose]]:
    """Elements whose predicted residual resembles that of a region of which a part may be covered, the likeliest first.

    Args:
        view: picture, what is explained of it, and what is covered.
        unexplained: (height, width), True where something is not explained.
        region: where to look.
        gallery: what may be found.
        count: so many for each assumption of what is covered.

    Returns:
        (1 less the correlation, pose) of each.
    """
    window = Window.around(region, view.target.shape, CORRELATION.rim)
    if window is None:
        return []
    left, top, right, bottom = region.box
    background = view.current[top:bottom, left:right][region.mask].astype(np.float32).mean(axis=0)
    queries = _queries(view, unexplained, window)
    found: list[tuple[float, Pose]] = []
    for first, last in batches(gallery):
        predicted: dict[float, tuple[Floats, Floats]] = {}
        for query in queries:
            if query.blur not in predicted:
                table = predicted_residuals(gallery, first, last, background, query.blur)
                table = table.reshape(-1, 3, RINGS, ANGLES)
                weighted = (table * AREA_ROOT).reshape(len(table), -1)
                predicted[query.blur] = weighted, np.square(table).sum(axis=1).reshape(len(table), -1)
            scores, strengths = _masked_correlation(*predicted[query.blur], query)
            for score, row, mirrored, turn in best_turns(scores, count):
                if score <= 0:
                    break
                which = row, int(mirrored)
                opacity = float(strengths[(*which, int(scores[which].argmax()))])
                pose = gallery.pose(first + row, gallery.even[first + row], query.frame, mirrored, turn)
                if pose is not None:
                    opacity = opacity if opacity < OCCLUSION.opaque else 1.0
                    found.append((1 - score, replace(pose, blur=CORRELATION.blur, opacity=opacity)))
    return sorted(found, key=lambda pair: pair[0])


def _queries(view: View, unexplained: Bools, window: Window) -> list[_Query]:
    rim = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * CORRELATION.rim + 1,) * 2)
    near = cv2.dilate(window.region, rim) > 0
    known = np.zeros(near.shape, bool)
    known[window.part] = ~view.hidden[window.canvas]
    known[window.part] &= near[window.part] | ~unexplained[window.canvas]
    residual = np.zeros((*near.shape, 3), np.float32)
    residual[window.part] = view.target[window.canvas].astype(np.float32) - view.current[window.canvas]
    residual *= (known & near)[:, :, None]
    extents = centred(OCCLUSION.whole)
    away = window.direction(~known, OCCLUSION.contact_rim)
    if away is None:
        away = np.array([1.0, 0.0])
    else:
        extents += covered(OCCLUSION.along, OCCLUSION.extents, OCCLUSION.aside_extent)
    made = []
    for frame in window.frames(away, extents):
        samples = sample(residual, frame) * AREA_ROOT
        length = float(np.linalg.norm(samples))
        if length < 1e-3:
            continue
        visible = sample(known.astype(np.float32), frame)
        made.append(
            _Query(
                window.on_canvas(frame),
                all_turns(samples / length),
                all_turns(visible * AREA_ROOT * AREA_ROOT),
                length,
                blur_in_extents(float(frame.matrix[0, 0])),
            )
        )
    return made


def _masked_correlation(weighted: Floats, squares: Floats, query: _Query) -> tuple[Floats, Floats]:
    """Correlation of each element, mirrored or not, at each turn, and the opacity with which it fits best.

    Args:
        weighted: (elements, 3 * RINGS * ANGLES), predicted residuals times the root of the area.
        squares: (elements, RINGS * ANGLES), their squares, without it.
        query: what they are compared with.

    Returns:
        Both (elements, 2, ANGLES); a correlation is 0 where too little of the element is visible or the opacity is none.
    """
    scores = weighted @ query.residuals.T
    energy = squares @ query.known.T
    whole = np.square(weighted).sum(axis=1)[:, None]
    strengths = scores * np.float32(query.length) / np.maximum(energy, 1e-6)
    scores /= np.sqrt(np.maximum(energy, 1e-6))
    hardly_visible = energy < OCCLUSION.visible * whole
    scores[hardly_visible | (strengths < OCCLUSION.faintest) | (strengths > OCCLUSION.strongest)] = 0
    return scores.reshape(len(scores), 2, ANGLES), strengths.reshape(len(scores), 2, ANGLES)


def halves(region: Region) -> list[Region]:
    """A region cut across its longer axis, in case it shows two elements that touch."""
    y, x = np.nonzero(region.mask)
    places = np.stack([x, y], axis=1) - np.array([x.mean(), y.mean()])
    _, vectors = np.linalg.eigh(places.T @ places)
    along = places @ vectors[:, 1]
    made = []
    for end in (along < 0, along >= 0):
        mask = np.zeros_like(region.mask)
        mask[y[end], x[end]] = True
        made.append(Region(region.box, mask))
    return made


def views(canvas: Canvas, region: Region, *, through: bool) -> list[View]:
    """The picture as it is, and if translucent layers change much of a region, as it is behind them.

    Args:
        canvas: picture and layers.
        region: what is looked at.
        through: whether layers can be un-blended.
    """
    box = region.box
    whole = 0, 0, *canvas.size
    made = [View(canvas.target, canvas.current, canvas.hidden(0, whole))]
    if through and made[0].hidden[box[1] : box[3], box[0] : box[2]].any():
        target, hidden = canvas.unblended(0, box)
        off = np.abs(target.astype(np.int16) - canvas.target[box[1] : box[3], box[0] : box[2]]).max(axis=2)
        if (off[region.mask & ~hidden] > OCCLUSION.far).sum() > OCCLUSION.veiled * region.area:
            target, hidden = canvas.unblended(0, whole)
            made.append(View(target, canvas.under(0, whole), hidden))
    return made
