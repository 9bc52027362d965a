"""Layered files that mean harm: one error each."""

from __future__ import annotations

import dataclasses
import struct
import zlib

import pytest
from PIL import Image

from haac_layers import _limits
from haac_layers._read import archive as archives
from haac_layers._read.kra import read_kra
from haac_layers._read.kra_tiles import read_tiles
from haac_layers._read.lzf import decompress
from haac_layers._read.ora import read_ora
from haac_layers._read.xcf import read_xcf
from haac_repo import PictureError
from tests.pipeline.layers.documents import archive, png

DOT = png(Image.new("RGBA", (2, 2), (255, 0, 0, 255)))
LAYER = '<layer name="a" src="a.png"/>'


def ora(stack: str, *members: tuple[str, bytes], size: str = 'w="9" h="9"', head: str = "") -> bytes:
    index = f"{head}<image {size}><stack>{stack}</stack></image>".encode()
    return archive([("mimetype", b"image/openraster"), ("stack.xml", index), ("a.png", DOT), *members])


def big_png(width: int, height: int) -> bytes:
    """A head that promises many pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


GROWING = '<!DOCTYPE image [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE image [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(ora(LAYER, head=GROWING), "entities", id="entities that grow"),
        pytest.param(ora(LAYER, head=OUTSIDE), "entities", id="an entity from outside"),
        pytest.param(ora("<stack>" * 100 + "</stack>" * 100), "inside each other", id="deep groups"),
        pytest.param(ora("<stack>" * 9999 + "</stack>" * 9999), "too large", id="very deep groups"),
        pytest.param(ora(LAYER * 5000), "4,096 layers", id="many layers"),
        pytest.param(ora(LAYER, size='w="90000" h="2"'), "90000x2", id="a wide canvas"),
        pytest.param(ora(LAYER, size='w="65000" h="65000"'), "65000x65000", id="a huge canvas"),
        pytest.param(ora(LAYER, size='w="0" h="5"'), "no pixels", id="no canvas"),
        pytest.param(ora(LAYER, size='w="1e999" h="5"'), "no number", id="an endless canvas"),
        pytest.param(ora(LAYER, size='w="x" h="5"'), "no number", id="no number"),
        pytest.param(ora('<layer src="a.png" x="nan"/>'), "no number", id="nowhere"),
        pytest.param(ora('<layer src="a.png" x="99999999"/>'), "stands at", id="far away"),
        pytest.param(
            ora('<layer src="b.png"/>', ("b.png", big_png(60000, 60000))), "60000x60000", id="a huge layer"
        ),
        pytest.param(ora('<layer src="../../etc/passwd"/>'), "no member", id="a path outwards"),
        pytest.param(
            ora('<layer src="b.svg"/>', ("b.svg", b"<svg/>")), "no PNG", id="another kind of picture"
        ),
        pytest.param(ora(LAYER, ("/a.png", DOT)), "two members", id="the same name twice"),
        pytest.param(ora("<"), "broken XML", id="broken XML"),
        pytest.param(b"PK\x03\x04" + bytes(99), "zip archive", id="no archive"),
        pytest.param(b"", "empty", id="an empty file"),
        pytest.param(archive([("mimetype", b"image/openraster")]), "stack.xml", id="no index"),
        pytest.param(archive([("stack.xml", bytes(2**24 + 1))]), "at most", id="a zip bomb for an index"),
        pytest.param(archive([(f"{n}", b"") for n in range(16_400)]), "members", id="many members"),
    ],
)
def test_one_error(data: bytes, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        read_ora(data)


def test_a_member_that_lies_about_its_length() -> None:
    data = bytearray(ora(LAYER, ("b.bin", bytes(1000))))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 3)  # the last one of the directory
    with pytest.raises(PictureError, match=r"b\.bin"):
        archives.Archive(bytes(data), "OpenRaster").read("b.bin")


def test_the_same_picture_a_thousand_times_counts_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _limits, "LAYER_LIMITS", dataclasses.replace(_limits.LAYER_LIMITS, layers_pixels=4000)
    )
    assert len(read_ora(ora(LAYER * 1000)).layers) == 1000
    with pytest.raises(PictureError, match="together"):
        read_ora(ora(LAYER * 1001))


def test_all_members_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = dataclasses.replace(_limits.LAYER_LIMITS, archive_bytes=500)
    monkeypatch.setattr(archives, "LAYER_LIMITS", limits)
    file = archives.Archive(archive([("a", bytes(300)), ("b", bytes(300))]), "OpenRaster")
    file.read("a")
    with pytest.raises(PictureError, match="at most 200"):
        file.read("b")


def test_names_that_begin_with_a_slash_are_looked_up_without_it() -> None:
    """As pyora writes them."""
    data = archive(
        [("/stack.xml", b'<image w="2" h="2"><stack><layer src="a.png"/></stack></image>'), ("/a.png", DOT)]
    )
    assert len(read_ora(data).layers) == 1


@pytest.mark.parametrize(
    ("packed", "size"),
    [
        pytest.param(b"\x05abc", 6, id="cut short"),
        pytest.param(b"\x20", 6, id="a reference cut short"),
        pytest.param(b"\x00a\x20\x05", 6, id="before the beginning"),
        pytest.param(b"\x00a" + b"\xe0\xff\x00" * 9999, 100, id="a bomb"),
        pytest.param(b"\x00a", 2, id="too little"),
    ],
)
def test_tiles_that_are_broken(packed: bytes, size: int) -> None:
    with pytest.raises(PictureError, match="tile"):
        decompress(packed, size)


def test_references_that_overlap_what_they_make_are_patterns() -> None:
    assert decompress(b"\x01ab\xe0\x01\x01\x00c", 13) == b"ab" + b"ababababab" + b"c"


HEAD = b"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE 4\nDATA 2\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"VERSION 1\n", id="another version"),
        pytest.param(HEAD.replace(b"SIZE 4", b"SIZE 8"), id="16 bits"),
        pytest.param(HEAD, id="no tile"),
        pytest.param(HEAD + b"0,0,LZF,9\n", id="a tile cut short"),
        pytest.param(HEAD + b"0,0,LZF,1\n\x01" * 2, id="a tile twice"),
        pytest.param(HEAD + b"7,0,LZF,1\n\x01", id="beside the grid"),
        pytest.param(HEAD + b"0,0,LZF,1\n\x01" + b"64000000,64000000,LZF,1\n\x01", id="tiles far apart"),
        pytest.param(HEAD + b"0,0,LZF,2\n\x09a" + b"64,0,LZF,1\n\x01", id="packed in another way"),
    ],
)
def test_layers_of_tiles_that_are_broken(data: bytes) -> None:
    with pytest.raises(PictureError):
        read_tiles(data, (64, 64), bytes(4), _limits.Budget())


def kra(layers: str, *members: tuple[str, bytes]) -> bytes:
    doc = f'<DOC xmlns="http://www.calligra.org/DTD/krita"><IMAGE name="i" width="2" height="2"><layers>{layers}</layers></IMAGE></DOC>'
    return archive([("mimetype", b"application/x-krita"), ("maindoc.xml", doc.encode()), *members])


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ('<layer nodetype="filterlayer" name="f"/>', "filterlayer"),
        ('<layer nodetype="paintlayer" colorspacename="RGBA16"/>', "RGBA16"),
        ('<layer nodetype="paintlayer" colorspacename="RGBA" channelflags="1110"/>', "alpha"),
        ('<layer nodetype="paintlayer" colorspacename="RGBA" layerstyle="x"/>', "style"),
        ('<layer nodetype="grouplayer"><masks><mask nodetype="transparencymask"/></masks></layer>', "masks"),
    ],
)
def test_what_only_krita_can_draw_is_its_merged_picture(layer: str, said: str) -> None:
    read = read_kra(kra(layer, ("mergedimage.png", DOT)))
    assert [each.name for each in read.layers] == ["merged"]
    assert said in read.notes[-1]
    with pytest.raises(PictureError, match=r"\.ora"):
        read_kra(kra(layer))


def test_a_gimp_file_names_the_way_out() -> None:
    with pytest.raises(PictureError, match=r"v011.*\.ora"):
        read_xcf(b"gimp xcf v011\0" + bytes(20))


def test_a_canvas_is_that_of_a_recipe() -> None:
    from haac import LIMITS

    limits = _limits.LAYER_LIMITS
    assert (limits.canvas_side, limits.canvas_pixels) == (LIMITS.canvas_side, LIMITS.canvas_pixels)
