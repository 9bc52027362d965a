"""Indexes of OpenRaster and Krita that say things in unusual ways, or leave them out."""

from __future__ import annotations

import pytest
from PIL import Image

from haac_layers import Group, Raster, read_document
from haac_layers._read.mode import mode_named
from tests.pipeline.layers.documents import archive, png

DOT = png(Image.new("RGBA", (2, 2), (255, 0, 0, 255)))
BROKEN = b"\x89PNG\r\n\x1a\n" + bytes(30)
TILE = (
    b"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE 4\nDATA 1\n0,0,LZF,16385\n\0"
    + bytes([1, 2, 3, 200]) * 4096
)
PAINT = '<layer nodetype="paintlayer" colorspacename="RGBA" filename="layer1" name="paint"/>'


def ora(stack: str, *members: tuple[str, bytes]) -> bytes:
    index = f'<image w="9" h="9"><stack>{stack}</stack></image>'.encode()
    return archive([("stack.xml", index), ("a.png", DOT), *members])


def kra(layers: str, *members: tuple[str, bytes]) -> bytes:
    index = (
        f'<DOC><IMAGE width="9" height="9" name="picture"><layers>{layers}</layers></IMAGE></DOC>'.encode()
    )
    return archive([("maindoc.xml", index), ("picture/layers/layer1", TILE), *members])


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("", "normal"),
        ("svg:src-over", "normal"),
        ("normal", "normal"),
        ("svg:", "normal"),
        ("svg:MULTIPLY", "multiply"),
        ("svg:plus", "linear-dodge"),
        ("krita:linear light", "linear-light"),
        ("vivid_light", "vivid-light"),
        ("diff", "difference"),
        ("hard mix", "krita-hard-mix"),
        ("krita:behind", "behind"),
        ("x" * 99, "x" * 40),
    ],
)
def test_modes_by_the_names_of_programs(said: str, mode: str) -> None:
    assert mode_named(said) == mode


def test_what_is_missing_is_as_usual_and_numbers_may_have_an_exponent() -> None:
    plain, faded = read_document(
        ora('<layer src="a.png" opacity="5e-1" x="-3" y="-1e1"/><layer src="a.png"/>')
    ).layers
    assert isinstance(plain, Raster)
    assert isinstance(faded, Raster)
    assert (plain.name, plain.x, plain.y, plain.opacity, plain.visible, plain.blend) == (
        "",
        0,
        0,
        1,
        True,
        "normal",
    )
    assert (faded.x, faded.y, faded.opacity) == (-3, -10, 0.5)


@pytest.mark.parametrize(
    "data",
    [ora('<layer src="a.png"/>', ("mergedimage.png", BROKEN)), kra(PAINT, ("mergedimage.png", BROKEN))],
)
def test_a_merged_picture_that_is_broken_is_left_out_and_said(data: bytes) -> None:
    document = read_document(data)
    assert document.merged is None
    assert len(document.layers) == 1
    assert "own picture cannot be read" in document.notes[0]


def test_what_only_krita_draws_does_not_matter_in_a_hidden_group() -> None:
    filtered = '<layer nodetype="adjustmentlayer" name="filter"/>'
    group = '<layer nodetype="grouplayer" name="group" visible="{}"><layers>' + filtered + "</layers></layer>"
    document = read_document(kra(group.format(0) + PAINT))
    assert [each.name for each in document.layers] == ["paint", "group"]
    assert isinstance(document.layers[1], Group)
    assert "'filter'" in document.notes[0]
    merged = png(Image.new("RGBA", (9, 9), (1, 2, 3, 255)))
    shown = read_document(kra(group.format(1) + PAINT, ("mergedimage.png", merged)))
    assert [each.name for each in shown.layers] == ["merged"]
