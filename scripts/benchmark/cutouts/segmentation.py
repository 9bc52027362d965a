"""How well models cut out objects: masks against given ones, beside two ways that ask nothing of the picture's border.

    python -m scripts.benchmark.cutouts.segmentation --data FOLDER --emoji FOLDER --photos FOLDER \
        [--masks u2net] [--model offline --model u2netp]

FOLDER of --data has `images/`, and masks of the same stems in the folder named by --masks. On these the constants of `offline` were chosen,
and the masks are another network's of the family of u2netp. So both also get pictures that neither has seen, whose masks are known: one of
--emoji (RGBA) pasted on one of --photos, with a seed.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import cv2
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from haac_pipeline._segment.models import MODELS, OFFLINE, SMALL, verified
from haac_pipeline._segment.session import mask
from scripts.benchmark.record import write
from scripts.lib import one_core

LONG_SIDE = 512  # pixels at which masks are compared
PASTED = 60
"""Pictures with something pasted on."""

Measures = tuple[float, float, float]


def measures(found: np.ndarray, truth: np.ndarray) -> Measures:
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
    """The same task in other clothes: the constants of `offline` were chosen on these very pictures, so what is lost here tells how much of
    its figure is fit to them."""
    x, y = image.width // 50, image.height // 50
    box = x, y, image.width - x, image.height - y
    return {
        "mirrored": (ImageOps.mirror(image), ImageOps.mirror(truth)),
        "2 % cropped off each side": (image.crop(box), truth.crop(box)),
        "8 % brighter": (ImageEnhance.Brightness(image).enhance(1.08), truth),
    }


def given(folder: Path, masks: str) -> Iterator[tuple[str, Image.Image, Image.Image]]:
    """Names, pictures, and their masks."""
    for path in sorted((folder / "images").iterdir()):
        there = [m for m in (folder / masks).iterdir() if m.stem == path.stem]
        if there:
            image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
            truth = Image.open(there[0]).convert("L").resize(image.size, Image.Resampling.BILINEAR)
            yield path.name, image, truth


def pasted(emoji: Path, photos: Path) -> Iterator[tuple[str, Image.Image, Image.Image]]:
    """Emoji at 35 to 70 % of the short side, turned by up to 30 degrees, in front of photographs."""
    rng = np.random.default_rng(16)
    things, grounds = (
        sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
        for folder in (emoji, photos)
    )
    for n in range(PASTED):
        image = Image.open(grounds[int(rng.integers(len(grounds)))]).convert("RGB")
        image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        thing = Image.open(things[int(rng.integers(len(things)))]).convert("RGBA").convert("RGBa")
        side = round(min(image.size) * rng.uniform(0.35, 0.7))
        thing = thing.resize((side, side), Image.Resampling.LANCZOS)
        thing = thing.rotate(rng.uniform(-30, 30), Image.Resampling.BICUBIC).convert("RGBA")
        left, top = (int(rng.integers(whole - side + 1)) for whole in image.size)
        layer = Image.new("RGBA", image.size)
        layer.paste(thing, (left, top))
        image.paste(layer, (0, 0), layer)
        yield f"pasted {n}", image, layer.getchannel("A")


def mean(rows: list[Measures]) -> list[float]:
    return [round(float(value), 4) for value in np.mean(rows, axis=0)]


def judged(model: str, pictures: list[tuple[str, Image.Image, Image.Image]], clothes: bool) -> dict[str, Any]:
    """A model's figures for a set of pictures."""
    each: dict[str, Measures] = {}
    variants: dict[str, list[Measures]] = defaultdict(list)
    seconds = 0.0
    for name, image, truth in pictures:
        started = time.process_time()
        found = mask(image, model)
        seconds += time.process_time() - started
        each[name] = measures(np.asarray(found) / 255, np.asarray(truth) / 255)
        for way, (other, its_truth) in altered(image, truth).items() if clothes else ():
            variants[way].append(measures(np.asarray(mask(other, model)) / 255, np.asarray(its_truth) / 255))
    return {
        "mean": mean(list(each.values())),
        "seconds_per_picture": round(seconds / max(len(pictures), 1), 4),
        "altered": {way: mean(rows) for way, rows in variants.items()},
        "each": {name: [round(v, 4) for v in row] for name, row in each.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--masks", default="u2net")
    parser.add_argument("--emoji", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--model", action="append", choices=list(MODELS), help="default: offline and u2netp")
    parser.add_argument("--json", default="segmentation")
    options = parser.parse_args()
    one_core.settle()
    models = options.model or [OFFLINE, SMALL]
    if missing := [name for name in models if not verified(name)]:
        raise SystemExit(f"no weights are here of {', '.join(missing)}: `haac models --fetch {missing[0]}`")
    sets = {
        "given": list(given(options.data, options.masks)),
        "pasted": list(pasted(options.emoji, options.photos)),
    }
    references = {"centred ellipse": ellipse, "GrabCut from a rectangle": rectangle}
    payload: dict[str, Any] = {"against": options.masks, "long_side": LONG_SIDE, "sets": {}}
    for name, pictures in sets.items():
        figures: dict[str, Any] = {"pictures": len(pictures), "models": {}, "references": {}}
        for model in models:
            figures["models"][model] = found = judged(model, pictures, clothes=name == "given")
            print(f"{name}: {model}: IoU, F-beta, MAE {found['mean']} {found['altered']}")
        for label, reference in references.items():
            rows = [measures(reference(image), np.asarray(truth) / 255) for _, image, truth in pictures]
            figures["references"][label] = mean(rows)
            print(f"{name}: {label}: {figures['references'][label]}")
        payload["sets"][name] = figures
    print(write(options.json, payload))


if __name__ == "__main__":
    main()
