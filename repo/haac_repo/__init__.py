"""Content-addressed store of RGBA elements under short ids: SQLite catalog, append-only packs, published log, mirrors."""

import importlib
from typing import TYPE_CHECKING

from haac_repo._element import Element, NewElement, Provenance
from haac_repo._errors import (
    DataError,
    ElementError,
    ElementMissingError,
    ElementNotFoundError,
    ElementWithdrawnError,
    HaacError,
    HistoryError,
    IntegrityError,
    MissingExtraError,
    PictureError,
    RecipeError,
    RepositoryBusyError,
    RepositoryError,
    TransportError,
    TrustError,
)
from haac_repo._files import write_file
from haac_repo._ids import format_id, parse_id
from haac_repo._limits import LIMITS, Limits
from haac_repo._pixels import decode, encode, pixel_hash
from haac_repo._store.repository import Repository
from haac_repo._store.stats import Stats
from haac_repo._store.writer import Writer

if TYPE_CHECKING:
    from haac_repo._check.report import Problem, VerifyReport
    from haac_repo._check.verify import verify
    from haac_repo._mirror.download import Patience
    from haac_repo._mirror.fetch import Fetcher
    from haac_repo._mirror.sync import SyncReport, cache_path, sync
    from haac_repo._mirror.wire import Head
    from haac_repo._publish.compact import Compaction, compact
    from haac_repo._publish.erase import Erased
    from haac_repo._publish.publish import publish, read_head
    from haac_repo._serve.server import Server, serve
    from haac_repo._trust.admin import KeyRole, KeysReport, create_keys, show_keys
    from haac_repo._trust.pin import Pin

__all__ = [
    "LIMITS",
    "Compaction",
    "DataError",
    "Element",
    "ElementError",
    "ElementMissingError",
    "ElementNotFoundError",
    "ElementWithdrawnError",
    "Erased",
    "Fetcher",
    "HaacError",
    "Head",
    "HistoryError",
    "IntegrityError",
    "KeyRole",
    "KeysReport",
    "Limits",
    "MissingExtraError",
    "NewElement",
    "Patience",
    "PictureError",
    "Pin",
    "Problem",
    "Provenance",
    "RecipeError",
    "Repository",
    "RepositoryBusyError",
    "RepositoryError",
    "Server",
    "Stats",
    "SyncReport",
    "TransportError",
    "TrustError",
    "VerifyReport",
    "Writer",
    "cache_path",
    "compact",
    "create_keys",
    "decode",
    "encode",
    "format_id",
    "parse_id",
    "pixel_hash",
    "publish",
    "read_head",
    "serve",
    "show_keys",
    "sync",
    "verify",
    "write_file",
]

# Mirrors and verification load when they are first used, so that `haac --help` and decoding stay quick.
_LAZY = {
    "Compaction": "_publish.compact",
    "Erased": "_publish.erase",
    "Fetcher": "_mirror.fetch",
    "Head": "_mirror.wire",
    "KeyRole": "_trust.admin",
    "KeysReport": "_trust.admin",
    "Patience": "_mirror.download",
    "Pin": "_trust.pin",
    "Problem": "_check.report",
    "Server": "_serve.server",
    "SyncReport": "_mirror.sync",
    "VerifyReport": "_check.report",
    "cache_path": "_mirror.sync",
    "compact": "_publish.compact",
    "create_keys": "_trust.admin",
    "publish": "_publish.publish",
    "read_head": "_publish.publish",
    "serve": "_serve.server",
    "show_keys": "_trust.admin",
    "sync": "_mirror.sync",
    "verify": "_check.verify",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_repo.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
