"""What is not read is named; what an extra reads says which."""

import gzip
import io
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from haac._input.formats import extra
from haac._internal import read_picture
from haac_repo import PictureError
from tests.codec.input.pictures import gradient, saved

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="10" height="10" fill="#f00"/></svg>'


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"8BPS\0\1", "Photoshop"),
        (b"gimp xcf file", "GIMP"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"v/1\x01", "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance"),
        (b"II*\0\x10\0\0\0CR\2\0", "Canon CR2"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "Canon CR3"),
        (b"FUJIFILMCCD-RAW 0201", "Fujifilm"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"\0\0\1\0\1\0", "icon"),
        (b"P6\n2 2\n255\n", "Netpbm"),
        (b"qoif", "QOI"),
        (b"PK\x03\x04", "zip"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "video"),
        (b"\x1aE\xdf\xa3", "video"),
        (b"<!DOCTYPE html><html>", "web page"),
    ],
)
def test_what_is_not_read_is_named(start: bytes, name: str) -> None:
    with pytest.raises(PictureError, match=name):
        read_picture(start + bytes(64))


@pytest.mark.parametrize("start", [b"8BPS", b"gimp xcf"])
def test_layered_files_are_for_import(start: bytes) -> None:
    with pytest.raises(PictureError, match="`haac import`"):
        read_picture(start + bytes(64))


@pytest.mark.parametrize(
    ("data", "package"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow-heif"),
        (b"\xff\x0a\xfa\x1f\x41\x91\x08\x06\x01\x00" + bytes(40), "pillow-jxl-plugin"),
        (SVG, "resvg-py"),
        (gzip.compress(SVG, mtime=0), "resvg-py"),
    ],
)
def test_what_an_extra_reads_says_which(data: bytes, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(PictureError, match=rf"{package}.*haac\[formats\]"):
        read_picture(data)


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"no drawing", mtime=0), b"\x1f\x8b\x08", b"<svg", b"<?xml version='1.0'?><svg><g></svg>"],
)
def test_what_is_no_drawing_is_no_picture(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"not a picture|broken"):
        read_picture(data)


def test_a_gzip_bomb_is_refused() -> None:
    with pytest.raises(PictureError, match="more than"):
        read_picture(gzip.compress(bytes(2**25)))


# With the extra


@pytest.mark.skipif(find_spec("resvg_py") is None, reason="resvg-py is in haac[formats]")
class TestDrawings:
    """SVG."""

    @pytest.mark.parametrize(
        ("attributes", "size"),
        [
            ('width="20" height="10"', (1024, 512)),
            ('viewBox="0 0 3000 1500"', (3000, 1500)),
            ('width="9000" height="4500"', (4096, 2048)),
            ('width="1e9" height="5e8"', (4096, 2048)),
            ('width="100mm" height="50mm"', (1024, 512)),
            ('width="100%" height="100%" viewBox="0 0 2000 1000"', (2000, 1000)),
        ],
    )
    def test_size(self, attributes: str, size: tuple[int, int]) -> None:
        assert read_picture(SVG.replace(b'width="20" height="10"', attributes.encode())).image.size == size

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
    def test_pixels(self, encoding: str) -> None:
        text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><!-- é -->' + SVG.decode()
        picture = read_picture(text.encode(encoding))
        assert (picture.format, picture.has_alpha) == ("SVG", True)
        assert picture.image.getpixel((100, 100)) == (255, 0, 0, 255)
        assert picture.image.getpixel((900, 100))[3] == 0  # type: ignore[index]
        assert read_picture(gzip.compress(text.encode(encoding))).image.tobytes() == picture.image.tobytes()

    @pytest.mark.parametrize(
        "place", ["/etc/passwd.png", "other.png", "file:///a.png", "http://127.0.0.1:1/a.png", "\\\\a\\b.png"]
    )
    @pytest.mark.parametrize("element", ["image", "feImage", "svg:image"])
    @pytest.mark.parametrize("attribute", ["href", "xlink:href"])
    def test_nothing_from_elsewhere_is_loaded(self, place: str, element: str, attribute: str) -> None:
        names = b'<svg xmlns:svg="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        shown = f'<{element} width="9" height="9" {attribute}="{place}"/></svg>'.encode()
        with pytest.raises(PictureError, match="elsewhere"):
            read_picture(SVG.replace(b"<svg", names).replace(b"</svg>", shown))

    def test_entities_hide_nothing(self) -> None:
        hidden = b"<!DOCTYPE svg [<!ENTITY a \"<image href='x.png' width='9' height='9'/>\">]>"
        with pytest.raises(PictureError, match="elsewhere"):
            read_picture(hidden + SVG.replace(b"</svg>", b"&a;</svg>"))

    def test_depth_and_number_of_elements_are_limited(self) -> None:
        for inner in (b"<g>" * 300 + b"</g>" * 300, b"<g/>" * 200_001):
            with pytest.raises(PictureError, match="too large"):
                read_picture(SVG.replace(b"</svg>", inner + b"</svg>"))

    def test_a_billion_laughs(self) -> None:
        laughs = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
        with pytest.raises(PictureError):
            read_picture(
                b'<!DOCTYPE svg [<!ENTITY a0 "ha">' + laughs + b"]>" + SVG.replace(b"</svg>", b"&a9;</svg>")
            )

    def test_text_is_a_note(self) -> None:
        assert read_picture(SVG).notes == ()
        assert "fonts" in read_picture(SVG.replace(b"</svg>", b"<text>a</text></svg>")).notes[0]


@pytest.mark.skipif(find_spec("pillow_heif") is None, reason="pillow-heif is in haac[formats]")
class TestHeic:
    """HEIC."""

    def heic(self, image: Image.Image, **options: object) -> bytes:
        import pillow_heif

        file = io.BytesIO()
        pillow_heif.from_pillow(image).save(file, quality=95, **options)
        return file.getvalue()

    def test_it_is_read(self) -> None:
        picture = read_picture(self.heic(gradient(64, 48)))
        assert (picture.format, picture.image.size, picture.image.mode) == ("HEIF", (64, 48), "RGBA")
        apart = np.asarray(picture.image)[..., :3].astype(int) - np.asarray(gradient(64, 48))
        assert np.abs(apart).mean() < 4

    def test_it_is_turned_once(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        assert read_picture(self.heic(gradient(64, 48), exif=exif.tobytes())).image.size == (48, 64)

    def test_a_broken_one_is_an_error(self) -> None:
        data = self.heic(gradient(64, 48))
        for cut in (30, len(data) // 2, len(data) - 5):
            with pytest.raises(PictureError):
                read_picture(data[:cut])

    def test_pillow_is_left_as_it_was(self) -> None:
        before = set(Image.OPEN)
        read_picture(self.heic(gradient(64, 48)))
        assert set(Image.OPEN) == before


@pytest.mark.skipif(find_spec("pillow_jxl") is None, reason="pillow-jxl-plugin is in haac[formats]")
class TestJpegXl:
    """JPEG XL."""

    def jxl(self, image: Image.Image, **options: object) -> bytes:
        import pillow_jxl  # noqa: F401 (registers itself)

        return saved(image, "JXL", lossless=True, **options)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
    @pytest.mark.parametrize("boxed", [False, True])
    def test_it_is_exact(self, mode: str, boxed: bool) -> None:
        image = gradient().convert(mode)
        picture = read_picture(self.jxl(image, use_container=boxed))
        assert picture.format == "JXL"
        assert (np.asarray(picture.image) == np.asarray(image.convert("RGBA"))).all()

    @pytest.mark.parametrize(
        "size", [(1, 1), (8, 16), (300, 200), (256, 128), (1000, 37), (16, 9), (3, 5000)]
    )
    def test_its_size_is_known_before_it_is_decoded(self, size: tuple[int, int]) -> None:
        for boxed in (False, True):
            assert extra.jxl_size(self.jxl(Image.new("RGB", size), use_container=boxed)) == size

    def test_a_huge_one_is_refused_before_it_is_decoded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(extra, "need", lambda *_: pytest.fail("went on"))
        bits = 0 | 3 << 1 | (2**20 - 1) << 3 | 0 << 33 | 3 << 36 | (2**20 - 1) << 38
        with pytest.raises(PictureError, match="1048576x1048576"):
            read_picture(b"\xff\x0a" + bits.to_bytes(20, "little"))

    def test_a_broken_one_is_an_error(self) -> None:
        data = self.jxl(gradient())
        for cut in (2, 12, len(data) // 2):
            with pytest.raises(PictureError):
                read_picture(data[:cut])
