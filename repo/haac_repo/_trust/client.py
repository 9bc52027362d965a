"""The client's side of trust: the newest head that the pinned root vouches for. Loads The Update Framework only for a signed one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from haac_repo._errors import DataError, TrustError
from haac_repo._trust.fetcher import Recorder, Source
from haac_repo._trust.layout import versioned_path
from haac_repo._trust.pin import NotPinnedError, Pin


@dataclass(frozen=True, slots=True)
class TrustedHead:
    """A head that is signed, and what comes with it."""

    head: bytes
    state: Mapping[str, bytes]
    """What the mirror must store in the transaction of the head's records: see `_trust.state`."""
    files: Mapping[str, bytes]
    """What it publishes once it is complete, by published path, in the order in which to write it: before the file `head`."""


def fetch_head(get: Source, known: Mapping[str, bytes] | None, pin: Pin | None) -> TrustedHead | None:
    """Fetch the newest head that the pinned root vouches for.

    Args:
        get: Where published files come from.
        known: What the mirror trusts already; None if it has no root. Beside the roles of the table `trust`, "head" may give
            the accepted head, which is then fetched only if another one is signed.
        pin: The root that the user names.

    Returns:
        None if the server publishes no metadata at all, and no root is known or named.

    Raises:
        NotPinnedError: the repository is signed, and nothing says by whom.
        TrustError: unsigned, wrongly signed, expired, or not below the root that is trusted.
        HistoryError: older than, or in contradiction to, what was trusted before.
        IntegrityError: malformed, or not what the metadata promise.
        TransportError: the network or the server failed.
        Any of the first four has the attribute `evidence`: what the server sent, by published path.
    """
    recorder = Recorder(get)
    try:
        named = pin.root if pin else b""
        if known is None and not named:
            named = _first_root(recorder, pin) or b""
            if not named:
                return None
        from haac_repo._trust.update import update

        return TrustedHead(*update(recorder, known or {}, named, pin))
    except DataError as error:
        error.evidence = dict(recorder.received)
        raise


def _first_root(recorder: Recorder, pin: Pin | None) -> bytes | None:
    """The first root that the server publishes, if it may be trusted; None if there is none."""
    first = recorder.small(versioned_path("root", 1))
    found = "" if first is None else hashlib.sha256(first).hexdigest()
    if pin is not None and pin.sha256 and found != pin.sha256:
        if first is None:
            raise TrustError(
                "this mirror is to trust a root, and the server publishes no signatures: either this is not that repository,"
                " or somebody removed them on the way"
            )
        raise TrustError(
            f"the server's first root has the SHA-256 {found}, and the one given is {pin.sha256}: this is another"
            " repository, or somebody put himself in between; ask the publisher (`haac keys show`)"
        )
    if pin is None and first is not None:
        raise NotPinnedError(found)
    return first
