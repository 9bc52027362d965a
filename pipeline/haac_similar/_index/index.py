"""The similar index: 136 bytes an element of its embedding, the file that keeps them, and nearest neighbours among them.

Features are projected onto the directions in which the network's classifier looks (singular vectors of its weights), which needs no data
and so is the same for all catalogs; and the most probable classes are kept. Similarity is the cosine of the projections, less the
catalog's mean, plus a part of the Bhattacharyya coefficient of the probabilities (A. Bhattacharyya, 1943).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from haac_repo._internal import replacing
from haac_similar._embed.embedder import Embeddings, Floats

if TYPE_CHECKING:
    from haac_repo import Repository

FOLDER, FILE = "similar", "index.npz"
FORMAT: Final = 1
"""An index of another format is made again."""
WIDTH: Final = 96
"""Numbers of a projection."""
_CLASSES: Final = 8
_SHARE: Final = 0.7
"""Of the Bhattacharyya coefficient; by a study, with centred features."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Embeddings of elements as they are stored, by number.

    Args:
        numbers: (n,) int64 of the elements, rising.
        marks: (n,) uint32, the first 32 bits of their pixel hashes.
        codes: (n, k) int8, projections; times `scales` they are what they were.
        scales: (n,) float32.
        classes: (n, 8) uint16, the most probable ones; (n, 0) where the network knows none.
        roots: (n, 8) uint8, square roots of their probabilities times 255.
    """

    numbers: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    classes: npt.NDArray[np.uint16]
    roots: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.numbers)


def projection_of(classifier: Floats, width: int = WIDTH) -> Floats:
    """The directions in which a classifier looks most.

    Args:
        classifier: (classes, d) weights of its last layer.
        width: of directions at most.

    Returns:
        (d, k) float32, orthonormal columns; of each the largest entry is positive.
    """
    directions = np.linalg.svd(classifier.astype(np.float64), full_matrices=False)[2][:width]
    largest = np.abs(directions).argmax(1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return np.ascontiguousarray((directions * signs[:, None]).T, np.float32)


def rows_of(held: Iterable[tuple[int, str]], embeddings: Embeddings, projection: Floats) -> Rows:
    """Pack embeddings.

    Args:
        held: numbers, rising, and pixel hashes of the elements.
        embeddings: of these.
        projection: (d, k), the same for all rows of an index.
    """
    numbers, hashes = zip(*held, strict=True) if len(embeddings) else ((), ())
    found = embeddings.features @ projection
    scales = np.maximum(np.abs(found).max(1, initial=0), 1e-12) / 127
    probabilities = embeddings.probabilities
    if probabilities is None:
        probabilities = np.zeros((len(found), 0), np.float32)
    classes = np.argsort(-probabilities, axis=1, kind="stable")[:, :_CLASSES]
    return Rows(
        np.array(numbers, np.int64),
        np.array([int(pixels[:8], 16) for pixels in hashes], np.uint32),
        np.rint(found / scales[:, None]).astype(np.int8),
        scales.astype(np.float32),
        classes.astype(np.uint16),
        np.rint(np.sqrt(np.take_along_axis(probabilities, classes, 1)) * 255).astype(np.uint8),
    )


class SimilarIndex:
    """Nearest neighbours, by comparing with all rows."""

    def __init__(self, rows: Rows, projection: Floats) -> None:
        self.rows, self._projection = rows, projection
        values = rows.codes * rows.scales[:, None]
        self._mean = values.mean(0) if len(rows) else np.zeros(projection.shape[1], np.float32)
        self._units = _units(values - self._mean)

    def nearest(
        self, embedding: Embeddings, limit: int, allowed: Iterable[int] | None = None
    ) -> list[tuple[int, float]]:
        """The elements most similar to a picture.

        Args:
            embedding: of one picture.
            limit: at most so many.
            allowed: numbers of the elements that may come; None: all.

        Returns:
            Numbers and scores (at most 1.7), the highest first; of equal ones the lower number.
        """
        rows = self.rows
        scores = self._units @ _units(embedding.features[:1] @ self._projection - self._mean)[0]
        if embedding.probabilities is not None and rows.classes.shape[1]:
            roots = np.sqrt(embedding.probabilities[0])
            scores = scores + _SHARE * (roots[rows.classes] * (rows.roots / np.float32(255))).sum(1)
        there = np.arange(len(rows))
        if allowed is not None:
            there = there[np.isin(rows.numbers, np.fromiter(allowed, np.int64))]
        order = there[np.argsort(-scores[there], kind="stable")[:limit]]
        return [(int(rows.numbers[at]), float(scores[at])) for at in order]


def _units(values: Any) -> Floats:
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-9), np.float32)


def write(repository: Repository, network: str, rows: Rows, projection: Floats) -> None:
    """Replace the file of the index.

    Raises:
        OSError: it cannot be written.
    """
    about = json.dumps({"format": FORMAT, "repository": repository.id, "network": network}).encode()
    parts = {part.name: getattr(rows, part.name) for part in fields(Rows)}
    path = repository.path / FOLDER / FILE
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as file:
        np.savez(file, about=np.frombuffer(about, np.uint8), projection=projection, **parts)


def read(repository: Repository, network: str) -> tuple[SimilarIndex | None, str]:
    """The index; or None and why it cannot be used, without a word if it is not there."""
    try:
        with (repository.path / FOLDER / FILE).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if about["format"] != FORMAT or about["network"] != network:
                return None, "is of another version or network"
            if about["repository"] != repository.id:
                return None, "is of another repository"
            rows = Rows(**{part.name: file[part.name] for part in fields(Rows)})
            lengths = {len(getattr(rows, part.name)) for part in fields(Rows)}
            if lengths != {len(rows)} or rows.codes.dtype != np.int8:
                return None, "is damaged"
            return SimilarIndex(rows, file["projection"]), ""
    except FileNotFoundError:
        return None, ""
    except Exception as error:  # numpy, zipfile, zlib and json raise what they like
        return None, f"is damaged ({type(error).__name__})"
