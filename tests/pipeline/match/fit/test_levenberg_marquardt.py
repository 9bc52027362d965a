"""The compiled Levenberg-Marquardt steps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from haac_match._fit import levenberg_marquardt


@pytest.mark.parametrize(("across", "down"), [(1.5, 1.5), (0.75, 2.5), (0, 0)])
def test_the_blur_is_opencvs(across: float, down: float) -> None:
    level, margin = np.random.default_rng(2).random((20, 30, 4), np.float32), 10
    there = cv2.copyMakeBorder(level, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    if across:
        there = cv2.GaussianBlur(there, (0, 0), across, sigmaY=down)
    made = levenberg_marquardt.blurred(level, across, down, margin)
    assert made.shape == (40, 50, 4)
    assert np.abs(made - there).max() < 0.004  # OpenCV's kernel is longer
    assert made.sum() == pytest.approx(level.sum(), rel=1e-5)


def test_a_solved_step_is_numpys() -> None:
    rng = np.random.default_rng(4)
    jacobian, group = rng.normal(size=(7, 30)), np.array([0, 1, 2, 3, 3, 4, -1])
    hessian, gradient = jacobian @ jacobian.T, rng.normal(size=7)
    chosen = np.zeros((7, 5))
    for column, of in enumerate(group[:6]):
        chosen[column, of] = 1
    small = chosen.T @ hessian @ chosen
    there = chosen @ np.linalg.solve(small + 0.01 * np.diag(np.diag(small)), -(chosen.T @ gradient))
    made = levenberg_marquardt._solved(np.triu(hessian), gradient, 0.01, group, 5)
    assert made == pytest.approx(there)
    assert np.isnan(levenberg_marquardt._solved(np.zeros((7, 7)), gradient, 0.0, group, 5)).all()
