"""Candidate generation by nearest shape descriptors: of whole regions, and of those of which a part is covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from haac_match._index.gallery import Gallery
from haac_match._index.polar import RING_WEIGHT, Frame, describe, frames, sample
from haac_match._picture.arrays import Bools, Bytes, Floats
from haac_match._picture.pose import Pose
from haac_match._propose.regions import Region
from haac_match._propose.window import View, Window, centred, covered
from haac_match._thresholds.index import DESCRIPTOR
from haac_match._thresholds.propose import SHAPE


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed of a region while elements that look like it are sought.

    Args:
        rim: pixels that a blur added around it.
        opacity: 0 to 1.
    """

    rim: int = 0
    opacity: float = 1.0


def by_shape(
    target: Bytes,
    under: Bytes,
    region: Region,
    gallery: Gallery,
    count: int,
    assumptions: Sequence[Assumption],
) -> list[list[tuple[float, Pose]]]:
    """Elements that look like a region, the likeliest first.

    Args:
        target: (height, width, 3), the picture in the region's box.
        under: (height, width, 3), what is explained there already.
        region: where to look.
        gallery: what may be found.
        count: so many in each of the two frames.
        assumptions: what is assumed, in turn.

    Returns:
        (squared distance, pose) of each, for each assumption.
    """
    found: list[list[tuple[float, Pose]]] = [[] for _ in assumptions]
    looks = [(at, _looks(target, under, region.mask, assumed)) for at, assumed in enumerate(assumptions)]
    asked = [(at, *look) for at, look in looks if look is not None]
    if not asked:
        return found
    left, top = region.box[:2]
    for which, table, rows in (
        (0, gallery.even_rings, gallery.even),
        (1, gallery.round_rings, gallery.round),
    ):
        queries = np.stack([describe(pixels, both[which]) for _, pixels, both in asked])
        for (at, _, both), likes in zip(asked, table.nearest_of(queries, None, count), strict=True):
            assumed, frame = assumptions[at], both[which]
            there = Frame(frame.x + left, frame.y + top, frame.matrix)
            blur = assumed.rim / SHAPE.rim_to_blur if assumed.rim else 0.0
            for distance, row, mirrored, turn in likes:
                pose = gallery.pose(row, rows[row], there, mirrored, turn)
                if pose is not None:
                    found[at].append((distance, replace(pose, blur=blur, opacity=assumed.opacity)))
    return [sorted(one, key=lambda pair: pair[0]) for one in found]


def _looks(
    target: Bytes, under: Bytes, mask: Bools, assumed: Assumption
) -> tuple[Floats, tuple[Frame, Frame]] | None:
    """What a region would show of an element, premultiplied, and its frames; None if nothing."""
    where = mask
    if assumed.rim:
        rim = assumed.rim
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1,) * 2)
        inner = np.pad(where.astype(np.uint8), rim)
        where = cv2.erode(inner, kernel)[rim:-rim, rim:-rim] > 0
        if where.sum() < SHAPE.core:
            return None
    both = frames(where)
    colours = None if both is None else _unmixed(target, under, where, assumed.opacity)
    if both is None or colours is None:
        return None
    cover = where.astype(np.float32)[:, :, None]
    return np.concatenate([colours * cover, cover], axis=2), both


def _unmixed(target: Bytes, under: Bytes, where: Bools, opacity: float) -> Floats | None:
    """Colours of an element of this opacity, un-blended; None if too many lie outside of 0 to 255."""
    colours: Floats = target.astype(np.float32)
    if opacity < 1:
        colours = ((colours - (1 - opacity) * under) / opacity).astype(np.float32)
        none = (np.abs(colours - 127.5) > SHAPE.clipped).any(axis=2)
        if float(none[where].mean()) > SHAPE.clipped_share:
            return None
        np.clip(colours, 0, 255, out=colours)
    return colours


def by_partial_shape(
    view: View,
    region: Region,
    gallery: Gallery,
    count: int,
    opacity: float = 1.0,
    *,
    stretched: bool,
) -> list[tuple[float, Pose]]:
    """Elements that look like a region of which other layers, or the edge of the canvas, may cover a part.

    Args:
        view: picture, what is explained of it, and what is covered.
        region: where to look.
        gallery: what may be found.
        count: so many for each assumption of what is covered.
        opacity: what is assumed, 0 to 1.
        stretched: whether elements are also tried wider and narrower.

    Returns:
        (squared distance a visible sample, pose) of each.
    """
    window = Window.around(region, view.target.shape)
    if window is None:
        return []
    beyond = np.ones(window.region.shape, bool)
    beyond[window.part] = view.hidden[window.canvas]
    beyond[window.region > 0] = False
    away = window.direction(beyond, SHAPE.contact_rim)
    if away is None:
        return []
    left, top, right, bottom = region.box
    part = np.s_[top:bottom, left:right]
    colours = _unmixed(view.target[part], view.current[part], region.mask, opacity)
    if colours is None:
        return []
    looks = np.zeros((*beyond.shape, 4), np.float32)
    mask = region.mask.astype(np.float32)[:, :, None]
    looks[window.at] = np.concatenate([colours * mask, mask], axis=2)
    extents = centred(SHAPE.whole) + covered(SHAPE.along, SHAPE.extents, SHAPE.aside_extent)
    places, queries, weights = [], [], []
    for frame in window.frames(away, extents):
        visible = 1 - sample(beyond.astype(np.float32), frame)[0]
        known = float((visible * RING_WEIGHT[:, None] ** 2).sum())
        if known >= SHAPE.known:
            places.append((window.on_canvas(frame), known))
            queries.append(describe(looks, frame))
            weights.append(visible)
    if not places:
        return []
    found: list[tuple[float, Pose]] = []
    for factor in (1.0, DESCRIPTOR.stretch, 1 / DESCRIPTOR.stretch) if stretched else (1.0,):
        narrower = np.linalg.inv(np.diag([factor, 1 / factor]))
        nearest = gallery.even_rings.stretched(factor).nearest_of(np.stack(queries), np.stack(weights), count)
        for (there, known), likes in zip(places, nearest, strict=True):
            for distance, row, mirrored, turn in likes:
                own = gallery.even[row].astype(np.float64)
                own[2:] = (narrower @ own[2:].reshape(2, 2)).ravel()
                pose = gallery.pose(row, own, there, mirrored, turn)
                if pose is not None:
                    found.append((distance / known, replace(pose, blur=SHAPE.blur, opacity=opacity)))
    return sorted(found, key=lambda pair: pair[0])
