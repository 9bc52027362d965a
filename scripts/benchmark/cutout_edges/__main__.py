"""Edges of cut-outs: colours and alpha found back in composites of known alpha, seen on black, grey and white.

    python -m scripts.benchmark.cutout_edges [--photos FOLDER] [--cutouts FOLDER]

Hair, fur and soft objects are drawn over photographs (of FOLDER, or scikit-image's); with --cutouts, those of a folder, their edges out
of focus, are taken too. Each is cut out by masks of three kinds: its true alpha; that alpha as a model gives it, blurred at 320 pixels; and
what u2netp finds, where its weights are here and its mask agrees with the truth at all (IoU 0.8).

With --tune the other half: the seeds and pictures that numbers were chosen on. Nothing is written then.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["NUMBA_NUM_THREADS"] = "1"

import scripts.lib.one_core

# isort: split
import cv2
import numpy as np
from PIL import Image

from haac_pipeline._extra import MATTING, MODELS, missing
from haac_pipeline._segment.cutout import cut_out
from haac_pipeline._segment.matting import matted
from haac_pipeline._segment.models import verified
from haac_pipeline._segment.session import mask
from scripts.benchmark.cutout_edges.composites import KINDS, Bytes, Composite, Floats, drawn, softened
from scripts.benchmark.record import write

SIDE = 512
BACKGROUNDS = (0, 128, 255)
MODEL, MODEL_SIDE, AGREES = "u2netp", 320, 0.8
EDGE = 9  # pixels: what is so near to soft alpha counts as edge
RIDGE = 2000.0  # keeps the halo of what has the background's own colour near 0

Way = Callable[[Bytes, Bytes], Bytes]


def with_mask(rgb: Bytes, alpha: Bytes) -> Bytes:
    """The picture's own colours."""
    return np.dstack([rgb, alpha])


def two_rounds(rgb: Bytes, alpha: Bytes) -> Bytes:
    """Blur fusion as its author gives it: two rounds, 90 and 6 pixels wide, at full size."""
    image, a = rgb.astype(np.float32), (alpha.astype(np.float32) / 255)[:, :, None]
    foreground = background = image
    for width in (90, 6):
        weight = cv2.blur(a, (width, width))[:, :, None]
        mean_f = cv2.blur(foreground * a, (width, width)) / (weight + 1e-5)
        background = cv2.blur(background * (1 - a), (width, width)) / (1 - weight + 1e-5)
        foreground = np.clip(mean_f + a * (image - a * mean_f - (1 - a) * background), 0, 255)
    return np.dstack([np.rint(foreground).astype(np.uint8), alpha])


def multi_level(rgb: Bytes, alpha: Bytes) -> Bytes:
    """pymatting's multi-level foreground estimation, as rembg uses it."""
    from pymatting.foreground.estimate_foreground_ml import estimate_foreground_ml

    found = estimate_foreground_ml(rgb / 255.0, alpha / 255.0)
    return np.dstack([np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8), alpha])


def closed_form(rgb: Bytes, alpha: Bytes) -> Bytes:
    """pymatting's closed-form foreground estimation."""
    from pymatting.foreground.estimate_foreground_cf import estimate_foreground_cf

    found = estimate_foreground_cf(rgb / 255.0, alpha / 255.0)
    return np.dstack([np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8), alpha])


def rembg_matting(rgb: Bytes, alpha: Bytes) -> Bytes:
    """rembg's alpha matting with its own bounds."""
    import contextlib

    from rembg.bg import alpha_matting_cutout

    with contextlib.redirect_stdout(None):
        try:
            return np.asarray(alpha_matting_cutout(Image.fromarray(rgb), Image.fromarray(alpha), 240, 10, 10))
        except ValueError:  # nothing is sure: rembg itself then falls back on this
            return with_mask(rgb, alpha)


COLOURS: dict[str, Way] = {
    "left as they are": with_mask,
    "blur fusion, two rounds": two_rounds,
    "haac: blur fusion, four rounds": cut_out,
    "multi-level (pymatting)": multi_level,
    "closed-form (pymatting)": closed_form,
}
MATTINGS: dict[str, Way] = {
    "haac --matting: closed-form alpha": lambda rgb, alpha: cut_out(rgb, matted(rgb, alpha)),
    "rembg's alpha matting": rembg_matting,
}


def photographs(folder: Path | None) -> list[Image.Image]:
    """Those of a folder, or scikit-image's."""
    if folder is None:
        import skimage

        data = Path(skimage.__file__).parent / "data"
        names = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
        return [Image.open(data / name).convert("RGB") for name in names]
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
    return [Image.open(path).convert("RGB") for path in paths]


def composites(
    photos: list[Image.Image], cutouts: list[Path], count: int, first_seed: int
) -> Iterator[Composite]:
    """`count` of each kind."""
    for n in range(count):
        seed = first_seed + n
        for offset, kind in enumerate(KINDS):
            yield drawn(kind, seed, SIDE, photos[(n * 4 + offset) % len(photos)])
        if cutouts:
            small = SIDE * 3 // 4
            image = Image.open(cutouts[(seed * 17 + 3) % len(cutouts)]).convert("RGBA").resize((small, small))
            yield softened(image, seed, photos[(n * 4 + 3) % len(photos)])


def as_of_a_model(alpha: Floats) -> Bytes:
    """An alpha as models with a small input give it: blurred, and enlarged again."""
    small = cv2.resize(alpha, (MODEL_SIDE, MODEL_SIDE), interpolation=cv2.INTER_AREA)
    large = cv2.resize(
        cv2.GaussianBlur(small, (0, 0), 1.2), alpha.shape[::-1], interpolation=cv2.INTER_LANCZOS4
    )
    return np.asarray(np.clip(np.rint(large * 255), 0, 255), np.uint8)


def iou(found: Bytes, truth: Floats) -> float:
    """Intersection over union at one half."""
    a, b = found > 127, truth > 0.5
    return float((a & b).sum() / max((a | b).sum(), 1))


def masks(made: Composite, model: bool) -> Iterator[tuple[str, Bytes]]:
    """The masks that a composite is cut out by."""
    yield "true", np.rint(made.alpha * 255).astype(np.uint8)
    yield "blurred", as_of_a_model(made.alpha)
    if model:
        found = np.asarray(mask(Image.fromarray(made.picture), MODEL))
        if iou(found, made.alpha) >= AGREES:
            yield MODEL, found


def measures(made: Composite, rgba: Bytes) -> dict[str, float]:
    """Errors along the edge, levels of 255: mean absolute on each background; and the halo, in per cent of the old background.

    What is wrong on a new background G is split by least squares into too much foreground, along F - G, and too much of the old
    background, along B - G, over all backgrounds and channels of a pixel. The halo is the mean of the latter: the share of the old
    background that shines along the edge. Below 0: colours went past the foreground's.
    """
    soft = ((made.alpha > 0.02) & (made.alpha < 0.98)).astype(np.uint8)
    zone = cv2.dilate(soft, np.ones((EDGE, EDGE), np.uint8)) > 0
    alpha = (rgba[:, :, 3].astype(np.float32) / 255)[zone, None]
    truth, f, b = made.alpha[zone, None], made.foreground[zone], made.background[zone]
    wrong = alpha * rgba[zone, :3] - truth * f
    errors = {}
    matrix, right = np.zeros((len(f), 2, 2)), np.zeros((len(f), 2))
    for new in BACKGROUNDS:
        error = wrong - (alpha - truth) * new
        errors[str(new)] = float(np.abs(error).mean())
        ways = np.stack([f - new, b - new], axis=1)
        matrix += ways @ ways.transpose(0, 2, 1)
        right += np.einsum("nkc,nc->nk", ways, error)
    matrix += RIDGE * np.eye(2)
    halo = np.linalg.solve(matrix, right[:, :, None])[:, 1, 0]
    return {
        **errors,
        "error": float(np.mean(list(errors.values()))),
        "halo": 100 * float(halo.mean()),
        "alpha": 255 * float(np.abs(alpha - truth).mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--cutouts", type=Path, help="folder of PNG files with alpha")
    parser.add_argument("--count", type=int, default=6, help="composites of each kind")
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--json", default="cutout_edges")
    options = parser.parse_args()
    scripts.lib.one_core.settle()
    if missing(*MATTING):
        parser.error("pymatting is not installed")
    model = not missing(*MODELS) and verified(MODEL)
    photos = photographs(options.photos)
    cutouts = sorted(options.cutouts.glob("*.png")) if options.cutouts else []
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    kinds: dict[str, dict[str, list[float]]] = {}
    ways = COLOURS | MATTINGS
    first = next(composites(photos, [], 1, 0))
    for way in ways.values():  # compiled at its first use
        way(first.picture, as_of_a_model(first.alpha))
    for number, made in enumerate(composites(photos, cutouts, options.count, 0 if options.tune else 100)):
        picture = made.picture
        for kind, alpha in masks(made, model):
            for name, way in ways.items():
                if kind == "true" and name in MATTINGS:
                    continue
                started = time.process_time()
                rgba = way(picture, alpha)
                seconds = (time.process_time() - started) / picture[:, :, 0].size * 1e6
                row = measures(made, rgba) | {"seconds": seconds}
                found.setdefault(kind, {}).setdefault(name, []).append(row)
                if kind == "blurred":
                    kinds.setdefault(name, {}).setdefault(made.kind, []).append(row["error"])
        print(number, made.kind, flush=True)
    payload: dict[str, Any] = {
        "side": SIDE,
        "composites": {kind: len(next(iter(rows.values()))) for kind, rows in found.items()},
        "masks": {
            kind: {
                name: {key: round(float(np.mean([r[key] for r in rows])), 3) for key in rows[0]}
                for name, rows in cell.items()
            }
            for kind, cell in found.items()
        },
        "error_by_kind": {
            name: {kind: round(float(np.mean(values)), 2) for kind, values in cell.items()}
            for name, cell in kinds.items()
        },
    }
    for kind, cell in payload["masks"].items():
        for name, row in cell.items():
            print(f"{kind:8} {name:34} " + "  ".join(f"{key} {value:.2f}" for key, value in row.items()))
    if not options.tune:
        print(write(options.json, payload))


if __name__ == "__main__":
    main()
