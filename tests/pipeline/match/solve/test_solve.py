"""Which pictures are searched again after detection."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from haac_match import Matcher
from haac_match._solve import solve
from tests.pipeline.match.pictures import scenery


@pytest.mark.parametrize("shape", ["rectangle", "ellipse"])
def test_what_is_left_is_searched_again_but_for_a_picture_beside(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    searched = []

    def _solver(*args: object) -> object:
        searched.append(args)
        return made(*args)  # type: ignore[arg-type]

    made = solve._solver
    monkeypatch.setattr(solve, "_solver", _solver)
    sent = scenery(40).convert("RGB").resize((160, 120))
    mask = Image.new("L", sent.size)
    getattr(ImageDraw.Draw(mask), shape)((0, 0, 159, 119), fill=255)
    picture = Image.new("RGB", (400, 300), (57, 60, 66))
    picture.paste(sent, (50, 60), mask)
    matcher.compress(picture)
    assert bool(searched) == (shape == "ellipse")
