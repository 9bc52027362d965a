"""The similar index: 137 bytes an element of its embedding, the file that keeps them, and nearest neighbours among them.

Features are projected onto the directions in which the network's classifier looks (singular vectors of its weights), which needs no data
and so is the same for all catalogs; and the most probable classes are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from haac_repo import HaacError, format_id
from haac_repo._internal import mark, replacing
from haac_similar._embed.embedder import Embeddings, Floats
from haac_similar._embed.networks import NETWORKS, Network
from haac_similar._kinds import NAMES, SURE, kinds_of, membership

if TYPE_CHECKING:
    from haac_repo import Repository

FOLDER, FILE = "similar", "index.npz"
FORMAT: Final = 2
"""An index of another format is made again."""
WIDTH: Final = 96
"""Numbers of a projection."""
_CLASSES: Final = 8
_MOST: Final = 1e6
"""What scales and projections stay below by far: products of these and of codes are finite."""
CLASS_WEIGHT: Final = 0.7
KIND_WEIGHT: Final = 1.5
"""Of the affinities of classes and of kinds; the cosine of features has 1."""


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
        photographs: (n,) True where the whole photograph was embedded that an element was cut out of.
    """

    numbers: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint32]
    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    classes: npt.NDArray[np.uint16]
    roots: npt.NDArray[np.uint8]
    photographs: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def nbytes(self) -> int:
        """Of all of them, as they are stored."""
        return sum(getattr(self, part.name).nbytes for part in fields(Rows))

    def take(self, rows: npt.NDArray[Any]) -> Rows:
        """Some of the rows, by index or as a mask."""
        return Rows(*(getattr(self, part.name)[rows] for part in fields(Rows)))


@dataclass(frozen=True, slots=True)
class Stored:
    """Contents of the file.

    Args:
        rows: of the elements.
        projection: (d, k) float32 of features to codes.
    """

    rows: Rows
    projection: Floats


def joined(first: Rows, second: Rows) -> Rows:
    """All rows of both, by number."""
    parts = (np.concatenate([getattr(each, part.name) for each in (first, second)]) for part in fields(Rows))
    both = Rows(*parts)
    return both.take(np.argsort(both.numbers, kind="stable"))


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


def rows_of(
    held: Iterable[tuple[int, str]],
    embeddings: Embeddings,
    projection: Floats,
    photographs: Sequence[bool] | None = None,
) -> Rows:
    """Pack embeddings.

    Args:
        held: numbers, rising, and pixel hashes of the elements.
        embeddings: of these.
        projection: (d, k), the same for all rows of an index.
        photographs: whether each embedding is of the photograph an element was cut out of; None: none is.
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
        np.array([mark(pixels) for pixels in hashes], np.uint32),
        np.rint(found / scales[:, None]).astype(np.int8),
        scales.astype(np.float32),
        classes.astype(np.uint16),
        np.rint(np.sqrt(np.take_along_axis(probabilities, classes, 1)) * 255).astype(np.uint8),
        np.array(photographs or [False] * len(found), np.bool_),
    )


class SimilarIndex:
    """Nearest neighbours, by comparing with all rows.

    Likeness is the cosine of centred projections, plus parts of the affinities of classes and of kinds; an affinity of two distributions is
    their Bhattacharyya coefficient, the sum of sqrt(p q). Kinds tell apart what a person would: among classes, a terrier is as far from a
    hound as from a teapot.
    """

    def __init__(self, rows: Rows, projection: Floats) -> None:
        self.rows, self._projection = rows, projection
        values = rows.codes * rows.scales[:, None]
        self._mean = values.mean(0) if len(rows) else np.zeros(projection.shape[1], np.float32)
        self._units = _units(values - self._mean)
        self._roots = np.asarray(rows.roots / np.float32(255), np.float32)
        self._kinds = self._kinds_of_rows()

    def nearest(
        self, embedding: Embeddings, limit: int, allowed: npt.NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The elements most similar to a picture.

        Args:
            embedding: of one picture.
            limit: at most so many.
            allowed: numbers of the elements that may come; None: all.

        Returns:
            Numbers and scores (at most 3.2), the highest first; of equal ones the lower number.
        """
        rows = self.rows
        scores = self._units @ self._unit(embedding)[0]
        if embedding.probabilities is not None and rows.classes.shape[1]:
            roots = np.sqrt(embedding.probabilities[0])
            scores = scores + CLASS_WEIGHT * np.einsum("nk,nk->n", roots.take(rows.classes), self._roots)
            scores = scores + KIND_WEIGHT * (self._kinds @ np.sqrt(kinds_of(embedding.probabilities[:1])[0]))
        return self._best(scores, limit, allowed)

    def nearest_to(
        self, number: int, limit: int, allowed: npt.NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The elements most similar to one that is in the index; no network is needed. As `nearest`, that element itself first.

        Args:
            number: of the element.
            limit: at most so many.
            allowed: numbers of the elements that may come; None: all.

        Raises:
            HaacError: the element is not in the index.
        """
        rows = self.rows
        at = int(np.searchsorted(rows.numbers, number))
        if at == len(rows) or rows.numbers[at] != number:
            raise HaacError(
                f"element {format_id(number)} is not in the similar index: `haac index --similar` brings it up to date"
            )
        scores = self._units @ self._units[at]
        if rows.classes.shape[1]:
            roots = np.zeros(int(rows.classes.max()) + 1, np.float32)
            roots[rows.classes[at]] = self._roots[at]
            scores = scores + CLASS_WEIGHT * np.einsum("nk,nk->n", roots.take(rows.classes), self._roots)
            scores = scores + KIND_WEIGHT * (self._kinds @ self._kinds[at])
        scores[at] = np.inf
        return self._best(scores, limit, allowed)

    def _best(
        self, scores: Floats, limit: int, allowed: npt.NDArray[np.int64] | None
    ) -> list[tuple[int, float]]:
        """Numbers and scores of the rows with the highest scores."""
        rows = self.rows
        there = np.arange(len(rows))
        if allowed is not None:
            there = there[np.isin(rows.numbers, allowed)]
        if len(there) > limit:  # sorting all of them takes longer than everything else
            least = -np.partition(-scores[there], limit - 1)[limit - 1]
            there = there[scores[there] >= least]
        order = there[np.argsort(-scores[there], kind="stable")[:limit]]
        return [(int(rows.numbers[at]), float(scores[at])) for at in order]

    def likeness(self, one: Embeddings, many: Embeddings) -> Floats:
        """(n,) how like each of n pictures is to one: as `nearest` scores elements."""
        found = self._unit(many) @ self._unit(one)[0]
        if one.probabilities is not None and many.probabilities is not None:
            found = found + CLASS_WEIGHT * (np.sqrt(many.probabilities) @ np.sqrt(one.probabilities[0]))
            own = np.sqrt(kinds_of(one.probabilities[:1])[0])
            found = found + KIND_WEIGHT * (np.sqrt(kinds_of(many.probabilities)) @ own)
        return np.asarray(found, np.float32)

    def kind(self, number: int) -> str:
        """The likeliest kind of an element; empty where none is likely."""
        at = int(np.searchsorted(self.rows.numbers, number))
        if at == len(self.rows) or self.rows.numbers[at] != number or not self._kinds.shape[1]:
            return ""
        best = int(self._kinds[at].argmax())
        return NAMES[best] if self._kinds[at, best] ** 2 >= SURE else ""

    def _unit(self, embeddings: Embeddings) -> Floats:
        return _units(embeddings.features @ self._projection - self._mean)

    def _kinds_of_rows(self) -> Floats:
        """(n, kinds) square roots of the probabilities of kinds."""
        probabilities = np.zeros((len(self.rows), len(NAMES)), np.float32)
        for column in range(self.rows.classes.shape[1]):
            probabilities += membership()[self.rows.classes[:, column]] * self._roots[:, column, None] ** 2
        return np.sqrt(probabilities)


def _units(values: Any) -> Floats:
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-9), np.float32)


def path(repository: Repository) -> Path:
    """Of the file."""
    return repository.path / FOLDER / FILE


def write(repository: Repository, network: str, stored: Stored) -> None:
    """Replace the file of the index, whose folder is there.

    Raises:
        OSError: it cannot be written.
    """
    about = json.dumps({"format": FORMAT, "repository": repository.id, "network": network}).encode()
    parts = {part.name: getattr(stored.rows, part.name) for part in fields(Rows)}
    with replacing(path(repository)) as file:
        np.savez(file, about=np.frombuffer(about, np.uint8), projection=stored.projection, **parts)


def read(repository: Repository, network: str) -> tuple[Stored | None, str]:
    """What is stored; or None and why it cannot be used, without a word if it is not there."""
    try:
        with path(repository).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            # Written without compression: what claims to be larger than the file it stands in is no such file.
            if sum(member.file_size for member in file.zip.infolist()) > path(repository).stat().st_size:
                return None, "is damaged (a part is larger than the file)"
            about = json.loads(file["about"].tobytes())
            if about["format"] != FORMAT or about["network"] != network:
                return None, "is of another version or network"
            if about["repository"] != repository.id:
                return None, "is of another repository"
            stored = Stored(Rows(*(file[part.name] for part in fields(Rows))), file["projection"])
            if wrong := _wrong(stored, NETWORKS.get(network)):
                return None, f"is damaged ({wrong})"
            return stored, ""
    except FileNotFoundError:
        return None, ""
    except Exception as error:  # numpy, zipfile, zlib and json raise what they like
        return None, f"is damaged ({type(error).__name__})"


def _wrong(stored: Stored, network: Network | None) -> str:
    """What cannot be in a file that was written here; "" if nothing is."""
    rows, projection = stored.rows, stored.projection
    count, width = len(rows.numbers), rows.codes.shape[-1]
    kept = rows.classes.shape[-1]
    wanted: dict[str, tuple[type, tuple[int, ...]]] = {
        "numbers": (np.int64, (count,)),
        "marks": (np.uint32, (count,)),
        "codes": (np.int8, (count, width)),
        "scales": (np.float32, (count,)),
        "classes": (np.uint16, (count, kept)),
        "roots": (np.uint8, (count, kept)),
        "photographs": (np.bool_, (count,)),
    }
    for name, (kind, shape) in wanted.items():
        part = getattr(rows, name)
        if part.dtype != kind or part.shape != shape:
            return f"{name} of {part.dtype} in the shape {part.shape}"
    if projection.dtype != np.float32 or projection.ndim != 2 or projection.shape[1] != width:
        return f"a projection of {projection.dtype} in the shape {projection.shape}"
    # Written so that what is not a number is refused too.
    if not (np.abs(projection) < _MOST).all() or not ((rows.scales > 0) & (rows.scales < _MOST)).all():
        return "numbers that no embedding has"
    if count and (rows.numbers[0] < 1 or (rows.numbers[1:] <= rows.numbers[:-1]).any()):
        return "elements that are not in order"
    if network is not None and network.dimensions != len(projection):
        return f"a projection of {len(projection)} features where the network has {network.dimensions}"
    if network is not None and rows.classes.max(initial=0) >= max(1, network.classes):
        return f"a class that the network, with {network.classes}, does not know"
    return ""
