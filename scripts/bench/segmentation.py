"""How well the embedded segmenter cuts out objects: its masks against given ones, beside two ways that ask nothing of the picture's border.

    python -m scripts.bench.segmentation --data FOLDER [--masks u2net]

FOLDER has `images/`, and masks of the same stems in the folder named by --masks.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import cv2
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from haac_pipeline._segment.offline import object_mask
from scripts.bench.record import write

LONG_SIDE = 512  # pixels at which masks are compared


def measures(found: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """IoU (at one half), F-beta (beta^2 = 0.3, at one half) and mean absolute error of masks of 0 to 1."""
    a, b = found >= 0.5, truth >= 0.5
    both = float((a & b).sum())
    iou = both / max(float((a | b).sum()), 1.0)
    precision, recall = both / max(float(a.sum()), 1.0), both / max(float(b.sum()), 1.0)
    f_beta = 1.3 * precision * recall / max(0.3 * precision + recall, 1e-9)
    return iou, f_beta, float(np.abs(found - truth).mean())


def ellipse(image: Image.Image) -> np.ndarray:
    """A centred ellipse of 70 % of each side: what the mask of any picture might be."""
    y, x = np.mgrid[0 : image.height, 0 : image.width]
    inside = ((x + 0.5) / image.width - 0.5) ** 2 + ((y + 0.5) / image.height - 0.5) ** 2 <= 0.35**2
    return np.asarray(inside, np.float32)


def rectangle(image: Image.Image) -> np.ndarray:
    """GrabCut from a rectangle inset by 2 %."""
    cv2.setRNGSeed(1)
    x, y = max(1, round(image.width * 0.02)), max(1, round(image.height * 0.02))
    seeds = np.zeros((image.height, image.width), np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    inner = (x, y, image.width - 2 * x, image.height - 2 * y)
    pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    cv2.grabCut(pixels, seeds, inner, *models, 5, cv2.GC_INIT_WITH_RECT)
    return (seeds & 1).astype(np.float32)


def altered(image: Image.Image, truth: Image.Image) -> dict[str, tuple[Image.Image, Image.Image]]:
    """The same task in other clothes: the segmenter's constants were chosen on these very pictures, so what is lost here tells how much of
    its figure is fit to them."""
    x, y = image.width // 50, image.height // 50
    box = x, y, image.width - x, image.height - y
    return {
        "mirrored": (ImageOps.mirror(image), ImageOps.mirror(truth)),
        "2 % cropped off each side": (image.crop(box), truth.crop(box)),
        "8 % brighter": (ImageEnhance.Brightness(image).enhance(1.08), truth),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--masks", default="u2net")
    parser.add_argument("--json", default="segmentation")
    options = parser.parse_args()
    references = {"centred ellipse": ellipse, "GrabCut from a rectangle": rectangle}
    beside: dict[str, list[tuple[float, float, float]]] = {name: [] for name in references}
    variants: dict[str, list[tuple[float, float, float]]] = {}
    rows, seconds = {}, 0.0
    for path in sorted((options.data / "images").iterdir()):
        masks = [m for m in (options.data / options.masks).iterdir() if m.stem == path.stem]
        if not masks:
            continue
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        truth = Image.open(masks[0]).convert("L").resize(image.size, Image.Resampling.BILINEAR)
        started = time.perf_counter()
        found = object_mask(np.asarray(image))
        seconds += time.perf_counter() - started
        rows[path.name] = measures(np.asarray(found) / 255, np.asarray(truth) / 255)
        for name, (other, its_truth) in altered(image, truth).items():
            its_found = object_mask(np.asarray(other))
            measured = measures(np.asarray(its_found) / 255, np.asarray(its_truth) / 255)
            variants.setdefault(name, []).append(measured)
        for name, reference in references.items():
            beside[name].append(measures(reference(image), np.asarray(truth) / 255))
        print(
            f"{path.name:24} IoU {rows[path.name][0]:.3f}  F-beta {rows[path.name][1]:.3f}  MAE {rows[path.name][2]:.3f}"
        )
    mean = [float(np.mean([row[n] for row in rows.values()])) for n in range(3)]
    print(f"mean of {len(rows)}: IoU {mean[0]:.3f}  F-beta {mean[1]:.3f}  MAE {mean[2]:.3f}")
    others = {name: [round(float(v), 4) for v in np.mean(found, axis=0)] for name, found in beside.items()}
    changed = {name: [round(float(v), 4) for v in np.mean(found, axis=0)] for name, found in variants.items()}
    for name, row in {**others, **changed}.items():
        print(f"{name}: IoU {row[0]:.3f}  F-beta {row[1]:.3f}  MAE {row[2]:.3f}")
    payload = {
        "model": "offline",
        "against": options.masks,
        "pictures": len(rows),
        "long_side": LONG_SIDE,
        "mean_iou": round(mean[0], 4),
        "mean_f_beta": round(mean[1], 4),
        "mean_mae": round(mean[2], 4),
        "seconds_per_picture": round(seconds / max(len(rows), 1), 4),
        "references": others,
        "altered": changed,
        "each": {name: [round(v, 4) for v in row] for name, row in rows.items()},
    }
    print(write(options.json, payload))


if __name__ == "__main__":
    main()
