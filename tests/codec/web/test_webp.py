"""The web's WebP decoder against libwebp's through Pillow: the same pixels bit by bit, and damaged files give errors."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.codec.web.engines import run
from tests.codec.web.libwebp import Encoder

HERE = Path(__file__).parent
MUTATED = 5000
SIDES = ((1, 1), (1, 2), (2, 1), (3, 5), (15, 17), (16, 16), (17, 33), (64, 1), (1, 130), (129, 127))


def decoded(folder: Path, files: Sequence[bytes], engine: str = "node", max_pixels: int = 2**25) -> list[str]:
    """What the web decoder makes of files: size and hash of the pixels, or a message."""
    (folder / "files.bin").write_bytes(b"".join(files))
    request = {"lengths": list(map(len, files)), "maxPixels": max_pixels}
    (folder / "lengths.json").write_text(json.dumps(request), "utf-8")
    answer = run(engine, HERE / "webp.mjs", folder)
    assert answer["wrong"] == []
    assert len(answer["found"]) == len(files)
    return [str(found) for found in answer["found"]]


def by_pillow(data: bytes) -> str:
    """The same, by Pillow; nothing if it does not decode it."""
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            pixels = image.convert("RGBA")
    except Exception:  # Pillow raises whatever its decoders do
        return ""
    return f"{pixels.width}x{pixels.height} {hashlib.sha256(pixels.tobytes()).hexdigest()}"


def assert_same(folder: Path, files: dict[str, bytes], engine: str = "node") -> None:
    wanted = list(map(by_pillow, files.values()))
    assert all(wanted)
    found = decoded(folder, list(files.values()), engine)
    differing = [name for name, one, other in zip(files, wanted, found, strict=True) if one != other]
    assert differing == []


def photographs() -> Iterator[tuple[str, Image.Image]]:
    """Parts of scikit-image's photographs, pages and drawings."""
    data = pytest.importorskip("skimage.data")
    for name in ("astronaut", "coffee", "chelsea", "camera", "page", "logo"):
        image = Image.fromarray(getattr(data, name)())
        yield name, image.convert("RGBA" if image.has_transparency_data else "RGB").crop((40, 20, 241, 171))


def cut_out() -> Image.Image:
    """With edges that fade, and colours where it is transparent."""
    pixels = np.random.default_rng(5).integers(0, 256, (90, 110, 4), dtype=np.uint8)
    y, x = np.mgrid[0:90, 0:110]
    pixels[..., :3] //= 8
    pixels[..., 1] += (x + y).astype(np.uint8)
    pixels[..., 3] = np.clip((40 - np.hypot(x - 55, y - 45)) * 20, 0, 255)
    return Image.fromarray(pixels)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 4), dtype=np.uint8))


def palette(colours: int) -> Image.Image:
    rng = np.random.default_rng(colours)
    table = rng.integers(0, 256, (colours, 4), dtype=np.uint8)
    steps = np.add.outer(np.arange(57), np.arange(101)) // 7 + rng.integers(0, 2, (57, 101))
    return Image.fromarray(table[steps % colours])


def pictures() -> dict[str, Image.Image]:
    found = dict(photographs())
    found["cut-out"] = cut_out()
    found |= {f"noise {w}x{h}": noise(w, h) for w, h in SIDES}
    found |= {f"{colours} colours": palette(colours) for colours in (1, 2, 3, 4, 5, 16, 17, 64, 255, 256)}
    return found


def saved(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()


def test_lossless(tmp_path: Path) -> None:
    files = {
        f"{name}, method {method}, quality {quality}": saved(
            image, lossless=True, method=method, quality=quality, exact=True
        )
        for name, image in pictures().items()
        for method in (0, 2, 4, 6)
        for quality in (0, 50, 100)
    }
    assert_same(tmp_path, files)


def test_lossy(tmp_path: Path) -> None:
    files = {}
    for name, image in pictures().items():
        for quality in (0, 5, 50, 80, 100):
            for method in (0, 3, 6):
                files[f"{name}, method {method}, quality {quality}"] = saved(
                    image, quality=quality, method=method
                )
        files[f"{name}, coarse alpha"] = saved(image, alpha_quality=20)
        files[f"{name}, exact"] = saved(image, exact=True)
    assert_same(tmp_path, files)


def test_every_size(tmp_path: Path) -> None:
    """Edges of macroblocks, of subsampled chroma, of packed numbers."""
    photograph = dict(photographs())["coffee"]
    files = {}
    for width in range(1, 40):
        part = photograph.crop((60, 50, 60 + width, 50 + 41 - width))
        files[f"{part.size}, lossy"] = saved(part, quality=60)
        files[f"{part.size}, lossless"] = saved(part, lossless=True)
        files[f"{part.size}, two colours"] = saved(part.convert("1").convert("RGB"), lossless=True)
    assert_same(tmp_path, files)


def test_options_that_pillow_does_not_pass_on(tmp_path: Path) -> None:
    """Simple and normal loop filter, sharpness, segments, partitions, filters of alpha, presets, almost lossless."""
    encoder, rng, chosen = Encoder(), random.Random(4), list(pictures().values())
    files = {}
    for number in range(500):
        image = rng.choice(chosen).convert("RGBA")
        left, top = rng.randrange(image.width), rng.randrange(image.height)
        right, bottom = rng.randint(left + 1, image.width), rng.randint(top + 1, image.height)
        image = image.crop((left, top, right, bottom))
        quality = rng.choice([0, 10, 40, 75, 90, 100])
        options = {"preset": rng.randrange(6), "method": rng.randrange(7), "exact": rng.randrange(2)}
        if number % 3 == 0:
            options |= {"lossless": 1, "near_lossless": rng.choice([0, 20, 60, 100])}
        else:
            options |= {
                "segments": rng.randint(1, 4),
                "sns_strength": rng.choice([0, 50, 100]),
                "filter_strength": rng.choice([0, 5, 20, 60, 100]),
                "filter_sharpness": rng.randrange(8),
                "filter_type": rng.randrange(2),
                "partitions": rng.randrange(4),
                "alpha_compression": rng.randrange(2),
                "alpha_filtering": rng.randrange(3),
                "alpha_quality": rng.choice([0, 20, 80, 100]),
                "use_sharp_yuv": rng.randrange(2),
                "preprocessing": rng.randrange(8),
            }
        files[f"{number}: quality {quality}, {options}"] = encoder.encode(image, quality, **options)
    assert_same(tmp_path, files)


def test_hints_about_alpha(tmp_path: Path) -> None:
    """A lossless picture that says it has no alpha has none, whatever its pixels say."""
    data = bytearray(saved(cut_out(), lossless=True, exact=True))
    assert data[24] & 0x10
    data[24] &= 0xEF
    assert_same(tmp_path, {"no alpha": bytes(data)})


def test_metadata_is_skipped(tmp_path: Path) -> None:
    files = {
        f"{kind}": saved(cut_out(), lossless=kind, exif=b"Exif\0\0odd", xmp=b"<x/>", icc_profile=b"\0" * 131)
        for kind in (True, False)
    }
    assert all(b"EXIF" in data and b"VP8X" in data for data in files.values())
    assert_same(tmp_path, files)


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Flipped bits, other bytes, cut off, or with a part twice."""
    found = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5, 30])):
        at = rng.randrange(len(found)) if rng.random() < 0.5 else rng.randrange(min(len(found), 60))
        match rng.randrange(6):
            case 0 | 1 | 2:
                found[at] ^= 1 << rng.randrange(8)
            case 3:
                found[at] = rng.randrange(256)
            case 4:
                del found[max(at, 1) :]
            case _:
                found[at:at] = found[at : at + rng.randrange(40)]
    return bytes(found)


def _huge(data: bytes) -> bool:
    """More pixels than the test allows, which Pillow would decode."""
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            return image.width * image.height > 2**18
    except Exception:  # Pillow raises whatever its decoders do
        return False


def test_damaged_files(tmp_path: Path) -> None:
    """They give the picture that Pillow gives, or an error if Pillow gives one; nothing else, and soon."""
    rng = random.Random(19)
    small = [image.crop((0, 0, 60, 50)) for image in pictures().values()]
    intact = [saved(image, lossless=True, method=rng.randrange(5)) for image in small]
    intact += [saved(image, quality=rng.randrange(100)) for image in small]
    files = [mutated(rng, rng.choice(intact)) for _ in range(MUTATED)]
    files = [data for data in files if not _huge(data)]
    found = decoded(tmp_path, files, max_pixels=2**18)
    wanted = list(map(by_pillow, files))
    assert 500 < sum(map(bool, wanted)) < len(files) - 500
    pixels = [one for one, other in zip(found, wanted, strict=True) if other]
    assert pixels == list(filter(None, wanted))
    refused = [one for one, other in zip(found, wanted, strict=True) if not other]
    assert [one for one in refused if not one.startswith("PictureError: ")] == []


@pytest.mark.parametrize(
    ("lossless", "most", "refused"),
    [(True, 6767, False), (False, 6767, False), (True, 6766, True), (False, 6766, True)],
)
def test_too_many_pixels_are_refused(tmp_path: Path, lossless: bool, most: int, refused: bool) -> None:
    (found,) = decoded(tmp_path, [saved(noise(101, 67), lossless=lossless)], max_pixels=most)
    assert found.startswith("PictureError: a picture has 101x67 pixels; at most 6766") == refused
    assert found.startswith("101x67 ") != refused


def test_a_few_bytes_that_ask_for_much(tmp_path: Path) -> None:
    """Every size that a header can say, and 65,536 groups of prefix codes: refused, or decoded, soon."""
    huge = bytearray(saved(Image.new("RGBA", (3, 3)), lossless=True))
    huge[21:25] = b"\xff\xff\xff\x1f"
    wide = bytearray(saved(Image.new("RGB", (3, 3))))
    wide[26:30] = b"\xff\x3f\xff\x3f"
    groups = bytes.fromhex("2fff0f7c10") + bytes([0x02]) + bytes(2000)
    frame = (
        b"RIFF" + (len(groups) + 13).to_bytes(4, "little") + b"WEBPVP8L" + len(groups).to_bytes(4, "little")
    )
    files = [bytes(huge), bytes(wide), frame + groups + b"\0"]
    found = decoded(tmp_path, files)
    assert [one.partition(":")[0] for one in found] == ["PictureError"] * 3


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_in_browsers(tmp_path: Path, engine: str) -> None:
    """Engines differ in nothing that the decoder uses."""
    files = {}
    for name, image in pictures().items():
        files[f"{name}, lossless"] = saved(image, lossless=True, exact=True)
        files[f"{name}, lossy"] = saved(image)
    assert_same(tmp_path, files, engine)
