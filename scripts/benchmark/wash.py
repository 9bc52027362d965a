"""Measures the wash on photographs, beside the files of other codecs at their best: writes benchmarks/wash.json.

    python -m scripts.benchmark.wash PHOTOGRAPHS
    python -m scripts.benchmark.wash PHOTOGRAPHS --segmentation FOLDER --peers FILE

Whole files with their headers on both sides. Each other codec is tried at many scales and qualities, and drawn back to the
picture's size by Lanczos; of the files that a budget allows, the one with the highest PSNR counts, picture by picture. AVIF is
told to aim at PSNR; WebP is also encoded with settings that Pillow does not pass on, if the package webp is there. JPEG XL,
ThumbHash and BlurHash take part if their packages are installed (pillow-jxl-plugin, thumbhash-python, blurhash).

With --segmentation, also how much better the subject of a picture is shown if its mask weighs in (images/ and u2net/ in that folder).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import inspect
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import mean
from typing import Any

from scripts.lib import one_core  # noqa: F401 - before numpy: times of one core

# isort: split
import numpy as np
from PIL import Image, features

from haac import Scene, decode_blur, encode_blur, encode_wash, from_binary, render, to_binary
from haac_evidence._internal import (
    blurhash,
    draw_blurhash,
    draw_thumbhash,
    placeholder_names,
    thumbhash,
)
from haac_pipeline._compress.quality import psnr, quality
from scripts.benchmark.record import write

BUDGETS = (25, 50, 100, 200, 318, 500, 1000, 2000)
SUBJECT_BUDGETS = (200, 318, 500, 1000)
SUBJECT_WEIGHT = 4
LONG = 768
"""Pixels of the long side that larger pictures of the second part are reduced to."""
SCALES = (1 / 2, 3 / 8, 3 / 10, 1 / 4, 1 / 5, 1 / 6, 1 / 8, 1 / 11, 1 / 16)
QUALITIES = (1, 3, 5, 7, 9, 12, 15, 18, 21, 24, 27, 30, 34, 38, 42, 46, 50, 55, 60, 70)

Picture = np.ndarray
Row = dict[str, Any]


def settings(size: tuple[int, int]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Codec, Pillow's name of it, and a series of options by growing size of the file."""
    for subsampling in ("4:2:0", "4:4:4"):
        avif = {"subsampling": subsampling, "speed": 4, "max_threads": 1, "advanced": {"tune": "psnr"}}
        yield "AVIF", "AVIF", [avif | {"quality": q} for q in QUALITIES]
    for sharp in (False, True):
        webp = {"method": 6, "use_sharp_yuv": sharp}
        yield "WebP", "WEBP", [webp | {"quality": q} for q in (0, *QUALITIES)]
    jpeg = {"optimize": True, "progressive": True, "subsampling": 2}
    yield "JPEG", "JPEG", [jpeg | {"quality": q} for q in QUALITIES]
    ratios = [
        3 * size[0] * size[1] / n
        for n in (30, 45, 70, 95, 130, 190, 250, 310, 400, 490, 700, 980, 1400, 1980)
    ]
    jpeg2000 = {"quality_mode": "rates", "irreversible": True, "no_jp2": True, "mct": 1}
    yield "JPEG 2000", "JPEG2000", [jpeg2000 | {"quality_layers": [ratio]} for ratio in ratios]
    if "JXL" in Image.SAVE:
        yield "JPEG XL", "JXL", [{"effort": 9, "quality": q} for q in QUALITIES]


def files(image: Image.Image, largest: int, only: str = "") -> Iterator[tuple[str, int, Image.Image]]:
    """Codec, bytes and decoded picture of everything that is tried, perhaps of one codec only."""
    for scale in SCALES:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        small = image.resize(size, Image.Resampling.LANCZOS)
        for codec, format, series in settings(size):
            for options in series if only in ("", codec) else ():
                buffer = io.BytesIO()
                try:
                    small.save(buffer, format, **options)
                except (OSError, ValueError, RuntimeError):
                    continue
                count = len(buffer.getvalue())
                if count > largest:
                    break
                with Image.open(buffer) as opened:
                    yield codec, count, opened.convert("RGB").resize(image.size, Image.Resampling.LANCZOS)
        for data in tuned_webp(small, largest) if only in ("", "WebP") else ():
            with Image.open(io.BytesIO(data)) as opened:
                yield "WebP", len(data), opened.convert("RGB").resize(image.size, Image.Resampling.LANCZOS)


def tuned_webp(image: Image.Image, largest: int) -> Iterator[bytes]:
    """Files by libwebp with settings that Pillow does not pass on: one segment, filters, more passes."""
    try:
        import webp
    except ImportError:
        return
    picture = webp.WebPPicture.from_pil(image)
    for shaping, filtering in ((0, 20), (50, 60)):
        for chosen in (0, *QUALITIES):
            config = webp.WebPConfig.new(quality=chosen)
            config.ptr.method, config.ptr.segments = 6, 1
            config.ptr.sns_strength, config.ptr.filter_strength = shaping, filtering
            setattr(config.ptr, "pass", 6)
            data = bytes(picture.encode(config).buffer())
            if len(data) > largest:
                break
            yield data


def with_plugins() -> None:
    """Let Pillow know JPEG XL, if the plugin is there."""
    with contextlib.suppress(ImportError):
        import pillow_jxl  # noqa: F401
    Image.init()


def figures(image: Image.Image, made: Image.Image, count: int) -> Row:
    """What is recorded of one file."""
    found = quality(image, made)
    return {"bytes": count, "psnr": found.psnr, "ssim": found.ssim, "different": found.different}


def peers(path: Path) -> dict[str, dict[str, Row | None]]:
    """For each other codec and budget the best file of a photograph."""
    with_plugins()
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    pixels = np.asarray(image, np.float32)
    best: dict[str, dict[int, tuple[float, int, Image.Image]]] = {}
    for codec, count, made in files(image, max(BUDGETS)):
        found = -float(np.square(pixels - np.asarray(made)).mean())
        row = best.setdefault(codec, {})
        for budget in BUDGETS:
            if count <= budget and (budget not in row or found > row[budget][0]):
                row[budget] = found, count, made
    return {
        codec: {str(b): figures(image, row[b][2], row[b][1]) if b in row else None for b in BUDGETS}
        for codec, row in best.items()
    }


def washes(path: Path) -> dict[int, Row]:
    """The wash of a photograph for each budget, with the seconds that both ways took."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    rows = {}
    for budget in BUDGETS:
        started = time.perf_counter()
        wash = encode_wash(image, budget=budget)
        data = to_binary(Scene(*image.size, background=wash))
        encoded = time.perf_counter() - started
        started = time.perf_counter()
        made = render(from_binary(data), _NoElements())
        decoded = time.perf_counter() - started
        if len(data) > budget:
            raise SystemExit(f"{path}: {len(data)} bytes for a budget of {budget}")
        rows[budget] = figures(image, made, len(data)) | {"encode": encoded, "decode": decoded}
    return rows


class _NoElements:
    def image(self, ref: int) -> Image.Image:
        raise AssertionError(ref)


def placeholders(path: Path) -> dict[str, Row]:
    """ThumbHash, BlurHash and a blur string of as many bytes as ThumbHash has."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    rows, length = {}, 25
    have = placeholder_names()
    if "ThumbHash" in have:
        hashed = thumbhash(image)
        length = len(hashed)
        rows["ThumbHash"] = figures(image, draw_thumbhash(hashed, image.size), length)
    if "BlurHash" in have:
        text = blurhash(image, (4, 3))
        rows["BlurHash (4x3)"] = figures(image, draw_blurhash(text, image.size), len(text))
    text = encode_blur(image, length)
    made = decode_blur(text, max(image.size)).convert("RGB").resize(image.size)
    rows["`haac blur`"] = figures(image, made, len(text) * 3 // 4)
    return rows


class Subject:
    """A picture of the folder images/ with its mask in u2net/ beside it."""

    def __init__(self, path: Path) -> None:
        with (
            Image.open(path) as opened,
            Image.open(path.parent.parent / "u2net" / f"{path.stem}.png") as drawn,
        ):
            self.image, mask = opened.convert("RGB"), drawn.convert("L")
        self.image.thumbnail((LONG, LONG), Image.Resampling.LANCZOS)
        subject = np.asarray(mask.resize(self.image.size, Image.Resampling.BILINEAR), np.float64) / 255
        self._pixels, self._inside = np.asarray(self.image), subject >= 0.5
        self.weights = 1 + (SUBJECT_WEIGHT - 1) * subject

    def parts(self, made: Image.Image) -> tuple[float, float]:
        """PSNR of the subject, and of the background."""
        drawn, inside = np.asarray(made.convert("RGB")), self._inside
        return psnr(self._pixels[inside], drawn[inside]), psnr(self._pixels[~inside], drawn[~inside])


def subject_peers(path: Path) -> list[tuple[int, float, float]]:
    """Bytes, and PSNR of subject and background, of all AVIF files of a picture that are tried."""
    subject = Subject(path)
    tried = files(subject.image, max(SUBJECT_BUDGETS), "AVIF")
    return [(count, *subject.parts(made)) for _, count, made in tried]


def subjects(path: Path) -> dict[int, Row]:
    """PSNR of a picture's subject and background by the plain wash and by the weighted one."""
    subject = Subject(path)
    size = subject.image.size
    rows: dict[int, Row] = {}
    for budget in SUBJECT_BUDGETS:
        rows[budget] = {}
        for name, weights in (("plain", None), ("weighted", subject.weights)):
            wash = encode_wash(subject.image, budget=budget, weights=weights)
            made = render(Scene(*size, background=wash), _NoElements())
            rows[budget][name] = subject.parts(made)
    return rows


class Remembered:
    """What the other codecs reached, which takes most of the time and does not change with haac.

    Args:
        path: JSON file; None: nothing is remembered.
        pool: that measures what is not there.
    """

    def __init__(self, path: Path | None, pool: ProcessPoolExecutor) -> None:
        self._path, self._pool = path, pool
        self._known = json.loads(path.read_text("utf-8")) if path is not None and path.exists() else {}
        how = [inspect.getsource(part) for part in (settings, files, tuned_webp, peers, subject_peers)]
        self._how = repr([how, SCALES, QUALITIES, BUDGETS, LONG, versions()])

    def of(self, measure: Callable[[Path], Any], paths: list[Path]) -> list[Any]:
        """One for each photograph, by the same codecs with the same settings."""
        keys = [
            hashlib.sha256(f"{measure.__name__} {self._how}".encode() + path.read_bytes()).hexdigest()
            for path in paths
        ]
        new = [n for n, key in enumerate(keys) if key not in self._known]
        for n, made in zip(new, self._pool.map(measure, [paths[n] for n in new]), strict=True):
            self._known[keys[n]] = made
            if self._path is not None:
                self._path.write_text(json.dumps(self._known), "utf-8")
        return [self._known[key] for key in keys]


def versions() -> dict[str, str | None]:
    """Of the codecs."""
    found = {name: features.version(name) for name in ("avif", "webp", "jpg_2000", "libjpeg_turbo")}
    for package in ("pillow-jxl-plugin", "webp"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def averaged(rows: Sequence[Row | None]) -> Row | None:
    """Means; None unless all pictures have one."""
    if any(row is None for row in rows):
        return None
    return {key: round(mean(row[key] for row in rows if row), 4) for key in rows[0] or {}}


def best_file(row: dict[str, dict[str, Row | None]], budget: str) -> float | None:
    """PSNR of the best file of one photograph, of any other codec."""
    return max((found["psnr"] for cells in row.values() if (found := cells.get(budget))), default=None)


def beside(own: list[Row], best: list[float | None]) -> Row:
    """How far washes are above the best file of each photograph, and how many photographs have one that small."""
    above = [row["psnr"] - found for row, found in zip(own, best, strict=True) if found is not None]
    return {"pictures": len(above), "psnr": round(mean(above), 3) if above else None}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, help="folder of photographs, none of them trained on")
    parser.add_argument("--segmentation", type=Path, help="folder with images/ and u2net/")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", default="wash", help="where to write")
    parser.add_argument(
        "--peers", type=Path, help="file that remembers what the other codecs reached, for further runs"
    )
    arguments = parser.parse_args()
    photographs = sorted(
        p for p in arguments.photos.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"}
    )
    with_plugins()
    payload: dict[str, Any] = {"pictures": len(photographs), "budgets": {}, "beside": {}}
    with ProcessPoolExecutor(1) as pool:  # alone, for its times
        ours = list(pool.map(washes, photographs))
        hashes = list(pool.map(placeholders, photographs))
    with ProcessPoolExecutor(arguments.jobs) as pool:
        remembered = Remembered(arguments.peers, pool)
        theirs = remembered.of(peers, photographs)
        names = sorted({name for row in theirs for name in row})
        for budget in BUDGETS:
            cell = {name: averaged([row.get(name, {}).get(str(budget)) for row in theirs]) for name in names}
            own = [row[budget] for row in ours]
            payload["budgets"][str(budget)] = {"wash": averaged(own)} | cell
            payload["beside"][str(budget)] = beside(own, [best_file(row, str(budget)) for row in theirs])
        payload["slowest"] = {
            way: {str(b): round(max(row[b][way] for row in ours), 4) for b in BUDGETS}
            for way in ("encode", "decode")
        }
        payload["placeholders"] = {name: averaged([row[name] for row in hashes]) for name in hashes[0]}
        if arguments.segmentation:
            images = sorted((arguments.segmentation / "images").iterdir())
            rows = list(pool.map(subjects, images))
            for row, avif in zip(rows, remembered.of(subject_peers, images), strict=True):
                for budget in SUBJECT_BUDGETS:
                    fitting = [found[1:] for found in avif if found[0] <= budget]
                    row[budget]["avif"] = max(fitting) if fitting else None
            payload["subjects"] = {"pictures": len(images), "weight": SUBJECT_WEIGHT} | {
                str(b): subject_means([row[b] for row in rows]) for b in SUBJECT_BUDGETS
            }
    payload["versions"] = versions()
    print(write(arguments.json, payload))


def subject_means(rows: list[Row]) -> Row:
    """Mean PSNR of subject and background, and how far the weighted wash is above AVIF where that has a file."""
    found: Row = {}
    for name in ("plain", "weighted", "avif"):
        values = [row[name] for row in rows if row[name]]
        found[name] = [round(mean(part), 3) for part in zip(*values, strict=True)] if values else None
    both = [(row["weighted"], row["avif"]) for row in rows if row["avif"]]
    found["beside"] = len(both)
    if both:
        found["above"] = [round(mean(ours[n] - theirs[n] for ours, theirs in both), 3) for n in range(2)]
    return found


if __name__ == "__main__":
    main()
