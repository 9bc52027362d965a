"""The report picture: what stands where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from haac import Colour, ElementCache, Layer, Plate, Scene, render, to_binary
from haac._vectors import DrawnElements
from haac_pipeline._compress import report as page_module
from haac_pipeline._compress.quality import quality
from haac_pipeline._compress.report import Reported, report


def told(
    scene: Scene, original: Image.Image | None = None, unexplained: npt.NDArray[np.bool_] | None = None
) -> Reported:
    made = render(scene, DrawnElements())
    original = made.convert("RGB") if original is None else original
    if unexplained is None:
        unexplained = np.zeros((scene.height, scene.width), bool)
    return Reported(
        name="picture.png",
        original=original,
        made=made,
        scene=scene,
        binary_bytes=len(to_binary(scene)),
        quality=quality(original, made),
        unexplained=unexplained,
    )


def marks(page: Image.Image) -> npt.NDArray[np.bool_]:
    """Where the page has the colour of what is not explained; without the remark, which has it too."""
    found = np.asarray(page) == np.array(page_module._MARK)
    return np.asarray(found.all(axis=2)[page_module._HEAD + page_module._TITLE :])


SCENE = Scene(
    400, 300, Colour(0x336699FF), [Layer(1, width=90, x=40, y=50), Layer(2, width=60, x=250, y=150)]
)


def test_where_nothing_was_looked_for_the_report_does_not_say_that_all_is_explained() -> None:
    def figures(scene: Scene, *, compared: bool) -> list[tuple[str, str]]:
        content = told(scene)
        return list(page_module._figures(content if compared else replace(content, unexplained=None)))

    alike = replace(SCENE, similar=True)
    assert figures(SCENE, compared=True)[-1] == ("0 %", "explained by nothing")
    assert figures(alike, compared=False)[-1] == ("similar", "not the same objects")
    bare = replace(SCENE, layers=[])
    assert figures(bare, compared=False)[-1] == ("-", "no elements were compared")
    page = report(replace(told(alike), unexplained=None), DrawnElements())
    assert not marks(page).any()


def test_an_exact_recipe() -> None:
    page = report(told(SCENE), DrawnElements())
    assert page.mode == "RGB"
    assert not marks(page).any()
    column = (page.width - 2 * page_module._MARGIN + page_module._GAP) // 3
    top = page_module._HEAD + page_module._TITLE
    panels = [
        page.crop((left, top, left + 400, top + 300))
        for left in (page_module._MARGIN + n * column for n in range(3))
    ]
    original = render(SCENE, DrawnElements()).convert("RGB")
    assert panels[0].tobytes() == panels[1].tobytes() == original.tobytes()
    assert len(panels[2].getcolors() or []) == 1, "no difference, nothing drawn"


def test_what_nothing_explains_is_marked_where_it_is() -> None:
    unexplained = np.zeros((300, 400), bool)
    unexplained[100:200, 40:140] = True
    unexplained[5, 300] = True  # a speck of noise is not
    found = marks(report(told(SCENE, unexplained=unexplained), DrawnElements()))
    rows, columns = np.nonzero(found)
    left = columns.min() - page_module._MARGIN - 400 - page_module._GAP
    assert abs(left - 40) < 6
    assert abs(columns.max() - columns.min() - 100) < 12
    assert abs(rows.min() - 100) < 6
    assert abs(rows.max() - 200) < 6


def test_differences_are_amplified() -> None:
    original = np.array(render(SCENE, DrawnElements()).convert("RGB"))
    original[:, :100, 0] += 3
    page = report(told(SCENE, Image.fromarray(original)), DrawnElements())
    third = page.width - page_module._MARGIN - 400 + 50, page_module._HEAD + page_module._TITLE + 100
    assert page.getpixel(third) == (48, 0, 0)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (2000, 90), (90, 2000), (600, 600)])
def test_any_shape_of_picture(size: tuple[int, int]) -> None:
    scene = Scene(*size, Plate(1))
    unexplained = np.ones((size[1], size[0]), bool)
    page = report(told(scene, Image.new("RGB", size, "red"), unexplained), DrawnElements())
    assert page.width >= 3 * page_module._NARROWEST
    assert page.height < 1400
    assert marks(page).any()


def test_pictures_with_alpha_and_no_element() -> None:
    scene = Scene(64, 48)
    page = report(told(scene, Image.new("RGBA", (64, 48))), DrawnElements())
    assert not marks(page).any()


def test_more_elements_than_there_is_room_for() -> None:
    heights = [
        page_module._elements(
            Scene(64, 48, layers=[Layer(1 + n) for n in range(count)]),
            ElementCache(Several()),
            1240,
        ).height
        for count in (1, 12, 13, 36, 500)
    ]
    assert heights[0] == heights[1] < heights[2] < heights[3] == heights[4]


class Several:
    """Any number of elements."""

    def image(self, ref: int) -> Image.Image:
        """A square of some colour."""
        return Image.new("RGBA", (20, 20), (ref % 256, 90, 90, 255))


def test_a_paraphrase_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the render, and above the elements."""
    said = []

    class Draw(ImageDraw.ImageDraw):
        def text(self, xy: Any, text: Any, *args: Any, **options: Any) -> None:
            said.append(text)
            super().text(xy, text, *args, **options)

    monkeypatch.setattr(ImageDraw, "Draw", Draw)
    for similar in (False, True):
        said.clear()
        scene = Scene(400, 300, SCENE.background, SCENE.layers, similar=similar)
        report(told(scene), DrawnElements())
        assert ("similar, not the same" in said) == similar
        assert ("elements, back to front: similar, not the same" in said) == similar
        assert any("haac1:like:" in words for words in said) == similar
