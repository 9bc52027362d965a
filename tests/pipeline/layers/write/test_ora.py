"""What is written as OpenRaster is read as the same."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from haac_layers._document import Group, Raster
from haac_layers._read.ora import read_ora
from haac_layers._write.ora import write_ora
from haac_repo import PictureError
from tests.pipeline.layers.documents import document, same


def assert_same(left: tuple[Raster | Group, ...], right: tuple[Raster | Group, ...]) -> None:
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        for said in ("name", "opacity", "visible", "blend"):
            assert getattr(one, said) == getattr(other, said)
        if isinstance(one, Group):
            assert isinstance(other, Group)
            assert_same(one.children, other.children)
        else:
            assert isinstance(other, Raster)
            assert (one.x, one.y) == (other.x, other.y)
            assert same(one.image, other.image)


def test_nothing_is_lost(tmp_path: Path) -> None:
    made, path = document(), tmp_path / "a.ora"
    write_ora(path, made)
    read = read_ora(path.read_bytes())
    assert (read.width, read.height, read.notes) == (160, 120, [])
    assert_same(read.layers, made.layers)
    assert read.merged is not None
    assert made.merged is not None
    assert same(read.merged, made.merged)


def test_the_mimetype_comes_first_and_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    write_ora(path, document())
    with zipfile.ZipFile(path) as file:
        first = file.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.ora", "b.ora"):
        write_ora(tmp_path / name, document())
    assert (tmp_path / "a.ora").read_bytes() == (tmp_path / "b.ora").read_bytes()


def test_a_name_that_xml_cannot_say(tmp_path: Path) -> None:
    made = document()
    layer = made.layers[0]
    assert isinstance(layer, Raster)
    write_ora(tmp_path / "a.ora", replace(made, layers=(replace(layer, name="a\x00\x1b\ud800b"),)))
    (read,) = read_ora((tmp_path / "a.ora").read_bytes()).layers
    assert read.name == "a\ufffd\ufffd\ufffdb"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="merged"):
        write_ora(tmp_path / "a.ora", replace(document(), merged=None))
    assert not list(tmp_path.iterdir())
