"""Names and lifetimes of the signed metadata: The Update Framework's four roles, with consistent snapshots.

metadata/<n>.root.json       who may sign what; every version stays
metadata/timestamp.json      which snapshot is the newest: the one file that is replaced
metadata/<n>.snapshot.json   which targets are the newest
metadata/<n>.targets.json    SHA-256 and length of the one target, the head
targets/<sha256>.head        the head itself, so that a new one never meets old metadata
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from haac_repo._store.layout import published_folder

ROLES = ("root", "targets", "snapshot", "timestamp")
"""Of The Update Framework, as its specification orders them."""
METADATA, TARGETS, KEYS = "metadata", "targets", "keys"
"""Folders; that of the keys is never published."""
TARGET = "head"
"""Name of the one target."""
TIMESTAMP_PATH = f"{METADATA}/timestamp.json"

LIFETIMES = {
    "root": timedelta(days=3 * 365),
    "targets": timedelta(days=365),
    "snapshot": timedelta(days=365),
    "timestamp": timedelta(days=90),
}
"""How long what is signed now is valid."""
RENEWED_AFTER = {
    "targets": LIFETIMES["targets"] / 2,
    "snapshot": LIFETIMES["snapshot"] / 2,
    "timestamp": timedelta(days=7),
}
"""Publishing signs again what is so old, though nothing is new; so that whoever publishes each six weeks may miss a time."""
SOON = timedelta(days=90)
"""So long before its end a root is renewed, or its publisher warned."""

VERSION = "[1-9][0-9]{0,15}"
"""Regular expression of a version in a file's name: after metadata were lost it is a time in milliseconds, 13 digits."""

is_sha256 = re.compile(r"[0-9a-f]{64}").fullmatch
_root_name = re.compile(rf"({VERSION})\.root\.json").fullmatch


def versioned_path(role: str, version: int) -> str:
    """Path of one version of a role's metadata, relative to the published folder."""
    return f"{METADATA}/{version}.{role}.json"


def head_path(sha256: str) -> str:
    """Path of the head with that SHA-256 as a target."""
    return f"{TARGETS}/{sha256}.{TARGET}"


def root_versions(path: Path) -> list[int]:
    """The versions of the root in a repository's or mirror's published folder, ascending; empty if it is not signed."""
    folder = published_folder(path) / METADATA
    names = (_root_name(file.name) for file in folder.iterdir()) if folder.is_dir() else ()
    return sorted(int(found[1]) for found in names if found)


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)
