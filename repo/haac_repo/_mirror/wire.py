"""Wire format of published files, head and log segments: canonical serialisation, strict parsing.

docs/repository.md is the specification. All that is read here comes from strangers: every length is limited
before it is used, and whatever is wrong is one IntegrityError.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, BinaryIO

from haac_repo._errors import HistoryError, IntegrityError, RepositoryError
from haac_repo._limits import LIMITS
from haac_repo._mirror import strict
from haac_repo._mirror.strict import Fields, canonical, is_text, json_object
from haac_repo._pixels import MEDIA_TYPE
from haac_repo._store.repack import MOST

FORMAT = 1
HEAD_PATH = "head"

Record = dict[str, Any]
"""One log record, with the keys of docs/repository.md; keys with empty values are absent."""

_VALUES_LEAST, _BYTES_A_VALUE = 1_000, 16
_CHUNK = 2**16
_COUNT_MAX = 2**53  # beyond this, JSON readers of other languages round
_HEX6, _HEX16, _HEX32, _HEX64 = (f"[0-9a-f]{{{digits}}}" for digits in (6, 16, 32, 64))
_UTC = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_hex6, _hex16, _hex32, _hex64, _utc = (
    re.compile(form).fullmatch for form in (_HEX6, _HEX16, _HEX32, _HEX64, _UTC)
)


def segment_path(number: int) -> str:
    """Path of the n-th log segment (from 1), relative to the repository."""
    return f"log/{number:08}.jsonl.gz"


def pack_path(sha256: str) -> str:
    """Path of a sealed pack, relative to the repository."""
    if not _hex64(sha256):
        raise ValueError(f"not a SHA-256 in hex: {sha256!r}")
    return f"packs/{sha256}.pack"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentInfo:
    """One log segment, as the head lists it."""

    sha256: str
    length: int
    """Compressed bytes (`bytes` on the wire)."""
    inflated: int
    """Bytes of JSON lines."""
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackInfo:
    """One sealed pack, as the head lists it."""

    sha256: str
    length: int
    """Bytes (`bytes` on the wire)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head: all that is published, by hash. The one mutable file."""

    repository: str
    """32 hex digits."""
    records: int
    """Log records in all segments."""
    elements: int
    """Highest element number given out in them; some below may be left out, see `haac discard`."""
    segments: tuple[SegmentInfo, ...] = ()
    packs: tuple[PackInfo, ...] = ()
    """In order of first use."""
    previous: str = ""
    """SHA-256 of the head before this one; empty for the first."""
    time: str = ""
    """When it was published, UTC."""
    signatures: tuple[Any, ...] = field(default=())
    """Reserved; always empty in format 1."""

    def to_bytes(self) -> bytes:
        """Serialise the head, canonically."""
        return canonical(
            {
                "format": FORMAT,
                "repository": self.repository,
                "records": self.records,
                "elements": self.elements,
                "segments": [
                    {"sha256": s.sha256, "bytes": s.length, "inflated": s.inflated, "records": s.records}
                    for s in self.segments
                ],
                "packs": [{"sha256": p.sha256, "bytes": p.length} for p in self.packs],
                "previous": self.previous,
                "time": self.time,
                "signatures": list(self.signatures),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        """Parse a head. Keys that this version does not know are ignored.

        Raises:
            IntegrityError: not a head, or outside the limits.
            RepositoryError: a head in a newer format.
        """
        if len(data) > LIMITS.head_bytes:
            raise IntegrityError(f"the head has {len(data)} bytes; at most {LIMITS.head_bytes} are allowed")
        # Every value takes memory, some 30 times its text; an entry of a pack has 93 bytes and three of these.
        values = sum(map(data.count, b"[{,"))
        if values > _VALUES_LEAST + len(data) // _BYTES_A_VALUE:
            raise IntegrityError(
                f"the head has {values} values in {len(data)} bytes, and no head has so many"
            )
        if data.lstrip()[:1] == b"<":
            raise IntegrityError(
                "what was received is a web page, not a repository's head: is the address right, and is"
                " there a log-in page between you and the server?"
            )
        value = json_object(data, "the head")
        if type(value.get("format")) is int and value["format"] > FORMAT:
            raise RepositoryError(
                f"the repository is published in format {value['format']}; this version of haac reads format"
                f" {FORMAT}: install a newer one"
            )
        fields = Fields(value, "the head")
        fields.number("format", FORMAT, FORMAT)
        fields.match("repository", _hex32, "32 hex digits")
        fields.match("time", _utc, "a time such as 2026-11-23T01:02:03Z")
        if value.get("previous") != "":
            fields.match("previous", _hex64, "64 hex digits")
        head = cls(
            repository=value["repository"],
            records=fields.number("records", 0, _COUNT_MAX),
            elements=fields.number("elements", 0, LIMITS.id_max),
            segments=tuple(_segment_info(entry) for entry in fields.objects("segments")),
            packs=tuple(_pack_info(entry) for entry in fields.objects("packs")),
            previous=value["previous"],
            time=value["time"],
            signatures=tuple(fields.list("signatures")),
        )
        if sum(s.records for s in head.segments) != head.records:
            raise IntegrityError("the head is wrong: its segments do not add up to its number of records")
        if len({p.sha256 for p in head.packs}) != len(head.packs):
            raise IntegrityError("the head is wrong: it lists a pack twice")
        return head


def _segment_info(entry: Fields) -> SegmentInfo:
    return SegmentInfo(
        sha256=entry.match("sha256", _hex64, "64 hex digits"),
        length=entry.number("bytes", 1, LIMITS.segment_bytes),
        inflated=entry.number("inflated", 1, LIMITS.segment_inflated_bytes),
        records=entry.number("records", 1, LIMITS.segment_inflated_bytes),
    )


def _pack_info(entry: Fields) -> PackInfo:
    return PackInfo(
        sha256=entry.match("sha256", _hex64, "64 hex digits"),
        length=entry.number("bytes", 1, LIMITS.pack_bytes),
    )


# Log segments


def write_segment(records: Iterable[Record]) -> tuple[bytes, SegmentInfo]:
    """Compress records into a segment: the same records give the same bytes (with one version of zlib).

    Args:
        records: in order of `seq`, without gaps.
    """
    compressor = zlib.compressobj(9, wbits=31)  # gzip; zlib writes time 0 and no name
    parts = []
    count = inflated = 0
    for record in records:
        line = canonical({k: v for k, v in record.items() if v not in ("", None) and v != []})
        if len(line) > LIMITS.record_bytes:
            raise IntegrityError(
                f"log record {record.get('seq')} has {len(line)} bytes; at most {LIMITS.record_bytes} are"
                " allowed: shorten its texts"
            )
        parts.append(compressor.compress(line))
        count += 1
        inflated += len(line)
    parts.append(compressor.flush())
    data = b"".join(parts)
    info = SegmentInfo(
        sha256=hashlib.sha256(data).hexdigest(), length=len(data), inflated=inflated, records=count
    )
    return data, info


def read_segment(file: BinaryIO, info: SegmentInfo) -> Iterator[Record]:
    """The records of a segment whose SHA-256 was already checked, in bounded memory.

    Raises:
        IntegrityError: not gzip, not the promised number of bytes or records, or a malformed record. Records
            before the bad one have been yielded by then: apply them in one transaction.
    """
    count = 0
    for lines in _lines(file, info.inflated):
        yield from islice(plain_adds(lines) or map(parse_record, lines), info.records - count)
        count += len(lines)
        if count > info.records:
            break
    if count != info.records:
        raise IntegrityError(f"a log segment does not hold the {info.records} records that the head promises")


def plain_adds(lines: list[bytes]) -> list[Record] | None:
    """The records of lines that are all as `write_segment` writes most of a log, in under half the time that `parse_record` takes."""
    try:
        texts = b"\n".join(lines).decode().split("\n")
    except UnicodeDecodeError:
        return None
    if not all(map(_plain_add(), texts)) or max(map(len, lines)) > LIMITS.record_bytes:
        return None
    records: list[Record] = json.loads(f"[{','.join(texts)}]")
    small = all(each["width"] * each["height"] <= LIMITS.element_pixels for each in records)
    return records if small else None


def _lines(file: BinaryIO, inflated: int) -> Iterator[list[bytes]]:
    total = 0
    rest = b""
    for block in _inflate(file):
        total += len(block)
        if total > inflated:
            raise IntegrityError(
                f"a log segment inflates to more than the {inflated} bytes that the head promises"
            )
        *lines, rest = (rest + block).split(b"\n")
        yield lines
        if len(rest) > LIMITS.record_bytes:
            raise IntegrityError(
                f"a log record is longer than the {LIMITS.record_bytes} bytes that are allowed"
            )
    if rest or total != inflated:
        raise IntegrityError(f"a log segment inflates to {total} bytes; the head promises {inflated}")


def _inflate(file: BinaryIO) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    try:
        while not inflater.eof:
            data = inflater.unconsumed_tail or file.read(_CHUNK)
            if not data:
                raise IntegrityError("a log segment ends in the middle")
            yield inflater.decompress(data, _CHUNK)
    except zlib.error as error:
        raise IntegrityError(f"a log segment is not gzip ({error})") from error
    if inflater.unused_data or file.read(1):
        raise IntegrityError("a log segment goes on after its end")


_TEXTS = ("source", "source_sha256", "model", "software", "licence", "attribution")


@cache  # compiling it takes a few milliseconds
def _plain_add() -> Callable[[str], object]:
    """Matches lines that `parse_record` takes, if the picture is not too large: narrower than its checks, so nothing is left to check."""
    text = strict.text_form(0, LIMITS.text_chars)
    word = strict.text_form(1, LIMITS.tag_chars, without=",")
    return strict.object_form(
        {
            "id": strict.number_form(LIMITS.id_max),
            "length": strict.number_form(LIMITS.object_bytes),
            "media": f'"{MEDIA_TYPE}"',
            "offset": f"(?:0|{strict.number_form(LIMITS.pack_bytes)})",
            "op": '"add"',
            "seq": strict.number_form(_COUNT_MAX),
            "time": f'"{_UTC}"',
            **dict.fromkeys(("height", "width"), strict.number_form(LIMITS.element_side)),
            **dict.fromkeys(("pack", "pixels", "sha256"), f'"{_HEX64}"'),
        },
        {
            "colour": f'"{_HEX6}"',
            "doubts": strict.list_form(word, LIMITS.doubts),
            "name": text,
            "phash": f'"{_HEX16}"',
            "quality": "(?:100|[1-9]?[0-9])",
            "tags": strict.list_form(word, LIMITS.tags),
            **dict.fromkeys(_TEXTS, text),
        },
    )


def parse_record(line: bytes) -> Record:
    """Parse and validate one line of a log segment.

    Raises:
        IntegrityError: malformed or outside the limits.
        RepositoryError: an operation that this version does not know.
    """
    if len(line) > LIMITS.record_bytes:
        raise IntegrityError(f"a log record has {len(line)} bytes; at most {LIMITS.record_bytes} are allowed")
    record = json_object(line, "a log record")
    fields = Fields(record, "log record")
    fields.number("seq", 1, _COUNT_MAX)
    if record.get("op") != "repack":
        fields.number("id", 1, LIMITS.id_max)
    fields.match("time", _utc, "a time such as 2026-11-23T01:02:03Z")
    match record.get("op"):
        case "add":
            _check_add(fields)
        case "tag":
            _check_names(fields)
        case "withdraw":
            fields.text("reason")
            if not isinstance(record.get("keep_bytes", False), bool):
                fields.fail("keep_bytes", "true or false")
        case "repack":
            _check_repack(fields)
        case str(other):
            raise RepositoryError(
                f"the log has the operation {other!r:.40}, which this version of haac does not know:"
                " install a newer one"
            )
        case _:
            fields.fail("op", "add, tag, withdraw or repack")
    return record


def _check_add(fields: Fields) -> None:
    fields.match("sha256", _hex64, "64 hex digits")
    fields.match("pixels", _hex64, "64 hex digits")
    fields.number("length", 1, LIMITS.object_bytes)
    if (
        "pack" in fields.value or "offset" in fields.value
    ):  # neither, of bytes that went before they were published
        fields.match("pack", _hex64, "64 hex digits")
        fields.number("offset", 0, LIMITS.pack_bytes)
    width = fields.number("width", 1, LIMITS.element_side)
    height = fields.number("height", 1, LIMITS.element_side)
    if width * height > LIMITS.element_pixels:
        fields.fail("width", f"such that width x height is at most {LIMITS.element_pixels}")
    if fields.value.get("media") != MEDIA_TYPE:
        fields.fail("media", MEDIA_TYPE)
    _check_names(fields)
    for key in _TEXTS:
        if key in fields.value:
            fields.text(key)
    if "colour" in fields.value:
        fields.match("colour", _hex6, "6 hex digits")
    if "phash" in fields.value:
        fields.match("phash", _hex16, "16 hex digits")
    if "quality" in fields.value:
        fields.number("quality", 0, 100)
    if "derived_from" in fields.value:
        fields.number("derived_from", 1, fields.value["id"] - 1)
    if "doubts" in fields.value:
        _check_words(fields, "doubts", LIMITS.doubts)


def _check_repack(fields: Fields) -> None:
    packs = fields.list("packs")
    if not 1 <= len(packs) <= MOST or len(set(map(str, packs))) != len(packs):
        fields.fail("packs", f"a list of 1 to {MOST} packs, none of them twice")
    if not all(type(pack) is str and _hex64(pack) for pack in packs):
        fields.fail("packs", "a list of 64 hex digits each")
    if "pack" in fields.value or "length" in fields.value:  # neither, where nothing is left
        fields.match("pack", _hex64, "64 hex digits")
        fields.number("length", 1, LIMITS.pack_bytes)
        if fields.value["pack"] in packs:
            fields.fail("pack", "another pack than those that it replaces")


def _check_names(fields: Fields) -> None:
    fields.text("name")
    _check_words(fields, "tags", LIMITS.tags)


def _check_words(fields: Fields, key: str, most: int) -> None:
    words = fields.list(key, optional=True)
    if len(words) > most:
        fields.fail(key, f"at most {most} {key}")
    for word in words:
        if not word or not is_text(word, LIMITS.tag_chars) or "," in word:
            fields.fail(key, f"words of 1 to {LIMITS.tag_chars} characters, without commas")


class LogOrder:
    """Invariants across log records: sequence, ids given out once, byte ranges inside published packs.

    A pack that the head does not list must be replaced by a later record, which whoever applies them all can tell.

    Args:
        records: log records already accepted.
        elements: highest element number already bound.
        packs: length of each pack in the head, by SHA-256.
    """

    def __init__(self, records: int, elements: int, packs: Mapping[str, int]) -> None:
        self.records = records
        self.elements = elements
        self._packs = packs

    def checked(self, records: Iterable[Record]) -> Iterator[Record]:
        """Validate records one by one, and pass them on."""
        for record in records:
            self.accept(record)
            yield record

    def accept(self, record: Record) -> None:
        """Validate the next record, and count it.

        Raises:
            HistoryError: out of sequence, or an id that is bound already.
            IntegrityError: a place outside the packs, or an element that does not exist.
        """
        seq = record["seq"]
        if seq != self.records + 1:
            raise HistoryError(
                f"the log is out of sequence: record {seq} stands where {self.records + 1} must"
            )
        if record["op"] == "repack":
            if self._packs.get(record.get("pack", ""), record.get("length")) != record.get("length"):
                raise IntegrityError(f"log record {seq} makes a pack of another length than the head lists")
        elif record["op"] == "add":
            self._accept_add(record)
        elif record["id"] > self.elements:
            raise IntegrityError(f"log record {seq} is about element {record['id']}, which does not exist")
        self.records = seq

    def _accept_add(self, record: Record) -> None:
        seq, number = record["seq"], record["id"]
        if number <= self.elements:
            raise HistoryError(f"log record {seq} binds id {number} again; an id is bound once, for ever")
        room = self._packs.get(record.get("pack", ""), LIMITS.pack_bytes)
        if record.get("offset", 0) + record["length"] > room:
            raise IntegrityError(f"log record {seq} reaches beyond the end of its pack")
        self.elements = number
