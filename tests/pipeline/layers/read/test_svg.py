"""Groups of SVG drawings as layers."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from haac_layers._document import Raster
from haac_layers._read.svg import read_svg
from haac_layers._write.svg import write_svg
from haac_repo import PictureError
from tests.pipeline.layers.documents import document

pytest.importorskip("resvg_py")

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="2000" height="1000" fill="red">'
GROUPS = """<defs><linearGradient id="fade"><stop stop-color="blue"/></linearGradient></defs>
<g id="back"><rect id="box" width="200" height="100" aria-label="a>b"/></g>
<circle cx="20" cy="20" r="10" fill="lime"/><path d="M0 0h5v5z"/>
<g transform="translate(100 50)" style="display:none">
<title>moved &amp; hidden</title><g/><use href="#box" width="9" fill="url(#fade)" /></g>
<g id="blended" style="mix-blend-mode:multiply"><rect x="50" y="50" width="10" height="10" fill="#00f"/></g>
</svg>"""


def test_each_group_is_drawn_alone() -> None:
    read = read_svg((HEAD + GROUPS).encode())
    layers = [layer for layer in read.layers if isinstance(layer, Raster)]
    assert [layer.name for layer in layers] == ["back", "circle", "moved & hidden", "blended"]
    assert [layer.visible for layer in layers] == [True, True, False, True]
    assert [layer.blend for layer in layers] == ["normal", "normal", "normal", "multiply"]
    assert [(layer.x, layer.y, *layer.image.size) for layer in layers] == [
        (0, 0, 2000, 1000),
        (0, 0, 300, 300),
        (1000, 500, 1000, 500),
        (500, 500, 100, 100),
    ]
    assert layers[0].image.getpixel((5, 5)) == (255, 0, 0, 255)
    assert layers[1].image.getpixel((200, 200)) == (0, 255, 0, 255)
    assert layers[2].image.getpixel((5, 5)) == (0, 0, 255, 255)  # of the layer that it uses, and of <defs>


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_group_around_all_others_is_looked_into(packed: bool) -> None:
    text = f'{HEAD}<g id="all"><g id="a"><path d="M0 0h9v9z"/></g><g id="b"><path d="M9 9h9v9z"/></g></g></svg>'.encode()
    read = read_svg(gzip.compress(text) if packed else text)
    assert [layer.name for layer in read.layers] == ["a", "b"]


def test_a_group_that_fades_all_others_is_one_layer() -> None:
    text = f'{HEAD}<g id="all" opacity=".5"><g id="a"><path d="M0 0h9v9z"/></g><g id="b"><path d="M9 9h9v9z"/></g></g></svg>'
    assert [layer.name for layer in read_svg(text.encode()).layers] == ["all"]


def test_layers_over_one_another_show_the_drawing() -> None:
    read = read_svg((HEAD + GROUPS.replace("mix-blend-mode:multiply", "")).encode())
    shown = Image.new("RGBA", (read.width, read.height))
    for layer in read.layers:
        assert isinstance(layer, Raster)
        if layer.visible:
            shown.alpha_composite(layer.image, (layer.x, layer.y))
    assert read.merged is not None
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(read.merged)).max() <= 1


@pytest.mark.parametrize(
    ("root", "inside", "style", "said"),
    [
        (' opacity="0.5"', "", "", "opacity is set"),
        (' style="fill:red; filter:none"', "", "", "filter is set"),
        ("", ' style="mix-blend-mode:multiply"', "", "blended with what is below"),
        ("", "", "<style>rect{mix-blend-mode:multiply}</style>", "blended with what is below"),
    ],
)
def test_layers_that_would_not_show_the_drawing_are_one(
    root: str, inside: str, style: str, said: str
) -> None:
    square = f'<rect width="50" height="50" fill="#8f8"{inside}/>'
    head = HEAD.replace(">", f"{root}>")
    read = read_svg(
        f'{head}{style}<g id="a"><path d="M0 0h99v99z"/></g><g id="b">{square}</g></svg>'.encode()
    )
    (layer,) = read.layers
    assert isinstance(layer, Raster)
    assert layer.name == "drawing"
    assert layer.image is read.merged
    assert said in read.notes[0]


def test_what_is_written_is_read_with_its_names(tmp_path: Path) -> None:
    write_svg(tmp_path / "a.svg", document())
    read = read_svg((tmp_path / "a.svg").read_bytes())
    assert [layer.name for layer in read.layers] == ['ground ä 象 <&">', "half", "group", "passed", "hidden"]
    assert [layer.visible for layer in read.layers] == [True, True, True, True, False]


@pytest.mark.parametrize("text", ["<svg", "<html/>", "<svg><image href='/etc/passwd'/></svg>"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(PictureError):
        read_svg(text.encode())
