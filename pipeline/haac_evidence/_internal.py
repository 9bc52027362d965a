"""Inner API of haac_evidence: what scripts use of it. May change at any time."""

import importlib
from typing import TYPE_CHECKING

from haac_evidence._record import machine, write_record
from haac_evidence._tables.columns import BOUNDARIES, BYTES, DIFFERENT, MIDDLE, OWN, OWN_MEANS

if TYPE_CHECKING:
    from haac_evidence._codecs.codec import Codec, available_codecs, codec_versions, written
    from haac_evidence._codecs.placeholders import blurhash, draw_blurhash, draw_thumbhash, thumbhash
    from haac_evidence._codecs.placeholders import placeholders as placeholder_names
    from haac_evidence._peers.verdict import answer, verdict
    from haac_evidence._scores.judge import SURE, Judge, Judging, Seen, choose_judge, kind_of, load_judge
    from haac_evidence._scores.scores import MEASURES
    from haac_evidence._study.plot import plot as plot_study

__all__ = [
    "BOUNDARIES",
    "BYTES",
    "DIFFERENT",
    "MEASURES",
    "MIDDLE",
    "OWN",
    "OWN_MEANS",
    "SURE",
    "Codec",
    "Judge",
    "Judging",
    "Seen",
    "answer",
    "available_codecs",
    "blurhash",
    "choose_judge",
    "codec_versions",
    "draw_blurhash",
    "draw_thumbhash",
    "kind_of",
    "load_judge",
    "machine",
    "placeholder_names",
    "plot_study",
    "thumbhash",
    "verdict",
    "write_record",
    "written",
]

_LAZY = {
    "MEASURES": "_scores.scores:MEASURES",
    "Codec": "_codecs.codec:Codec",
    "SURE": "_scores.judge:SURE",
    "Judge": "_scores.judge:Judge",
    "Judging": "_scores.judge:Judging",
    "Seen": "_scores.judge:Seen",
    "choose_judge": "_scores.judge:choose_judge",
    "kind_of": "_scores.judge:kind_of",
    "load_judge": "_scores.judge:load_judge",
    "answer": "_peers.verdict:answer",
    "available_codecs": "_codecs.codec:available_codecs",
    "blurhash": "_codecs.placeholders:blurhash",
    "codec_versions": "_codecs.codec:codec_versions",
    "draw_blurhash": "_codecs.placeholders:draw_blurhash",
    "draw_thumbhash": "_codecs.placeholders:draw_thumbhash",
    "placeholder_names": "_codecs.placeholders:placeholders",
    "thumbhash": "_codecs.placeholders:thumbhash",
    "plot_study": "_study.plot:plot",
    "verdict": "_peers.verdict:verdict",
    "written": "_codecs.codec:written",
}
"""What loads numpy, when it is first used: threads are set before that."""


def __getattr__(name: str) -> object:
    if name in _LAZY:
        module, _, own = _LAZY[name].partition(":")
        return getattr(importlib.import_module(f"haac_evidence.{module}"), own)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
