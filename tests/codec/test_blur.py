"""Blur strings, and the command that makes them."""

from __future__ import annotations

import base64
import io
import json
import random
import re
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one in a folder of its own, and a file that is none."""
    (tmp_path / "album" / "more").mkdir(parents=True)
    Image.new("RGB", (90, 60), "teal").save(tmp_path / "album" / "a_red-door.png")
    Image.new("RGBA", (30, 60), (255, 0, 0, 90)).save(tmp_path / "album" / "more" / "IMG 1234.png")
    (tmp_path / "album" / "notes.txt").write_text("none")
    return tmp_path / "album"


def test_blur_of_a_folder_is_a_line_for_each_picture(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["blur", str(folder)]) == 0
    lines = [line.split("  ") for line in capfd.readouterr().out.splitlines()]
    assert [Path(name).name for _, name in lines] == ["a_red-door.png", "IMG 1234.png"]
    assert decode_blur(lines[0][0], 30).size == (30, 20)
    assert _run(["blur", "--json", str(folder), str(folder / "a_red-door.png")]) == 0
    told = json.loads(capfd.readouterr().out)
    assert [each["blur"] for each in told] == [lines[0][0], lines[1][0], lines[0][0]]
    assert told[0]["picture"] == lines[0][1]


def test_blur_goes_on_after_what_is_no_picture(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "b.png").write_bytes(b"no picture")
    assert _run(["blur", str(folder)]) == 1
    said = capfd.readouterr()
    assert len(said.out.splitlines()) == 2
    assert "b.png" in said.err
    assert "Traceback" not in said.err
    (folder / "none").mkdir()
    assert _run(["blur", str(folder / "none")]) == 1
    assert "no pictures" in capfd.readouterr().err


def shown(uri: str) -> Image.Image:
    prefix, _, data = uri.partition(",")
    assert prefix in ("data:image/webp;base64", "data:image/png;base64")
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_blur_as_a_data_uri(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for options, size in (([], (32, 21)), (["--size", "12"], (12, 8))):
        assert _run(["blur", "--data-uri", *options, str(folder / "a_red-door.png")]) == 0
        uri = capfd.readouterr().out.strip()
        with shown(uri) as image:
            assert image.size == size
            assert np.abs(np.asarray(image.convert("RGB"), int) - (0, 128, 128)).max() < 24
        assert len(uri) < 400
    assert _run(["blur", "--data-uri", str(folder / "more" / "IMG 1234.png")]) == 0
    with shown(capfd.readouterr().out.strip()) as image:
        assert np.abs(np.asarray(image.convert("RGBA"), int)[..., 3] - 90).max() < 24


def test_blur_as_html(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = folder / "more" / "IMG 1234.png"
    assert _run(["blur", "--html", "img", str(name)]) == 0
    line = capfd.readouterr().out.strip()
    found = re.fullmatch(
        r'<img src="(.*)" width="30" height="60" alt="" loading="lazy" style="background: url\((.*)\) 0 0 / 100% 100% no-repeat">',
        line,
    )
    assert found
    assert found[1].endswith("/more/IMG%201234.png")
    shown(found[2]).close()
    assert _run(["blur", "--html", "blur", "--json", str(folder / "a_red-door.png")]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["html"].startswith(f'<haac-blur value="{told["blur"]}"><img src="')
    assert 'width="90" height="60" alt="a red door" loading="lazy"></haac-blur>' in told["html"]
    assert (told["width"], told["height"]) == (90, 60)


def test_blur_html_is_no_way_to_smuggle_markup_in(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / '"><script>alert()<.png'
    Image.new("RGB", (9, 9)).save(path)
    for kind in ("img", "blur"):
        assert _run(["blur", "--html", kind, str(path)]) == 0
        assert "<script" not in capfd.readouterr().out
    assert _run(["blur", "--css", str(path)]) == 0
    assert re.match(r"\.script-alert \{", capfd.readouterr().out)


def test_blur_as_css(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["blur", "--css", str(folder)]) == 0
    lines = capfd.readouterr().out.splitlines()
    for line, start in zip(
        lines, (".a_red-door { aspect-ratio: 90 / 60; ", ".IMG-1234 { aspect-ratio: 30 / 60; "), strict=True
    ):
        assert line.startswith(start + "background: url(data:image/")
        assert line.endswith(") 0 0 / 100% 100% no-repeat; }")


@pytest.mark.parametrize(
    "options",
    [
        ["--css", "--data-uri"],
        ["--html", "img", "--css"],
        ["--size", "9"],
        ["--html", "blur", "--size", "9"],
        ["--decode", "--css", "-o", "x.png"],
        ["-o", "x.png"],
        ["--html", "svg"],
    ],
)
def test_blur_refuses_options_that_would_do_nothing(folder: Path, options: list[str]) -> None:
    assert _run(["blur", *options, str(folder / "a_red-door.png")]) == 2
