"""The similar index brought up to date with the catalog, and opened.

An element is embedded by the photograph it was cut out of where that is still the file that ingest read and nothing else was cut out of it,
else by its cut-out on grey: what is around an object tells a network what it is, but several elements of one photograph would look the
same. Rows of photographs cannot be made again once these are gone, so they stay, also when
everything else is made anew, as long as the element is the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import stat
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from haac._internal import PICTURE_LIMITS, read_picture
from haac_repo import HaacError, RepositoryError
from haac_repo._internal import Held, Survey, Updated, is_current, missing, size, storage_errors, updating
from haac_similar._embed.embedder import Embedder, Embeddings, classifier
from haac_similar._embed.networks import DEFAULT_NETWORK
from haac_similar._index.index import (
    FOLDER,
    Rows,
    SimilarIndex,
    Stored,
    joined,
    path,
    projection_of,
    read,
    rows_of,
    write,
)

if TYPE_CHECKING:
    from haac_repo import Element, Repository

Progress = Callable[[int], None]
Say = Callable[[str], None]

PLATE_TAG: Final = "background"
"""Of elements that ingest made of what is behind the objects: the photograph would be embedded by its objects."""
_AT_ONCE: Final = 2000
"""Elements after which what was embedded is written: an interrupt costs no more than these."""
_ENLARGED: Final = 4
"""A JPEG may be read at so many times the network's side, which is quicker and looks the same to it."""


def survey_similar_index(repository: Repository, network: str = DEFAULT_NETWORK) -> Survey:
    """The state of the similar index; nothing is changed, and the network need not be here.

    Args:
        repository: or mirror.
        network: name of that which embeds.
    """
    stored, damage = read(repository, network)
    left = missing(None if stored is None else stored.rows, repository.held())
    return Survey(stored is not None, len(left), size(path(repository)), damage)


def require_similar_index(repository: Repository) -> None:
    """Make sure that there is an index, in whatever state, before a network is loaded for it.

    Raises:
        HaacError: there is none.
    """
    if not path(repository).is_file():
        raise HaacError(f"{repository.path} has no similar index: `haac index --similar` makes it")


def open_similar_index(
    repository: Repository,
    embedder: Embedder,
    *,
    progress: Progress = lambda _: None,
    say: Say = lambda _: None,
) -> SimilarIndex:
    """Read the similar index, and bring it up to date if it is not. Where it cannot be written that is done in memory.

    Args:
        repository: or mirror.
        embedder: the network that the index is of.
        progress: told how many elements more are embedded.
        say: told what a person should know.

    Raises:
        HaacError: there is no index.
    """
    require_similar_index(repository)
    held = repository.held()
    stored, _ = read(repository, embedder.network.name)
    if stored is None or missing(stored.rows, held):
        try:
            stored, _ = _update(repository, embedder, False, progress, say)
        except RepositoryError as error:
            say(f"the similar index cannot be kept: {error}")
            stored, _, _ = _Renewal(repository, embedder, progress).of(stored, held)
    elif not is_current(stored.rows, held).all():
        # What withdrawn elements look like goes from the file too, whoever may write it.
        with contextlib.suppress(RepositoryError):
            stored, _ = _update(repository, embedder, False, progress, say)
    return SimilarIndex(stored.rows.take(is_current(stored.rows, held)), stored.projection)


def stored_similar_index(repository: Repository, network: str = DEFAULT_NETWORK) -> SimilarIndex:
    """Read the similar index as it is: the network need not be here, and what was added since is not in it.

    Args:
        repository: or mirror.
        network: name of that which embedded.

    Raises:
        HaacError: there is none that can be used.
    """
    require_similar_index(repository)
    stored, damage = read(repository, network)
    if stored is None:
        raise HaacError(
            f"the similar index of {repository.path} {damage or 'is gone'}: `haac index --similar` makes it again"
        )
    return SimilarIndex(stored.rows.take(is_current(stored.rows, repository.held())), stored.projection)


def update_similar_index(
    repository: Repository,
    embedder: Embedder,
    *,
    rebuild: bool = False,
    progress: Progress = lambda _: None,
    say: Say = lambda _: None,
) -> Updated:
    """Bring the similar index up to date, or make it: embed what is new, leave out what was withdrawn.

    Args:
        repository: or mirror.
        embedder: the network that embeds.
        rebuild: embed everything again, but for elements whose photograph was embedded.
        progress: told how many elements more are embedded.
        say: told what a person should know.

    Raises:
        RepositoryError: the folder cannot be written to.
        RepositoryBusyError: another process makes the index, and takes long.
    """
    return _update(repository, embedder, rebuild, progress, say)[1]


def _update(
    repository: Repository, embedder: Embedder, rebuild: bool, progress: Progress, say: Say
) -> tuple[Stored, Updated]:
    started = time.monotonic()
    network = embedder.network.name
    with updating(repository.path, FOLDER):
        old, damage = read(repository, network)
        if damage:
            say(f"the similar index {damage}: it is made again")

        def keep(stored: Stored) -> None:
            with storage_errors(repository.path):
                write(repository, network, stored)

        begin = old
        if old is not None and rebuild:
            begin = Stored(old.rows.take(old.rows.photographs), old.projection)
        stored, embedded, unread = _Renewal(repository, embedder, progress, keep).of(begin, repository.held())
        if stored is not old:
            keep(stored)
    if unread:
        say(
            f"{len(unread)} elements could not be embedded and are not in the similar index: `haac verify` tells whether they are"
            " damaged"
        )
    seconds = time.monotonic() - started
    return stored, Updated(
        elements=len(stored.rows),
        described=embedded,
        bytes=size(path(repository)),
        seconds=seconds,
        unread=unread,
        fixed=max(0, size(path(repository)) - stored.rows.nbytes),
    )


class _Renewal:
    """One run over the elements that have no row."""

    def __init__(
        self,
        repository: Repository,
        embedder: Embedder,
        progress: Progress,
        keep: Callable[[Stored], None] = lambda _: None,
    ) -> None:
        self._repository, self._embedder = repository, embedder
        self._progress, self._keep = progress, keep
        self._shared: frozenset[str] = frozenset()
        """Photographs, by SHA-256, out of which several objects were cut."""

    def of(self, old: Stored | None, held: Held) -> tuple[Stored, int, list[int]]:
        """The index as it should be (the old one itself if it is that), how many were embedded, and which cannot be read."""
        if old is None:
            projection = projection_of(classifier(self._embedder.network))
            stored = Stored(rows_of([], self._embedder.embed([]), projection), projection)
        else:
            current = is_current(old.rows, held)
            stored = old if current.all() else Stored(old.rows.take(current), old.projection)
        left = missing(stored.rows, held)
        if left:
            self._shared = _shared(self._repository)
        unread: list[int] = []
        for first in range(0, len(left), _AT_ONCE):
            if first:
                self._keep(stored)
            rows = self._embedded(left[first : first + _AT_ONCE], stored, unread)
            if len(rows):
                stored = Stored(joined(stored.rows, rows), stored.projection)
        return stored, len(left) - len(unread), unread

    def _embedded(self, part: Held, stored: Stored, unread: list[int]) -> Rows:
        done: list[tuple[int, str]] = []
        found: list[Embeddings] = []
        photographs: list[bool] = []
        for number, pixels in part:
            try:
                element = self._repository.element(number)
                embedding = self._of_photograph(element)
                photographs_of = embedding is not None
                if embedding is None:
                    embedding = self._embedder.embed([self._repository.image(number)])
            except HaacError:
                unread.append(number)
            else:
                done.append((number, pixels))
                found.append(embedding)
                photographs.append(photographs_of)
            self._progress(1)
        return rows_of(done, _stacked(found, self._embedder), stored.projection, photographs)

    def _of_photograph(self, element: Element) -> Embeddings | None:
        """The embedding of the photograph that an element was cut out of; None where that is not here any more, or shows others too."""
        source = element.provenance
        # A mirror's catalog is somebody else's, and so are the paths in it.
        if self._repository.role == "mirror" or not source.source_sha256 or PLATE_TAG in element.tags:
            return None
        if source.source_sha256 in self._shared:
            return None
        picture = _photograph(source.source, source.source_sha256, self._embedder.network.side)
        return None if picture is None else self._embedder.embed([picture])


def _shared(repository: Repository) -> frozenset[str]:
    """SHA-256 of the photographs out of which more than one object was cut; a re-cut is the same object."""
    counts = Counter(
        element.provenance.source_sha256
        for element in repository.elements()
        if element.derived_from is None and PLATE_TAG not in element.tags
    )
    return frozenset(sha256 for sha256, count in counts.items() if count > 1)


def _photograph(source: str, sha256: str, side: int) -> Image.Image | None:
    """The picture in a file, if it is there and has that SHA-256; an animation does not tell which of its frames it was."""
    try:
        there = Path(source)
        about = there.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > PICTURE_LIMITS.file_bytes:
            return None
        data = there.read_bytes()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    try:
        picture = read_picture(data, at_least=_ENLARGED * side)
    except HaacError:
        return None
    return picture.image if picture.frames == 1 else None


def _stacked(found: list[Embeddings], embedder: Embedder) -> Embeddings:
    if not found:
        return embedder.embed([])
    probabilities = [each.probabilities for each in found if each.probabilities is not None]
    return Embeddings(
        np.concatenate([each.features for each in found]),
        np.concatenate(probabilities) if probabilities else None,
    )
