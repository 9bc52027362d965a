"""Which pictures are searched again after detection, and what becomes of detections then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac import Layer, Scene, render
from haac_match import Matcher
from haac_match._detect.detect import Detection, Detector
from haac_match._solve import solve
from haac_repo import Repository
from tests.pipeline.match.pictures import scenery


@pytest.mark.parametrize("shape", ["rectangle", "pieces", "ellipse"])
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
    pen = ImageDraw.Draw(mask)
    (pen.ellipse if shape == "ellipse" else pen.rectangle)((0, 0, 159, 119), fill=255)
    if shape == "pieces":  # between them it is of the background's colour
        pen.line((-9, 30, 169, 100), 0, 10)
        pen.line((30, 129, 120, -9), 0, 10)
    picture = Image.new("RGB", (400, 300), (57, 60, 66))
    picture.paste(sent, (50, 60), mask)
    matcher.compress(picture)
    assert bool(searched) == (shape == "ellipse")


def test_a_detection_within_what_is_solved_is_left_out(
    repository: Repository, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the head of one emoji may be taken for the head of another."""

    def detect(self: Detector, target: np.ndarray) -> tuple[list[Detection], list[Detection]]:
        found, doubtful = real(self, target)
        (one,) = found
        pose = replace(one.pose, element=5, cx=one.pose.cx + 10, sx=one.pose.sx / 4, sy=one.pose.sy / 4)
        left, top = round(one.pose.cx), round(one.pose.cy) - 10
        return [one, replace(one, pose=pose, extent=(left, top, left + 20, top + 20))], doubtful

    real = Detector.detect
    picture = render(Scene(300, 240, layers=[Layer(2, width=120, x=80, y=50, rotation=66)]), repository)
    on = Image.new("RGBA", picture.size, (90, 120, 150, 255))
    on.alpha_composite(picture)
    assert matcher.compress(on.convert("RGB")).exact
    monkeypatch.setattr(Detector, "detect", detect)
    made = matcher.compress(on.convert("RGB"))
    assert made.exact
    assert [layer.number for layer in made.scene.layers] == [2]
