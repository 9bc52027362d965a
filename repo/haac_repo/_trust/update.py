"""From a trusted root to the verified head, by The Update Framework's client workflow.

`tuf.ngclient` does the workflow, in a temporary folder that is filled out of the catalog and read back: its own files are neither
synced to disk nor in one transaction with the records that they vouch for. What it leaves open is closed here (each was tried):
another content under a version that was accepted, a key that counts twice under two ids, versions too large to store.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, TargetFile, Timestamp
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from haac_repo._errors import DataError, HaacError, HistoryError, IntegrityError, TransportError, TrustError
from haac_repo._limits import LIMITS
from haac_repo._trust.fetcher import Recorder
from haac_repo._trust.layout import (
    METADATA,
    TARGET,
    TARGETS,
    TIMESTAMP_PATH,
    is_sha256,
    utc_now,
    versioned_path,
)
from haac_repo._trust.pin import Pin
from haac_repo._trust.state import published_files

_NON_ROOT = ("timestamp", "snapshot", "targets")
_WHO = {
    "root": "the publisher must sign a new one (`haac keys renew`)",
    "targets": "the publisher must run `haac publish`",
    "snapshot": "the publisher must run `haac publish`",
    "timestamp": "the publisher must run `haac publish`, which is due every few weeks, or this server does not get what is"
    " published",
}


Result = tuple[bytes, dict[str, bytes], dict[str, bytes]]
"""Head, state and files of a TrustedHead."""


class _Adapter(FetcherInterface):
    """The Update Framework's way to ask for files."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def _fetch(self, url: str) -> Iterator[bytes]:
        """A generator, so that our own errors pass through as they are."""
        data = self._recorder.small(url)
        if data is None:
            raise exceptions.DownloadHTTPError(f"{url} is not there", 404)
        yield data


def update(recorder: Recorder, known: Mapping[str, bytes], named: bytes, pin: Pin | None) -> Result:
    """Refresh what is known, or begin with the root that was named: see `_trust.client.fetch_head`."""
    with _refusals(recorder, known):
        usable = _root(known.get("root", b"")) is not None
        if not usable and not named and pin is not None:
            named = recorder.small(versioned_path("root", 1)) or b""
            if pin.sha256 not in ("", hashlib.sha256(named).hexdigest()):
                raise TrustError(
                    "the server's first root is not the one that was given: ask the publisher for it"
                )
        if usable:
            stored = {
                int(role.partition(".")[0]): data
                for role, data in known.items()
                if role.endswith(".root") and _root(data) is not None
            }
            roots = {**stored, _version(known["root"]): known["root"]}
        elif named and (signed := _root(named)) is not None:
            roots = {**_before(recorder, signed, named), signed.version: named}
        elif named:
            raise TrustError(
                "what was given is not the root of a haac repository: `haac keys show` names its file"
            )
        else:
            raise TrustError(
                "what this mirror trusts is damaged: name the root again, with --root FILE or --root SHA256. What was"
                " accepted before still counts"
            )
        result = _refresh(recorder, roots, known if usable else {"head": known.get("head", b"")})
        if usable and pin is not None:
            _check_pin(result[1], pin)
        return result


def _before(recorder: Recorder, root: Root, data: bytes) -> dict[int, bytes]:
    """The versions before a root that was given, so that mirrors of this mirror can begin with the first; as far as they fit."""
    found: dict[int, bytes] = {}
    chain: list[Metadata[Root]] = []
    named = Metadata[Root].from_bytes(data)
    if root.version > LIMITS.root_rotations:
        return {}
    for version in range(1, root.version):
        sent = recorder.small(versioned_path("root", version))
        if sent is None or (signed := _root(sent)) is None or signed.version != version:
            return {}
        found[version] = sent
        chain.append(Metadata[Root].from_bytes(sent))
    try:
        for older, newer in pairwise([*chain, named]):
            older.verify_delegate("root", newer)
    except exceptions.RepositoryError:
        return {}
    return found


def _refresh(recorder: Recorder, roots: dict[int, bytes], known: Mapping[str, bytes]) -> Result:
    """Refresh everything below the newest of `roots`, and fetch the head if it is another one."""
    config = UpdaterConfig(
        max_root_rotations=LIMITS.root_rotations,
        max_delegations=0,  # one target, and nobody else may name it
        root_max_length=LIMITS.root_bytes,
        timestamp_max_length=LIMITS.timestamp_bytes,
        snapshot_max_length=LIMITS.metadata_bytes,
        targets_max_length=LIMITS.metadata_bytes,
    )
    with tempfile.TemporaryDirectory(prefix="haac-") as name:
        folder = Path(name)
        for role in _NON_ROOT:
            if role in known:
                (folder / f"{role}.json").write_bytes(known[role])
        newest = max(roots)
        updater = Updater(
            name, METADATA, name, TARGETS, fetcher=_Adapter(recorder), config=config, bootstrap=roots[newest]
        )
        updater.refresh()
        new = {int(file.name.partition(".")[0]): file for file in (folder / "root_history").iterdir()}
        roots = roots | {version: file.read_bytes() for version, file in sorted(new.items())}
        state = {role: (folder / f"{role}.json").read_bytes() for role in _NON_ROOT}
        _check(recorder, roots, state, known)
        info = updater.get_targetinfo(TARGET)
        sha256 = _head_sha256(info)
        head = known.get("head", b"")
        if hashlib.sha256(head).hexdigest() != sha256:
            assert info is not None
            head = Path(updater.download_target(info, str(folder / TARGET))).read_bytes()
    pinned = known.get("pinned", b"")
    if _root(pinned) is None:
        pinned = roots[min(roots)]
    state |= {"root": roots[max(roots)], "pinned": pinned}
    state |= {f"{version}.root": data for version, data in sorted(roots.items())}
    return head, state, published_files(state, head)


def _check(
    recorder: Recorder, roots: dict[int, bytes], state: Mapping[str, bytes], known: Mapping[str, bytes]
) -> None:
    """What tuf does not look at."""
    for version, data in roots.items():
        keys = [key.keyval.get("public") for key in Metadata[Root].from_bytes(data).signed.keys.values()]
        if len(set(keys)) != len(keys):
            raise TrustError(
                f"version {version} of the root gives one key two ids, so that it would count twice"
            )
        _check_version("root", version)
    root = Metadata[Root].from_bytes(roots[max(roots)])
    received = {"timestamp": recorder.received.get(TIMESTAMP_PATH, b"")}
    for role in _NON_ROOT:
        new = Metadata[Any].from_bytes(state[role])
        _check_version(role, new.signed.version)
        # tuf keeps its timestamp when another one of that version comes, and asks for no newer snapshot.
        data = received.get(role) or state[role]
        before = _verified(root, role, known.get(role, b""))
        if before is not None and before.version == _version(data) and data != known[role]:
            _contradiction(role, before.version)
    meta = Metadata[Timestamp].from_bytes(state["timestamp"]).signed.snapshot_meta
    try:
        meta.verify_length_and_hashes(state["snapshot"])
    except exceptions.LengthOrHashMismatchError:
        _contradiction("snapshot", meta.version)


def _check_version(role: str, version: object) -> None:
    """Of what right keys have signed; a catalog could not hold more."""
    if type(version) is not int or version > LIMITS.metadata_version:
        raise TrustError(
            f"{version!r:.20} as a version of the {role} is outside the whole numbers from 1 to {LIMITS.metadata_version}"
        )


def _contradiction(role: str, version: int) -> None:
    raise HistoryError(
        f"the server publishes a version {version} of the {role} that is not the one which this mirror accepted, both with"
        " right signatures: two publishers use one key, or somebody has it; `haac keys rotate` by the publisher ends that"
    )


def _verified(root: Metadata[Root], role: str, data: bytes) -> Any:
    """The content of metadata if they are signed by the keys that `root` names now."""
    try:
        found = Metadata[Any].from_bytes(data)
        root.verify_delegate(role, found)
    except exceptions.RepositoryError:
        return None
    return found.signed


def _head_sha256(info: TargetFile | None) -> str:
    sha256 = info.hashes.get("sha256", "") if info else ""
    if info is None or set(info.hashes) != {"sha256"} or not is_sha256(sha256):
        raise IntegrityError(
            "the targets do not name one head by its SHA-256: they are not of a haac repository"
        )
    if info.length > LIMITS.head_bytes:
        raise IntegrityError(
            f"the head has {info.length} bytes by its targets; at most {LIMITS.head_bytes} are allowed"
        )
    return sha256


def _check_pin(state: Mapping[str, bytes], pin: Pin) -> None:
    """A root named for a mirror that has one must be among its versions."""
    roots = [data for role, data in state.items() if role.endswith(".root") or role == "pinned"]
    if (pin.root and pin.root not in roots) or (
        pin.sha256 and pin.sha256 not in {hashlib.sha256(data).hexdigest() for data in roots}
    ):
        raise TrustError(
            "this mirror trusts another root than the one given: leave --root out, or give up the mirror's history with"
            " --start-over if the publisher says that the root is a new one"
        )


def _root(data: bytes) -> Root | None:
    """The content of a root's file; None if it is none. Signatures are not looked at."""
    try:
        return Metadata[Root].from_bytes(data).signed
    except (exceptions.RepositoryError, ValueError):
        return None


def _version(data: bytes) -> int:
    version: int = Metadata[Any].from_bytes(data).signed.version
    return version


@contextmanager
def _refusals(recorder: Recorder, known: Mapping[str, bytes]) -> Iterator[None]:
    """Turn what tuf raises into our errors."""
    try:
        yield
    except (HaacError, OSError):
        raise
    except exceptions.DownloadHTTPError as error:
        raise TrustError(
            f"the repository is signed, and {error}: it was published without signatures, or somebody removed them."
            " A signed mirror takes nothing unsigned"
        ) from error
    except exceptions.DownloadLengthMismatchError as error:
        raise IntegrityError(f"metadata are longer than the metadata above them promise ({error})") from error
    except exceptions.DownloadError as error:
        raise TransportError(f"the metadata could not be fetched: {error or type(error).__name__}") from error
    except Exception as error:
        # A parser of other people's making, on bytes of a stranger's: whatever it stumbles over is their fault.
        raise _refusal(error, recorder, known) from error


def _refusal(error: Exception, recorder: Recorder, known: Mapping[str, bytes]) -> DataError:
    match error:
        case exceptions.ExpiredMetadataError():
            return _expired(str(error), recorder, known)
        case exceptions.BadVersionNumberError():
            return HistoryError(
                f"the server's metadata went back ({error}). Nothing was changed; the server may be out of date, or somebody"
                " shows an old state. If the publisher had to begin anew: new keys (`haac keys rotate`) let mirrors follow"
            )
        case exceptions.UnsignedMetadataError():
            return TrustError(
                f"a signature is missing or wrong: {error}. Whoever published this does not"
                " have the repository's keys; while its publisher changes keys, this lasts for a moment"
            )
        case exceptions.LengthOrHashMismatchError():
            return IntegrityError(
                f"metadata are not what the metadata above them promise ({error}): try again later"
            )
        case _:
            what = str(error)[:200] or type(error).__name__
            return IntegrityError(f"the metadata are malformed ({what})")


def _expired(said: str, recorder: Recorder, known: Mapping[str, bytes]) -> TrustError:
    """`said` is tuf's message, which names the role and no date."""
    role = next((role for role in _WHO if role in said), "timestamp")
    sent = [data for path, data in recorder.received.items() if path.endswith(f"{role}.json")]
    since = ""
    for data in [*sent[-1:], known.get(role, b"")]:
        try:
            since = f" on {Metadata[Any].from_bytes(data).signed.expires:%Y-%m-%d %H:%M} UTC"
        except exceptions.RepositoryError:
            continue
        break
    return TrustError(
        f"the repository's {role} expired{since}, and by this machine's clock it is {utc_now():%Y-%m-%d %H:%M} UTC:"
        f" {_WHO[role]}. Nothing new is taken until then; what is here stays usable"
    )
