"""Inner API of haac_evidence: what scripts use of it. May change at any time."""

import importlib
from typing import TYPE_CHECKING

from haac_evidence._record import machine, write_record

if TYPE_CHECKING:
    from haac_evidence._codecs.codec import Codec, available_codecs, codec_versions, written
    from haac_evidence._peers.verdict import verdict
    from haac_evidence._scores.scores import MEASURES

__all__ = [
    "MEASURES",
    "Codec",
    "available_codecs",
    "codec_versions",
    "machine",
    "verdict",
    "write_record",
    "written",
]

_LAZY = {
    "MEASURES": "_scores.scores",
    "Codec": "_codecs.codec",
    "available_codecs": "_codecs.codec",
    "codec_versions": "_codecs.codec",
    "verdict": "_peers.verdict",
    "written": "_codecs.codec",
}
"""What loads numpy, when it is first used: threads are set before that."""


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(f"haac_evidence.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
