"""Files of other formats: within the bytes that are asked for, of the right size, and counted as they are."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from haac_evidence._codecs import codec as codecs
from haac_evidence._codecs.codec import CODECS, EFFORTS, Codec, available_codecs, read, written
from haac_evidence._codecs.headers import HEADERS, without_comment
from haac_evidence._codecs.placeholders import (
    blurhash,
    blurhash_bytes,
    blurhashes,
    draw_blurhash,
    draw_thumbhash,
    placeholders,
    thumbhash,
    thumbhash_bytes,
)
from haac_evidence._peers.measure import formats, lossless
from haac_evidence._peers.record import missing
from haac_evidence._peers.search import Search, drawn
from haac_evidence._scores.scores import Scorer
from haac_pipeline._internal import psnr


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Smooth colours, an edge, and some texture."""
    y, x = np.mgrid[:height, :width].astype(float)
    rng = np.random.default_rng(5)
    red = 128 + 90 * np.sin(x / 13) + rng.normal(0, 6, x.shape)
    green = 255 * y / height
    blue = np.where(x + y > width, 220, 40)
    return Image.fromarray(np.stack([red, green, blue], axis=2).clip(0, 255).astype(np.uint8))


PICTURE = picture()

FAST = ("speed", ((9,) * EFFORTS,) * 3)
QUICK = [
    replace(codec, variants=codec.variants[:2], efforts=FAST) if codec.name == "AVIF" else codec
    for codec in available_codecs()
]
"""AVIF in less time: what is tested is the search."""
every_codec = pytest.mark.parametrize("codec", QUICK, ids=lambda codec: codec.name)


def defaults(codec: Codec) -> Iterator[bytes]:
    """Files with Pillow's own settings, at the size of the picture and reduced, of many qualities."""
    for scale, quality in itertools.product((1, 0.5, 0.25), range(5, 96, 15)):
        small = PICTURE.resize((round(64 * scale), round(48 * scale)), Image.Resampling.LANCZOS)
        options: dict[str, object] = {"quality": quality}
        if codec.of_quality is not None:
            options = {"quality_mode": "rates", "quality_layers": [200 / quality]}
        data = written(small, codec.format, options)
        if data is not None:
            yield data


@every_codec
def test_files_are_within_the_limit_and_as_large_as_the_picture(codec: Codec) -> None:
    search = Search(codec, PICTURE)
    for limit in (420, 1500):
        for counted in (True, False):
            for tried in search.best(limit, counted=counted):
                assert (len(tried.data) if counted else tried.payload) <= limit
                assert tried.payload <= len(tried.data)
                made = drawn(tried.data, PICTURE.size)
                assert made.size == PICTURE.size
                assert psnr(np.asarray(PICTURE), np.asarray(made)) == pytest.approx(tried.psnr)


@every_codec
def test_a_searched_file_is_never_worse_than_a_plain_one_of_as_many_bytes(codec: Codec) -> None:
    """By the measure that is searched by, but for a trifle where the search ends on a side of a ripple."""
    search = Search(codec, PICTURE)
    pixels = np.asarray(PICTURE)
    compared = 0
    for data in list(defaults(codec))[::6]:
        best = search.best(len(data))
        assert best, "the plain file is that small"
        assert max(each.psnr for each in best) >= psnr(pixels, np.asarray(drawn(data, PICTURE.size))) - 0.3
        compared += 1
    assert compared >= 3


@every_codec
def test_each_setting_makes_another_file(codec: Codec) -> None:
    """Pillow takes options that it does not know, and does nothing."""
    middle = codec.best_quality // 2
    options = [codec.options(variant, middle, PICTURE.size, 0) for variant in range(len(codec.variants))]
    files = [codec.write(PICTURE, each) for each in options]
    assert len(set(files)) == len(files)
    assert None not in files


@every_codec
def test_nothing_is_found_where_no_file_is_so_small(codec: Codec) -> None:
    assert Search(codec, PICTURE).best(3) == []


@every_codec
def test_without_its_header_a_file_is_still_most_of_it(codec: Codec) -> None:
    """Headers are a constant, not a share: of a large file nearly nothing, of a small one nearly all."""
    options = [codec.options(0, quality, (64, 48), 0) for quality in (3, codec.best_quality - 5)]
    small, large = (codec.write(PICTURE, each) for each in options)
    assert small is not None
    assert large is not None
    headers = [len(data) - codec.payload(data) for data in (small, large)]
    assert len(large) > 2 * len(small)
    assert 0 < headers[0] <= len(small)
    assert headers[1] < 700
    assert abs(headers[0] - headers[1]) < 400  # JPEG's own Huffman tables


def test_headers_of_known_files() -> None:
    """Counted by hand: RIFF and chunk header 20, start code and size 7; JPEG XL's signature 2, its size of 9 bits 1."""
    webp = written(PICTURE, "WEBP", {"quality": 50})
    assert webp is not None
    codec = {each.name: each for each in CODECS}
    padding = len(webp) - 20 - int.from_bytes(webp[16:20], "little")
    assert len(webp) - codec["WebP"].payload(webp) == 27 + padding
    jxl = b"\xff\x0a" + (1 | 7 << 1 | 1 << 6).to_bytes(2, "little") + bytes(20)
    assert len(jxl) - codec["JPEG XL"].payload(jxl) == 3
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xda\x00\x03x" + b"\x11\xff\x00\x22\xff\xd0\x33" + b"\xff\xd9"
    assert codec["JPEG"].payload(jpeg) == 7
    avif = b"\0\0\0\x0cftypavif" + b"\0\0\0\x14mdat" + bytes.fromhex("1200 0a02aabb 3204") + bytes(4)
    assert codec["AVIF"].payload(avif) == 6


def test_a_jpeg_2000_file_loses_the_comment_of_its_encoder_only() -> None:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG2000", no_jp2=True)
    data = buffer.getvalue()
    shorter = without_comment(data)
    assert b"OpenJPEG" in data
    assert b"OpenJPEG" not in shorter
    assert without_comment(shorter) == shorter
    assert np.array_equal(np.asarray(read(shorter)), np.asarray(read(data)))


@every_codec
def test_a_lossless_file_gives_all_pixels(codec: Codec) -> None:
    found = list(lossless(PICTURE, codec, Scorer(PICTURE)))
    assert len(found) == (0 if codec.name == "JPEG" else 1)
    for each in found:
        assert each.exact
        assert each.bytes < 3 * 64 * 48


def test_a_codec_that_is_not_installed_is_named_and_not_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = {name: saver for name, saver in Image.SAVE.items() if name != "JXL"}
    monkeypatch.setattr(Image, "SAVE", rest)
    monkeypatch.setattr(codecs, "find_spec", lambda _: None)
    assert "JPEG XL" not in formats()
    assert "pip install" in missing()["JPEG XL"]
    assert "WebP" in formats()


# Placeholders


needs_blurhash = pytest.mark.skipif("BlurHash" not in placeholders(), reason="blurhash-rs is not installed")
needs_thumbhash = pytest.mark.skipif(
    "ThumbHash" not in placeholders(), reason="thumbhash-rs is not installed"
)


@needs_blurhash
def test_a_blurhash_has_the_characters_that_its_waves_take() -> None:
    for most in (20, 28, 60, 500):
        for waves in blurhashes(PICTURE, most):
            text = blurhash(PICTURE, waves)
            assert len(text) == 4 + 2 * waves[0] * waves[1] <= most
            assert blurhash_bytes(text)[0] == len(text)
            assert blurhash_bytes(text)[1] < len(text)
            assert draw_blurhash(text, (64, 48)).size == (64, 48)
    assert not list(blurhashes(PICTURE, 5))


@needs_blurhash
def test_a_blurhash_of_one_colour_is_the_known_string() -> None:
    """By the specification: size and greatest value are 0, the mean is 24 bits in four digits of base 83."""
    text = blurhash(Image.new("RGB", (32, 32), (255, 255, 255)), (1, 1))
    assert text == "00TSUA"
    assert blurhash_bytes("LEHV6nWB2yk8pyo0adR*.7kCMdnj") == (28, 22)  # 24 + 6.4 + 11 * 12.7 bits
    assert np.asarray(draw_blurhash("00TSUA", (4, 4))).min() == 255


@needs_thumbhash
def test_a_thumbhash_has_some_twenty_bytes() -> None:
    data = thumbhash(PICTURE)
    size, bits = thumbhash_bytes(data)
    assert 17 <= size == len(data) <= 26
    assert bits <= size
    made = draw_thumbhash(data, PICTURE.size)
    assert made.size == PICTURE.size
    assert psnr(np.asarray(PICTURE), np.asarray(made)) > 12


def test_every_format_says_what_its_header_is() -> None:
    assert set(HEADERS) == {
        "haac",
        "haac similar",
        "BlurHash",
        "ThumbHash",
        *(codec.name for codec in CODECS),
    }
