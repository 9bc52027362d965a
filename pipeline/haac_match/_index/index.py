"""The match index: descriptors of all elements with an IVF-PQ inverted index over keypoints; built from the catalog, updated and loaded.

The file follows from the catalog alone (as long as nothing was withdrawn), not from the order in which it was made: the quantisers are
trained on a part of the elements that only grows in steps, and with every step everything is described again.

Source of the inverted file with product quantisation: H. Jegou, M. Douze, C. Schmid, "Product quantization for nearest neighbor
search" (2011).
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from haac_match._index.describe import (
    Rows,
    Run,
    describe_all,
    in_this_process,
    joined,
    unpacked_looks,
    unpacked_places,
)
from haac_match._index.gallery import Gallery
from haac_match._index.keypoints import DIMENSIONS, Features, Vote, votes
from haac_match._index.polar import RingTable
from haac_match._index.segment_table import SegmentTable
from haac_match._index.segments import unpacked_frames
from haac_match._index.store import FOLDER, Stored, pack, path, read, write
from haac_match._options import Mapper
from haac_match._picture.arrays import Bytes, Floats, Integers
from haac_match._thresholds.index import INVERTED
from haac_repo import RepositoryError
from haac_repo._internal import Held, is_current, missing, size, storage_errors, updating
from haac_repo._internal import Survey as Survey
from haac_repo._internal import Updated as Updated

if TYPE_CHECKING:
    from haac_repo import Repository

ELEMENT_BYTES = 4_000
"""At most so many on disk for each element..."""
FLOOR_BYTES = 4_000_000
"""... or so many in all, so that small catalogs are searched exactly."""
_ZIP_BYTES = 4_000
_TOGETHER = 512
"""Keypoints that are looked up together."""
_CODED = 60_000
"""Keypoints that are coded together."""


class Words(Protocol):
    """A faiss index over descriptors of keypoints."""

    ntotal: int
    """Keypoints in it."""

    def search(self, queries: Floats, neighbours: int, /) -> tuple[Floats, Integers]:
        """Squared distances and indices of the nearest keypoints, both (queries, neighbours); -1 for none."""


@dataclass(frozen=True, slots=True)
class Index:
    """Descriptors of all elements, ready for lookup.

    Args:
        gallery: those that may be found as layers.
        thumbnails: (photographs, side, side, 3), of opaque elements.
        photographs: their numbers.
        places: (keypoints, 4), as of `Features`.
        owners: (keypoints,), rows of the gallery.
        words: lookup of keypoints by their descriptors.
        segments: colour segments of all elements.
        cuts: (elements, SIDE, SIDE, 4), thumbnails of what shows, premultiplied, rows of the gallery.
        extents: (elements, 4), left, top, right, bottom of what shows, pixels of the element.
    """

    gallery: Gallery
    thumbnails: Bytes
    photographs: Integers
    places: Floats
    owners: Integers
    words: Words
    segments: SegmentTable
    cuts: Bytes
    extents: Floats

    def only(self, numbers: Sequence[int]) -> Index:
        """The same with some elements only."""
        rows = np.flatnonzero(np.isin(self.gallery.numbers, numbers))
        renamed = np.full(len(self.gallery.numbers), -1, np.int64)
        renamed[rows] = np.arange(len(rows))
        chosen = np.isin(self.photographs, numbers)
        return replace(
            self,
            gallery=self.gallery.only(rows),
            thumbnails=self.thumbnails[chosen],
            photographs=self.photographs[chosen],
            owners=renamed[self.owners],
            segments=self.segments.only(renamed),
            cuts=self.cuts[rows],
            extents=self.extents[rows],
        )

    def votes(self, query: Features, neighbours: int, most: int, mapped: Mapper = map) -> list[Vote]:
        """Poses for which the keypoints of a picture vote, the strongest first.

        Args:
            query: keypoints of the picture.
            neighbours: so many of the index that each votes with.
            most: so many votes.
            mapped: like `map`, perhaps with threads.
        """
        made: list[Vote] = []
        if not len(query.places) or not len(self.places):
            return made
        for mirrored in (False, True):
            looks = query.mirrored() if mirrored else query.looks
            parts = [
                np.ascontiguousarray(looks[first : first + _TOGETHER])
                for first in range(0, len(looks), _TOGETHER)
            ]
            answers = list(mapped(lambda part: self.words.search(part, neighbours), parts))
            distances = np.concatenate([answer[0] for answer in answers])
            found = np.concatenate([answer[1] for answer in answers])
            made += votes(
                query.places, found, distances, self.places, self.owners, self.gallery.sizes, mirrored, most
            )
        return sorted(made, key=lambda vote: (-vote.score, vote.row))[:most]


def survey_index(repository: Repository) -> Survey:
    """The state of the index; nothing is changed."""
    stored, damage = read(repository)
    left = missing(None if stored is None else stored.rows, repository.held())
    return Survey(stored is not None, len(left), size(path(repository)), damage)


def load(
    repository: Repository,
    *,
    run: Run = in_this_process,
    progress: Callable[[int], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Index:
    """Read the index, bringing it up to date if it is not. Where it cannot be written it is made in memory.

    Args:
        repository: or mirror.
        run: describes elements, in this process if nothing is said.
        progress: told how many elements more are described.
        say: told what a person should know.
    """
    held = repository.held()
    stored, _ = read(repository)
    if stored is None or missing(stored.rows, held):
        try:
            stored, _ = _update(repository, False, run, progress, say)
        except RepositoryError as error:
            say(f"the match index cannot be kept: {error}")
            stored, _, _ = _renewed(stored, repository, held, run, progress)
    elif not is_current(stored.rows, held).all():
        # What withdrawn elements look like goes from the file too, whoever may write it.
        with contextlib.suppress(RepositoryError):
            stored, _ = _update(repository, False, run, progress, say)
    return _index(stored, held)


def update_index(
    repository: Repository,
    *,
    rebuild: bool = False,
    run: Run = in_this_process,
    progress: Callable[[int], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Updated:
    """Bring the index up to date: describe what is new, leave out what was withdrawn.

    Args:
        repository: or mirror.
        rebuild: describe everything again.
        run: describes elements, in this process if nothing is said.
        progress: told how many elements more are described.
        say: told what a person should know.

    Raises:
        RepositoryError: the folder cannot be written to.
        RepositoryBusyError: another process makes the index, and takes long.
    """
    return _update(repository, rebuild, run, progress, say)[1]


def _update(
    repository: Repository,
    rebuild: bool,
    run: Run,
    progress: Callable[[int], None],
    say: Callable[[str], None],
) -> tuple[Stored, Updated]:
    started = time.monotonic()
    with updating(repository.path, FOLDER):
        old, damage = (None, "") if rebuild else read(repository)
        if damage:
            say(f"the match index {damage}: it is made again")
        held = repository.held()
        stored, described, unread = _renewed(old, repository, held, run, progress)
        if stored is not old:
            with storage_errors(repository.path):
                write(repository, stored)
    if unread:
        say(
            f"{len(unread)} elements could not be described and are not in the match index: `haac verify` tells whether they are"
            " damaged; else a worker crashed over one of them, or went beyond --timeout or --memory"
        )
    seconds = time.monotonic() - started
    return stored, Updated(
        elements=len(stored.rows),
        described=described,
        bytes=size(path(repository)),
        seconds=seconds,
        unread=unread,
    )


def _renewed(
    old: Stored | None, repository: Repository, held: Held, run: Run, progress: Callable[[int], None]
) -> tuple[Stored, int, list[int]]:
    """The index as it should be (the old one itself if it is that), how many were described, and which cannot be read."""
    if old is not None:
        current = is_current(old.rows, held)
        if not current.all():
            old = replace(old, rows=old.rows.take(np.flatnonzero(current)))
    new, unread = describe_all(repository, missing(None if old is None else old.rows, held), run, progress)
    if old is not None and not len(new):
        return old, 0, unread
    step = _step(held[-1][0] if held else 0)
    if old is not None and not len(old.quantiser):
        rows = joined([old.rows, new], DIMENSIONS)
        return _made(rows, step), len(new), unread
    if old is not None and old.step == step:
        coded = _coded(new, old.quantiser)
        rows = joined([old.rows, coded], coded.looks.shape[1])
        return _trimmed(rows, old.quantiser, step), len(new), unread
    known = {*new.numbers.tolist(), *unread}
    others, bad = describe_all(repository, [one for one in held if one[0] not in known], run, progress)
    rows = joined([new, others], DIMENSIONS)
    return _made(rows, step), len(rows), unread + bad


def _made(rows: Rows, step: int) -> Stored:
    """The index of uncoded rows: exact where they are few, else quantised."""
    if len(rows.looks) <= INVERTED.exact and _fits(rows):
        return Stored(rows, np.zeros(0, np.uint8), 0)
    first = int(rows.counts[rows.numbers <= step].sum(dtype=np.int64))
    quantiser = _trained(rows.looks[: first if first > INVERTED.enough else None])
    return _trimmed(_coded(rows, quantiser), quantiser, step)


def _fits(rows: Rows) -> bool:
    return rows.nbytes + _ZIP_BYTES <= max(FLOOR_BYTES, ELEMENT_BYTES * len(rows))


def _trimmed(rows: Rows, quantiser: Bytes, step: int) -> Stored:
    """With as many keypoints as the file has room for."""
    bare = io.BytesIO()
    pack(bare, Stored(rows.weakest_left_out(0), quantiser, step), "")
    each = rows.places[:1].nbytes + rows.looks[:1].nbytes  # these hardly get smaller in the file
    room = max(FLOOR_BYTES, ELEMENT_BYTES * len(rows)) - bare.tell() - _ZIP_BYTES
    return Stored(rows.weakest_left_out(max(0, room // max(1, each))), quantiser, step)


def _step(last: int) -> int:
    """The quantisers are trained on the elements up to this number: again only when there are half as many more."""
    step = INVERTED.first_step
    while step * 3 // 2 <= last:
        step = step * 3 // 2
    return step


def _trained(looks: Bytes) -> Bytes:
    import faiss

    count = len(looks)
    lists = max(1, min(INVERTED.most_lists, int(INVERTED.lists * count**0.5)))
    room = max(INVERTED.sample, INVERTED.sample_a_list * lists)
    sample = np.random.default_rng(1).permutation(count)[:room]
    words = faiss.index_factory(DIMENSIONS, f"PCA80,IVF{lists},PQ16x8np")
    inverted: Any = faiss.downcast_index(faiss.extract_index_ivf(words))
    inverted.cp.min_points_per_centroid = inverted.pq.cp.min_points_per_centroid = 1  # else it prints
    with _one_thread():
        words.train(unpacked_looks(looks[np.sort(sample)]))
    return np.asarray(faiss.serialize_index(words), np.uint8)


def _coded(rows: Rows, quantiser: Bytes) -> Rows:
    """The same with codes of the quantiser for looks."""
    import faiss

    words = faiss.deserialize_index(quantiser)
    codes = [np.zeros((0, words.sa_code_size()), np.uint8)]
    with _one_thread():
        for first in range(0, len(rows.looks), _CODED):
            codes.append(words.sa_encode(unpacked_looks(rows.looks[first : first + _CODED])))
    return replace(rows, looks=np.concatenate(codes))


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """One thread of faiss, so that sums are the same on any machine."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _index(stored: Stored, held: Held) -> Index:
    """Ready for use: without what was withdrawn, or shows nothing."""
    import faiss

    rows = stored.rows
    use = is_current(rows, held)
    photographs = use & rows.photographs
    use &= ~np.isnan(rows.frames[:, 0, 0])
    thumbnails = rows.thumbnails[photographs[rows.photographs]]
    numbers = rows.numbers[photographs]
    if not use.all():
        rows = rows.take(np.flatnonzero(use))
    if len(stored.quantiser):
        words = faiss.deserialize_index(stored.quantiser)
        inverted: Any = faiss.downcast_index(faiss.extract_index_ivf(words))
        inverted.add_sa_codes(np.ascontiguousarray(rows.looks), np.arange(len(rows.looks)))
        inverted.nprobe = INVERTED.searched
        words.ntotal = inverted.ntotal
    else:
        words = faiss.IndexFlatL2(DIMENSIONS)
        words.add(unpacked_looks(rows.looks))
    owners = np.repeat(np.arange(len(rows)), rows.piece_counts)
    return Index(
        Gallery(
            rows.numbers,
            rows.sizes.astype(np.int32),
            rows.frames[:, 0],
            rows.frames[:, 1],
            RingTable(rows.rings[:, 0]),
            RingTable(rows.rings[:, 1]),
            {int(number): row for row, number in enumerate(rows.numbers)},
        ),
        thumbnails,
        numbers,
        unpacked_places(rows),
        rows.owners,
        words,
        SegmentTable(
            owners,
            unpacked_frames(rows.piece_frames, rows.sizes[owners]),
            rows.piece_colours,
            rows.piece_rings,
            rows.piece_outlines,
        ),
        rows.cuts,
        rows.extents.astype(np.float32),
    )
