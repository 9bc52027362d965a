"""Blur strings, and the command that makes them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac import decode_blur, encode_blur
from haac._cli.main import _run
from haac_repo import HaacError, RecipeError

Photograph = Callable[..., Image.Image]
"""The fixture of that name."""


@pytest.mark.parametrize(
    ("size", "alpha"),
    [((240, 160), True), ((160, 240), False), ((500, 90), False), ((3, 400), True), ((1, 1), False)],
)
def test_blur_strings(size: tuple[int, int], alpha: bool, photograph: Photograph) -> None:
    image = photograph(*size, alpha=alpha)
    text = encode_blur(image)
    assert len(text) <= 34
    for long in (32, 320):
        picture = decode_blur(text, long)
        assert max(picture.size) == long
        wanted = long * min(size) / max(size)
        assert abs(min(picture.size) - max(1, wanted)) <= 2 + 0.012 * wanted
        if min(size) > 9:
            assert bool((np.asarray(picture.getchannel("A")) < 255).any()) == alpha
    if not alpha and min(size) > 50:
        shown = decode_blur(text, max(size)).resize(size).convert("RGB")
        assert ((np.asarray(image.convert("RGB"), float) - np.asarray(shown, float)) ** 2).mean() < 2500


@pytest.mark.parametrize("text", ["", "?", "ab cd", "A", "AAAA", "____________", "-" * 9000, "é"])
def test_no_blur_string(text: str) -> None:
    with pytest.raises(RecipeError):
        decode_blur(text, 32)


def test_any_change_of_a_blur_string_gives_a_picture_or_a_haac_error(photograph: Photograph) -> None:
    rng = random.Random(7)
    text = encode_blur(photograph(alpha=True))
    refused = 0
    for _ in range(400):
        at = rng.randrange(len(text))
        changed = text[:at] + rng.choice("abcxyzABCXYZ019-_") + text[at + rng.randint(0, 2) :]
        try:
            assert max(decode_blur(changed, 24).size) == 24
        except HaacError:
            refused += 1
    assert refused > 100


def test_the_command_blur(tmp_path: Path, capfd: pytest.CaptureFixture[str], photograph: Photograph) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    photograph().save(tmp_path / "photo.jpg", exif=exif)
    assert _run(["blur", str(tmp_path / "photo.jpg")]) == 0
    text = capfd.readouterr().out.strip()
    assert _run(["blur", "--decode", text, "-o", str(tmp_path / "out.png"), "--size", "90"]) == 0
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (60, 90)
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    for arguments in (["no.jpg"], ["missing.jpg"]):
        assert _run(["blur", str(tmp_path / arguments[0])]) == 1
    assert _run(["blur", "--decode", "!", "-o", str(tmp_path / "no.png")]) == 1
    assert _run(["blur", "--decode", text]) == 2
    assert not (tmp_path / "no.png").exists()
    assert "Traceback" not in capfd.readouterr().err


def blurred(path: Path, capfd: pytest.CaptureFixture[str]) -> np.ndarray:
    """What the string of a picture shows, (height, width, 4)."""
    assert _run(["blur", str(path)]) == 0
    return np.asarray(decode_blur(capfd.readouterr().out.strip(), 32))


def test_blur_reads_as_the_other_commands_do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """16 bits came out white, floats black, and WhiteIsZero as its negative."""
    grey = np.full((40, 60), 64, np.uint8)
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "sixteen.png")
    Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "float.tif")
    for name in ("sixteen.png", "float.tif"):
        assert np.abs(blurred(tmp_path / name, capfd)[..., 0].astype(int) - 64).max() < 24


def test_a_photograph_of_50_megapixels_is_blurred(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (8660, 5774), (200, 30, 40)).save(tmp_path / "large.jpg")
    assert blurred(tmp_path / "large.jpg", capfd)[..., 0].min() > 150


def test_blur_says_what_was_broken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (60, 40), "teal").save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-2])
    assert _run(["blur", str(tmp_path / "a.jpg")]) == 0
    said = capfd.readouterr()
    assert "end marker" in said.err
    assert len(said.out.strip()) <= 34
