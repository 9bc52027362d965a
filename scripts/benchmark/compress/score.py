"""What a recipe found by the compressor is worth beside the scene that the picture was made from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np

from haac import ElementCache, Layer, Plate, Scene, render
from haac._internal import draw, draw_background
from scripts.benchmark.scenes import FOREIGN

Row = dict[str, Any]

SMALL = 64
"""Pixels of the drawn long side below which an element counts as small..."""
BLURRED = 8
"""...quarter pixels of blur from which it counts as blurred..."""
COVERED = 0.9
"""...and part of it that shows, below which it counts as covered."""


@dataclass(frozen=True, slots=True)
class TrueLayer:
    """A layer of the true scene, and what became of it."""

    element: str
    long: int
    blur: int
    visible: float
    """Part of what is on the canvas that no layer above covers."""
    inside: float
    """Part of it that is on the canvas."""
    overlapped: bool
    """Shares pixels with another layer."""
    flipped: bool
    uneven: bool
    opacity: int
    found: int
    """Index of the layer of the recipe; -1: missed."""
    exact: bool
    taken_for: int = -1
    """Index of a wrong layer of the recipe that stands in its place; -1: none."""


def judge(true: Scene, found: Scene, scale: float, source: ElementCache) -> Row:
    """Compare layers.

    A found layer is right if it is the same element at the same place, and each true layer is found once. A right one is exact if it
    draws the same pixels.

    Args:
        true: as it was composed.
        found: by the compressor.
        scale: of the compressed picture beside the composed one; but at 1, nothing is exact.
        source: of elements.
    """
    pairs = matched(true, found, scale, source)
    of_true, instead = dict(pairs), confused(true, found, scale, source)
    layers = []
    for n, (layer, visible, inside, overlapped) in enumerate(_shown(true, source)):
        hit = of_true.get(n, -1)
        size = layer.size(*source.image(layer.element).size)
        layers.append(
            TrueLayer(
                element=str(layer.element),
                long=round(max(size) * scale),
                blur=layer.blur,
                visible=round(visible, 3),
                inside=round(inside, 3),
                overlapped=overlapped,
                flipped=bool(layer.flip),
                uneven=layer.height is not None,
                opacity=layer.opacity,
                found=hit,
                exact=hit >= 0
                and scale == 1
                and same_pixels(layer, found.layers[hit], (true.width, true.height), source),
                taken_for=instead.get(n, -1),
            )
        )
    return {
        "true_layers": len(true.layers),
        "found_layers": len(found.layers),
        "hits": len(pairs),
        "exact_layers": sum(layer.exact for layer in layers),
        "background_right": None
        if true.background == Plate(FOREIGN)
        else _same_background(true, found, source),
        "layers": [asdict(layer) for layer in layers],
    }


def _same_background(true: Scene, found: Scene, source: ElementCache) -> bool:
    """Whether two backgrounds look the same, but for what cannot be seen."""
    a, b = (
        np.asarray(draw_background(Scene(found.width, found.height, background), source)).astype(np.int16)
        for background in (true.background, found.background)
    )
    return bool(np.abs(a - b).max() <= 2)


def confused(true: Scene, found: Scene, scale: float, source: ElementCache) -> dict[int, int]:
    """Missed layers, each with the layer of another element that was found in its place."""
    right = matched(true, found, scale, source)
    return dict(_near(true, found, scale, source, right, alike=False))


def matched(true: Scene, found: Scene, scale: float, source: ElementCache) -> list[tuple[int, int]]:
    """Pairs of a true and a found layer: nearest first, each once."""
    return _near(true, found, scale, source, [], alike=True)


def _near(
    true: Scene,
    found: Scene,
    scale: float,
    source: ElementCache,
    without: list[tuple[int, int]],
    *,
    alike: bool,
) -> list[tuple[int, int]]:
    near = []
    taken = [{n for n, _ in without}, {m for _, m in without}]
    for n, layer in enumerate(true.layers):
        if n in taken[0]:
            continue
        size = layer.size(*source.image(layer.element).size)
        reach = max(8.0, 0.15 * max(size) * scale)
        x, y = ((layer.x + size[0] / 2) * scale, (layer.y + size[1] / 2) * scale)
        for m, other in enumerate(found.layers):
            if m in taken[1] or (other.element == layer.element) != alike:
                continue
            width, height = other.size(*source.image(other.element).size)
            off = math.hypot(other.x + width / 2 - x, other.y + height / 2 - y)
            if off < reach:
                near.append((off, n, m))
    pairs: list[tuple[int, int]] = []
    for _, n, m in sorted(near):
        if all(n != a and m != b for a, b in pairs):
            pairs.append((n, m))
    return pairs


def same_pixels(a: Layer, b: Layer, size: tuple[int, int], source: ElementCache) -> bool:
    """Whether two layers draw the same on a transparent canvas."""
    if a == b:
        return True
    one, two = (
        np.asarray(render(Scene(*size, layers=[layer]), source), dtype=np.uint8).copy() for layer in (a, b)
    )
    for pixels in (one, two):
        pixels[pixels[:, :, 3] == 0] = 0
    return bool((one == two).all())


def _shown(scene: Scene, source: ElementCache) -> list[tuple[Layer, float, float, bool]]:
    """Each layer, how much of it shows, how much is on the canvas, and whether it touches others."""
    masks = []
    for layer in scene.layers:
        mask = np.zeros((scene.height, scene.width), bool)
        drawn = draw(layer, source.image(layer.element), (scene.width, scene.height))
        if drawn is not None:
            pixels, (x, y) = drawn
            mask[y : y + pixels.height, x : x + pixels.width] = np.asarray(pixels.getchannel("A")) >= 64
        masks.append(mask)
    out = []
    for n, layer in enumerate(scene.layers):
        above = np.zeros_like(masks[n])
        for other in masks[n + 1 :]:
            above |= other
        touches = any(bool((masks[n] & other).any()) for m, other in enumerate(masks) if m != n)
        area = int(masks[n].sum())
        width, height = layer.size(*source.image(layer.element).size)
        room = width + height
        free = draw(
            Layer(**{name: getattr(layer, name) for name in layer.__slots__} | {"x": room, "y": room}),
            source.image(layer.element),
            (3 * room, 3 * room),
        )
        whole = int((np.asarray(free[0].getchannel("A")) >= 64).sum()) if free else 0
        out.append(
            (layer, float((masks[n] & ~above).sum()) / max(1, area), min(1.0, area / max(1, whole)), touches)
        )
    return out


def share(part: float, whole: float) -> float | None:
    """None where there is nothing to share."""
    return round(part / whole, 4) if whole else None


def summary(rows: list[Row]) -> Row:
    """Figures of a cell."""
    layers = [layer for row in rows for layer in row.get("layers", ())]
    total = sum(row["true_layers"] for row in rows)
    found, hits = (sum(row[name] for row in rows) for name in ("found_layers", "hits"))
    exact = sum(row["exact_layers"] for row in rows)
    clean = [row for row in rows if row["input"] == "clean"]
    some = [row for row in rows if row["found_layers"]]
    known = [row["background_right"] for row in rows if row["background_right"] is not None]
    seconds = sorted(row["seconds"] for row in rows)
    return {
        "pictures": len(rows),
        "failed": sum("error" in row for row in rows),
        "recall": share(hits, total),
        "precision": share(hits, found),
        "junk": found - hits,
        "confused": sum(layer.get("taken_for", -1) >= 0 for layer in layers),
        "exact_of_found": share(exact, hits) if clean else None,
        "identical": share(sum(row["identical"] for row in clean), len(clean)),
        "background_right": share(sum(known), len(known)),
        "psnr_median": _psnr(median(_decibels(row["psnr"]) for row in rows)),
        "psnr_input_median": _psnr(median(_decibels(row["psnr_input"]) for row in rows)),
        "bytes_mean": round(sum(row["bytes"] for row in rows) / len(rows), 1),
        "bytes_a_layer": share(sum(row["bytes"] for row in some), sum(row["found_layers"] for row in some)),
        "seconds_median": round(median(seconds), 2),
        "seconds_mean": round(sum(seconds) / len(seconds), 2),
        "seconds_max": seconds[-1],
        "recall_of": {
            name: {"layers": len(of), "recall": share(sum(layer["found"] >= 0 for layer in of), len(of))}
            for name, of in {
                "small": [layer for layer in layers if layer["long"] < SMALL],
                "blurred": [layer for layer in layers if layer["blur"] >= BLURRED],
                "overlapped": [layer for layer in layers if layer["overlapped"]],
                "covered": [layer for layer in layers if layer["visible"] < COVERED],
                "cut by the edge": [layer for layer in layers if layer["inside"] < COVERED],
                "flipped": [layer for layer in layers if layer["flipped"]],
                "uneven": [layer for layer in layers if layer["uneven"]],
                "translucent": [layer for layer in layers if layer["opacity"] < 100],
                "none of these": [layer for layer in layers if _ordinary(layer)],
            }.items()
        },
    }


def _ordinary(layer: Row) -> bool:
    return (
        layer["long"] >= SMALL
        and layer["blur"] < BLURRED
        and min(layer["visible"], layer["inside"]) >= COVERED
        and not (layer["overlapped"] or layer["flipped"] or layer["uneven"] or layer["opacity"] < 100)
    )


def _decibels(value: float | None) -> float:
    """In rows, None stands for infinite: the pictures are identical."""
    return math.inf if value is None else value


def _psnr(value: float) -> float | str:
    return "identical" if math.isinf(value) else round(value, 2)
