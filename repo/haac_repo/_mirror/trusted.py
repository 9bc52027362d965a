"""What is published now, and who vouches for it: the head of a signed repository by its metadata, any other as it stands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from haac_repo._errors import DataError, TrustError
from haac_repo._files import sync_folder, write_newer
from haac_repo._mirror import evidence, mirror
from haac_repo._mirror.download import Downloader
from haac_repo._mirror.fetch import NotThereError
from haac_repo._mirror.mirror import Published
from haac_repo._mirror.wire import HEAD_PATH, Head
from haac_repo._store import catalog
from haac_repo._store.layout import published_folder, read_identity
from haac_repo._store.schema import CATALOG
from haac_repo._trust import state
from haac_repo._trust.client import TrustedHead, fetch_head
from haac_repo._trust.layout import METADATA, TARGETS, TIMESTAMP_PATH, root_versions, utc_now, versioned_path
from haac_repo._trust.pin import NotPinnedError, Pin

if TYPE_CHECKING:
    from sqlite_utils import Database

_CLOCK = timedelta(days=1)
"""So far may this machine's clock be behind the publisher's."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a server publishes now."""

    published: Published
    trusted: TrustedHead | None
    """None if the repository is not signed."""
    pin: Pin | None = None
    """The root that was asked for: the one that the user named, or that the mirror was given once."""


def fetch_published(
    get: Downloader, url: str, path: Path, pin: Pin | None, db: Database | None = None, *, anew: bool = False
) -> Fresh:
    """Fetch the head, verified if the repository is signed.

    Args:
        get: With it.
        url: Of the repository.
        path: The mirror.
        pin: The root that the user names.
        db: The mirror's catalog; None if there is none yet.
        anew: Nothing that the mirror accepted counts, but for its root if the user names none.

    Raises:
        TrustError: signed by nobody knows whom, or by somebody else, or not any more. The other errors of `fetch_head`.
    """
    accepted = mirror.accepted(db) if db is not None and not anew else None
    known = state.load(db) if db is not None else None
    if anew and known is not None:
        known = None if pin is not None else state.roots(known)
    if (
        pin is None
        and not (known and anew)
        and (identity := read_identity(path)) is not None
        and identity.root
    ):
        pin = Pin(sha256=identity.root)  # what was trusted may be lost, with the catalog
    if known is None and pin is None and db is not None and root_versions(path):
        known = {}  # it was signed, and what was trusted is lost
    fresh = None
    if known is None and pin is None and db is not None and accepted is not None:
        fresh = _plain_head(get, url, accepted if catalog.meta(db).origin == url else None)
        if fresh.head == accepted.head:
            return Fresh(fresh, None)
    if known is not None and accepted is not None:
        known = {**known, "head": accepted.head}
    try:
        trusted = fetch_head(get, known, pin)
    except NotPinnedError as error:
        command = f"`haac sync {url} {path}"
        refused = TrustError(
            f"the repository at {url} is signed, and this mirror was not told whose signatures to trust. Ask the publisher"
            f" for the fingerprint that `haac keys show` prints, and give {command} --root FINGERPRINT` (or --root FILE,"
            f" its metadata/1.root.json); or take this server's word for it, once, with {command} --trust-on-first-use`:"
            f" it shows {error.fingerprint}"
        )
        refused.evidence = error.evidence
        raise refused from error
    if trusted is not None:
        return Fresh(Published(trusted.head, ""), trusted, pin)
    return Fresh(fresh or _plain_head(get, url, None), None)


def _plain_head(get: Downloader, url: str, known: Published | None) -> Published:
    """The file `head` as it is published now; `known` itself if that is it."""
    try:
        data, etag = get.head(known.etag if known else "")
    except NotThereError as error:
        raise NotThereError(
            f"no repository is published at {url} ({error}). Was `haac publish` run there? A mirror that holds only a part"
            " of its repository publishes nothing"
        ) from error
    if data is not None:
        return Published(data, etag)
    assert known is not None  # or there was nothing that could be unchanged
    return known


def notes(head: Head, fresh: Fresh, known: Mapping[str, bytes] | None) -> list[str]:
    """What a person should know about whom a mirror trusts.

    Args:
        head: That was accepted.
        fresh: It, with what vouches for it.
        known: What the mirror trusted before.
    """
    told = []
    if fresh.trusted is None:
        told.append(
            "this repository is not signed: whoever controls the server, or the way to it, could add and take down elements."
            " Its publisher signs it with `haac keys create`"
        )
    elif not known and (fresh.pin is None or fresh.pin.on_first_use):
        told.append(
            f"trusted on first use: the root {state.fingerprint(fresh.trusted.state)}. Compare it with what the publisher's"
            " `haac keys show` prints"
        )
    now = utc_now()
    if _moment(head.time) - now > _CLOCK:
        told.append(
            f"the clock of this machine says {now:%Y-%m-%d %H:%M} UTC, and this was published on {head.time}: set it right,"
            " or nobody can tell whether the server shows an old state"
        )
    return told


def _moment(text: str) -> datetime:
    """The time of a head, whose digits alone were checked; of one that is no time, one long ago."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def publish_files(path: Path, fresh: Fresh, before: set[str]) -> None:
    """Write the head of a complete mirror and what vouches for it, in the order in which readers need them, where they differ.

    Args:
        path: The mirror.
        fresh: What it accepted.
        before: Published paths that stay for whoever is reading them now. Other metadata than these are deleted after that.
    """
    public = published_folder(path)
    files = dict(fresh.trusted.files) if fresh.trusted else {}
    for name, data in (files | {HEAD_PATH: fresh.published.head}).items():
        target = public / name
        if not target.is_file() or target.read_bytes() != data:
            target.parent.mkdir(exist_ok=True)
            write_newer(target, data)
    newest = max((n for n in root_versions(path) if versioned_path("root", n) in files), default=0)
    older = (versioned_path("root", n) for n in range(1, newest))
    known = {*files, *before, *older}
    for folder in (METADATA, TARGETS):
        for file in (public / folder).iterdir() if (public / folder).is_dir() else ():
            if f"{folder}/{file.name}" not in known:
                file.unlink()


def withdraw_head(path: Path, gone: Iterable[str]) -> None:
    """Publish nothing any more, if the head that stands lists a pack that is going: of its state the mirror holds only a part.

    Args:
        path: The mirror.
        gone: SHA-256 of packs whose files are about to be deleted.
    """
    public = published_folder(path)
    with contextlib.suppress(DataError, FileNotFoundError):
        listed = {pack.sha256 for pack in Head.from_bytes((public / HEAD_PATH).read_bytes()).packs}
        if listed.isdisjoint(gone):
            return
        # Readers of a signed mirror begin with the timestamp.
        (public / TIMESTAMP_PATH).unlink(missing_ok=True)
        if (public / METADATA).is_dir():
            sync_folder(public / METADATA)
        (public / HEAD_PATH).unlink()
        sync_folder(public)


@contextlib.contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Keep the evidence of what the block refuses for the mirror in `path`, and say where."""
    try:
        yield
    except DataError as error:
        kept = None
        if error.evidence and (path / CATALOG).exists():
            kept = evidence.keep(path, error.evidence, str(error))
        if kept is not None:
            error.evidence = {}
            error.args = (f"{error}. What the server sent is kept in {kept}",)
        raise
