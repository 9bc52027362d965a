"""Alpha matting: hairs that a blurred mask lost are found again."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("pymatting")

import cv2

from haac_pipeline._segment.matting import matted
from scripts.benchmark.cutout_edges.composites import drawn
from tests.pipeline.segment.backgrounds import plain


@pytest.mark.parametrize("kind", ["fur", "hair"])
def test_hairs_are_found_again(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = drawn(kind, 5, 160, plain((40, 120, 60)))
    blurred = np.rint(cv2.GaussianBlur(made.alpha, (0, 0), 3) * 255).astype(np.uint8)
    found = matted(made.picture, blurred)

    def off(mask: np.ndarray) -> float:
        return float(np.abs(mask / 255 - made.alpha).mean())

    assert off(found) < off(blurred) / 2
    assert capsys.readouterr().out == "", "pymatting prints"


def test_what_is_sure_stays() -> None:
    made = drawn("fur", 5, 160, plain((40, 120, 60)))
    blurred = np.rint(cv2.GaussianBlur(made.alpha, (0, 0), 3) * 255).astype(np.uint8)
    found = matted(made.picture, blurred)
    sure = cv2.erode((blurred == 255).astype(np.uint8), np.ones((7, 7))) > 0
    assert sure.any()
    assert (found[sure] == 255).all()
    assert (found[cv2.dilate(blurred, np.ones((7, 7))) == 0] == 0).all()


@pytest.mark.parametrize("level", [0, 100, 255])
def test_a_mask_without_object_or_ground_stays(level: int) -> None:
    rgb = np.zeros((40, 50, 3), np.uint8)
    mask = np.full((40, 50), level, np.uint8)
    assert np.array_equal(matted(rgb, mask), mask)
