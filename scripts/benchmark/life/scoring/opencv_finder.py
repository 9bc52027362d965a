"""What an engineer would write with OpenCV in a day: SIFT + FLANN + RANSAC for each element, then `matchTemplate`.

Every element's keypoints are matched with the picture's (Lowe's ratio test), a similarity is estimated from each element's matches
(RANSAC), and refined by normalised correlation of the element, warped so, in a window around it, in colour, where it is opaque. What
correlates well stands; of those that overlap, the one that correlates best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from haac_repo import Repository
from scripts.benchmark.life.page import Frame
from scripts.benchmark.life.scoring.score import Found, iou


@dataclass(frozen=True, slots=True)
class Settings:
    """Found best on tuning pictures."""

    enlarged: float = 2.0
    """By which picture and elements are made larger first: small elements have no keypoints else."""
    contrast: float = 0.02
    """Of a keypoint at least."""
    ratio: float = 0.8
    """Of the distances of a descriptor's nearest and second nearest, at most."""
    inliers: int = 4
    distance: float = 3.0
    """Pixels within which a match fits a similarity."""
    copies: int = 5
    """Of one element that are looked for at most."""
    least: float = 0.1
    most: float = 4.0
    """Sizes over the element's own."""
    worth: float = 0.4
    """Correlation from which a place is refined..."""
    correlation: float = 0.8
    """...and from which an element is there."""
    reach: int = 3
    """Pixels by which refinement moves an element at most."""
    overlap: float = 0.3
    """IoU from which two are in each other's way."""


class OpenCvFinder:
    """Keypoints of all elements of a repository, and looking them up.

    Args:
        path: of the repository.
        cache: file to keep the elements' keypoints in; read if it is there.
        settings: of the pipeline.
    """

    name = "opencv"

    def __init__(self, path: Path, cache: Path | None = None, settings: Settings | None = None) -> None:
        cv2.setNumThreads(1)
        self.settings = settings or Settings()
        self._sift = cv2.SIFT.create(contrastThreshold=self.settings.contrast)
        self._numbers: list[int] = []
        self._images: list[np.ndarray] = []
        with Repository.open(path) as repository:
            for element in repository.elements():
                self._numbers.append(element.number)
                self._images.append(np.asarray(repository.image(element.number).convert("RGBA")))
        self._points: np.ndarray
        self._descriptors: np.ndarray
        self._owners: np.ndarray
        if cache is None or not cache.exists():
            self._describe()
            if cache is not None:
                np.savez(cache, points=self._points, descriptors=self._descriptors, owners=self._owners)
        else:
            with np.load(cache) as kept:
                self._points, self._descriptors = kept["points"], kept["descriptors"]
                self._owners = kept["owners"]

    def _describe(self) -> None:
        """Keypoints of every element."""
        made = [self._keypoints(_on_white(image)) for image in self._images]
        self._points = np.concatenate([at for at, _ in made])
        self._descriptors = np.concatenate([described for _, described in made])
        self._owners = np.repeat(np.arange(len(made)), [len(at) for at, _ in made])

    def find(self, file: Path) -> tuple[list[Found], int]:
        """What stands; no bytes are written."""
        picture = np.asarray(Image.open(file).convert("RGB"))
        points, descriptors = self._keypoints(picture)
        if len(points) < 3:
            return [], 0
        index = cv2.FlannBasedMatcher({"algorithm": 1, "trees": 4}, {"checks": 32})
        matches = index.knnMatch(self._descriptors, descriptors, k=2)
        good = np.array(
            [
                (m.queryIdx, m.trainIdx)
                for m, second in matches
                if m.distance < self.settings.ratio * second.distance
            ]
        ).reshape(-1, 2)
        owners = self._owners[good[:, 0]]
        found: list[tuple[float, Found]] = []
        for owner in np.unique(owners):
            own = good[owners == owner]
            found += self._placed(int(owner), self._points[own[:, 0]], points[own[:, 1]], picture)
        return self._strongest(found), 0

    def _keypoints(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places (n, 2) in pixels of the image, and descriptors (n, 128), RootSIFT (Arandjelovic and Zisserman, 2012)."""
        large = cv2.resize(
            image, None, fx=self.settings.enlarged, fy=self.settings.enlarged, interpolation=cv2.INTER_CUBIC
        )
        points, described = self._sift.detectAndCompute(cv2.cvtColor(large, cv2.COLOR_RGB2GRAY), None)
        if described is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
        at = np.array([p.pt for p in points], np.float32) / self.settings.enlarged
        return at, np.sqrt(described / (described.sum(axis=1, keepdims=True) + 1e-9)).astype(np.float32)

    def _placed(
        self, owner: int, source: np.ndarray, target: np.ndarray, picture: np.ndarray
    ) -> list[tuple[float, Found]]:
        """Every copy of one element: what fits a similarity is taken away, and the rest asked again."""
        made = []
        for _ in range(self.settings.copies):
            if len(source) < self.settings.inliers:
                break
            matrix, mask = cv2.estimateAffinePartial2D(
                source, target, method=cv2.RANSAC, ransacReprojThreshold=self.settings.distance, maxIters=500
            )
            if matrix is None or int(mask.sum()) < self.settings.inliers:
                break
            keep = mask.ravel() == 0
            source, target = source[keep], target[keep]
            scale = math.hypot(matrix[0, 0], matrix[1, 0])
            if self.settings.least < scale < self.settings.most:
                made.append(self._refined(owner, matrix, scale, picture))
        return [m for m in made if m[0] >= self.settings.correlation]

    def _refined(
        self, owner: int, matrix: np.ndarray, scale: float, picture: np.ndarray
    ) -> tuple[float, Found]:
        """The best correlation nearby, at some sizes, and where. What is nothing like it where it is said to be is left at that."""
        image = self._images[owner]
        height, width = image.shape[:2]
        rotation = math.atan2(matrix[1, 0], matrix[0, 0])
        middle = matrix[:, :2] @ (width / 2, height / 2) + matrix[:, 2]
        best = (-1.0, Found(self._numbers[owner], Frame(0, 0, 1, 1)))
        for change in (1.0, 0.96, 1.04):
            size = scale * change
            warped, mask = _warped(image, size, rotation)
            high, wide = mask.shape[:2]
            left, top = np.rint(middle - (wide / 2, high / 2)).astype(int)
            reach = 0 if change == 1.0 and best[0] < 0 else self.settings.reach
            value, x, y = _correlated(picture, warped, mask, (left, top), reach)
            if reach == 0:
                if value < self.settings.worth:
                    break
                value, x, y = _correlated(picture, warped, mask, (left, top), self.settings.reach)
            if value > best[0]:
                across, down = width * size, height * size
                frame = Frame(
                    x + wide / 2 - across / 2, y + high / 2 - down / 2, across, down, math.degrees(rotation)
                )
                best = (value, Found(self._numbers[owner], frame))
        return best

    def _strongest(self, found: list[tuple[float, Found]]) -> list[Found]:
        """Of those that overlap, the one that correlates best."""
        kept: list[Found] = []
        for _, one in sorted(found, key=lambda f: -f[0]):
            if all(iou(one.frame, other.frame) < self.settings.overlap for other in kept):
                kept.append(one)
        return kept


def _on_white(image: np.ndarray) -> np.ndarray:
    alpha = image[:, :, 3:].astype(np.float32) / 255
    return np.rint(image[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _warped(image: np.ndarray, scale: float, rotation: float) -> tuple[np.ndarray, np.ndarray]:
    """An element resized and turned about the middle of what it takes; and where it is opaque."""
    height, width = image.shape[:2]
    turn = scale * np.array(
        [[math.cos(rotation), -math.sin(rotation)], [math.sin(rotation), math.cos(rotation)]]
    )
    if scale < 1:  # by areas: a warp alone takes single pixels
        small = cv2.resize(
            image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
        )
        turn = turn @ np.diag((width / small.shape[1], height / small.shape[0]))
        image, (height, width) = small, small.shape[:2]
    side = np.ceil(2 * np.abs(turn) @ (width / 2, height / 2)).astype(int)
    move = side / 2 - turn @ (width / 2, height / 2)
    made = cv2.warpAffine(image, np.column_stack((turn, move)), tuple(map(int, side)), flags=cv2.INTER_LINEAR)
    return np.ascontiguousarray(made[:, :, :3]), (made[:, :, 3] > 128).astype(np.uint8)


def _correlated(
    picture: np.ndarray, warped: np.ndarray, mask: np.ndarray, corner: tuple[int, int], reach: int
) -> tuple[float, float, float]:
    """The best normalised correlation within `reach` pixels of a corner, and its corner; -1 where it leaves the picture."""
    left, top = max(0, corner[0] - reach), max(0, corner[1] - reach)
    high, wide = mask.shape
    window = picture[top : top + high + 2 * reach, left : left + wide + 2 * reach]
    if window.shape[0] < high or window.shape[1] < wide or mask.sum() < 40:
        return -1.0, 0.0, 0.0
    scores = cv2.matchTemplate(
        window, warped, cv2.TM_CCOEFF_NORMED, mask=np.repeat(mask[:, :, None], 3, axis=2)
    )
    scores[~np.isfinite(scores) | (scores > 1.001)] = -1
    _, value, _, (x, y) = cv2.minMaxLoc(scores)
    return float(value), float(left + x), float(top + y)
