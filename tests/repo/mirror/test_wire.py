"""Reading the published files: any bytes give a value or one HaacError."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haac_repo import LIMITS, HaacError, Head, IntegrityError, RepositoryError
from haac_repo._mirror.strict import canonical
from haac_repo._mirror.wire import (
    PackInfo,
    Record,
    SegmentInfo,
    parse_record,
    plain_adds,
    read_segment,
    write_segment,
)

HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
TIMES = st.just("2026-11-23T01:02:03Z")
HEAD = Head(
    repository="0f" * 16,
    records=3,
    elements=2,
    segments=(SegmentInfo(sha256="a" * 64, length=10, inflated=100, records=3),),
    packs=(PackInfo(sha256="b" * 64, length=1000),),
    previous="c" * 64,
    time="2026-11-23T01:02:03Z",
)
ADD: Record = {
    "seq": 1, "op": "add", "id": 1, "sha256": "1" * 64, "length": 5, "pack": "2" * 64, "offset": 0,
    "media": "image/webp", "width": 3, "height": 4, "pixels": "3" * 64, "time": "2026-11-23T01:02:03Z",
}  # fmt: skip
FULL: Record = {
    **ADD, "name": "ünten", "tags": ["a", "b c"], "doubts": ["blurred"], "quality": 100, "colour": "00ff00", "phash": "4" * 16,
    "source": "", "source_sha256": "5" * 64, "model": "m 1", "software": "s", "licence": "CC0", "attribution": "å",
}  # fmt: skip


@st.composite
def heads(draw: st.DrawFn) -> Head:
    segments = draw(
        st.lists(
            st.builds(
                SegmentInfo,
                sha256=HASHES,
                length=st.integers(1, LIMITS.segment_bytes),
                inflated=st.integers(1, LIMITS.segment_inflated_bytes),
                records=st.integers(1, 10**6),
            ),
            max_size=4,
        )
    )
    records = sum(segment.records for segment in segments)
    packs = st.builds(PackInfo, sha256=HASHES, length=st.integers(1, LIMITS.pack_bytes))
    return Head(
        repository=draw(HASHES)[:32],
        records=records,
        elements=draw(st.integers(0, records)),
        segments=tuple(segments),
        packs=tuple(draw(st.lists(packs, max_size=4, unique_by=lambda pack: pack.sha256))),
        previous=draw(HASHES | st.just("")),
        time=draw(TIMES),
    )


@given(heads())
def test_heads_round_trip(head: Head) -> None:
    assert Head.from_bytes(head.to_bytes()) == head


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_an_error(data: bytes) -> None:
    for read, kind in ((Head.from_bytes, Head), (parse_record, dict)):
        with contextlib.suppress(HaacError):
            assert isinstance(read(data), kind)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | HASHES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*json.loads(HEAD.to_bytes()), "new"]), JSON)
def test_any_value_in_a_head(key: str, value: Any) -> None:
    changed = {**json.loads(HEAD.to_bytes()), key: value}
    try:
        head = Head.from_bytes(json.dumps(changed).encode())
    except HaacError:
        return
    assert Head.from_bytes(head.to_bytes()) == head


@given(
    st.sampled_from(
        [*ADD, "name", "tags", "colour", "phash", "quality", "doubts", "derived_from", "licence", "new"]
    ),
    JSON,
)
def test_any_value_in_a_record(key: str, value: Any) -> None:
    changed = {**ADD, key: value}
    try:
        record = parse_record(json.dumps(changed).encode())
    except HaacError:
        return
    assert record == changed
    json.dumps(record, ensure_ascii=False).encode()  # no lone surrogates get through


def line_of(record: Record) -> bytes:
    return canonical(record).removesuffix(b"\n")


def taken_alike(line: bytes) -> bool:
    """Whether a line is one of those that need no look at each key; then it is read as it would be with one."""
    found = plain_adds([line_of(ADD), line])
    assert found is None or found == [ADD, parse_record(line)]
    return found is not None


EDGES = st.sampled_from(
    [0, 1, -1, 101, 9_999, 16_383, 16_384, 10**9, 2**29, 2**40, 2**53, 1.0, True, None, "", [], [""], ["a,b"], "a" * 2_000,
     "a" * 2_001, ["a"] * 64, ["a"] * 65, ["a" * 64], ["a" * 65], '"', "\\", "\n", "\u2028", "\x7f", "\xa0", "0" * 64, "0" * 65]
)  # fmt: skip


@given(st.sampled_from([*FULL, "derived_from", "new"]), JSON | EDGES)
def test_a_line_that_is_plain_is_right(key: str, value: Any) -> None:
    taken_alike(line_of({**FULL, key: value}))


@given(st.data())
def test_a_line_that_is_plain_is_right_however_it_was_made(data: st.DataObject) -> None:
    line = line_of(FULL)
    places = st.integers(0, len(line))
    start, stop, first, last = (data.draw(places) for _ in range(4))
    odd = st.sampled_from([b"", b"\xff", b"\n", b" ", b"0", b'"', b",", b"}", b"},{", b'"id":2,', b"\\u0061"])
    taken_alike(line[:start] + data.draw(st.just(line[first:last]) | odd) + line[stop:])


def test_what_most_lines_are_is_plain() -> None:
    for record in (ADD, FULL, {**FULL, "offset": 5, "tags": ["a" * 64] * 64, "name": "\U0001f9ff" * 2_000}):
        assert taken_alike(line_of(record))
    for change in (
        {"width": 9_000, "height": 9_000},
        {"op": "tag"},
        {"reason": "a"},
        dict.fromkeys(("name", "source", "model", "software", "licence", "attribution"), "\U0001f9ff" * 2_000)
        | {
            "tags": ["\U0001f9ff" * 64] * 64,
            "doubts": ["\U0001f9ff" * 64] * 16,
        },  # longer than a record may be
    ):
        assert not taken_alike(line_of({**FULL, **change}))
    assert plain_adds([]) is None


@given(st.binary(max_size=200), st.integers(1, 10), st.integers(1, 1000))
def test_any_bytes_are_a_segment_or_an_error(data: bytes, records: int, inflated: int) -> None:
    info = SegmentInfo(sha256="0" * 64, length=max(1, len(data)), inflated=inflated, records=records)
    with pytest.raises(HaacError):
        list(read_segment(io.BytesIO(data), info))


def test_segments_round_trip() -> None:
    records = [{**ADD, "seq": n, "id": n, "name": "ü" * n} for n in range(1, 600)]
    records[400] |= {"derived_from": 5}
    data, info = write_segment(records)
    assert list(read_segment(io.BytesIO(data), info)) == records
    assert write_segment(records)[0] == data
    for wrong in (
        replace(info, records=598),
        replace(info, records=600),
        replace(info, inflated=info.inflated - 1),
        replace(info, inflated=info.inflated + 1),
    ):
        with pytest.raises(IntegrityError, match="promises"):
            list(read_segment(io.BytesIO(data), wrong))


def test_empty_values_are_left_out() -> None:
    data, info = write_segment([{**ADD, "name": "", "tags": [], "colour": None}])
    assert list(read_segment(io.BytesIO(data), info)) == [ADD]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 0}, "format is 0"),
        ({"format": True}, "format is True"),
        ({"format": "1"}, "format is '1'"),
        ({"repository": "x"}, "32 hex digits"),
        ({"records": 4}, "do not add up"),
        ({"records": -1}, "records is -1"),
        ({"records": 3.0}, "records is 3.0"),
        ({"segments": {}}, "a list"),
        ({"segments": [7]}, "a list of objects"),
        ({"segments": [{}]}, "entry 1 of segments, is malformed: sha256 is missing"),
        ({"packs": [{"sha256": "b" * 64, "bytes": LIMITS.pack_bytes + 1}]}, "bytes is"),
        ({"packs": [{"sha256": "b" * 64, "bytes": 1}] * 2}, "lists a pack twice"),
        ({"previous": "x"}, "64 hex digits"),
        ({"previous": None}, "64 hex digits"),
        ({"time": "yesterday"}, "a time such as"),
        ({"signatures": {}}, "a list"),
    ],
)
def test_bad_heads(change: Any, words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        Head.from_bytes(json.dumps({**json.loads(HEAD.to_bytes()), **change}).encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not readable JSON"),
        (b"[]", "not a JSON object"),
        (b"[" * 1_000, "not readable JSON"),
        (b"[" * 100_000, "no head has so many"),
        (b'{"format":1,"format":1}', "a key stands twice"),
        (b'{"format":NaN}', "NaN is no JSON"),
        (b'{"format":' + b"9" * 5000 + b"}", "not readable JSON"),
        ('{"format":1}'.encode("utf-16"), "not readable JSON"),
        (b'{"format":1}\xff', "not readable JSON"),
        (b"<html>", "a web page"),
        (HEAD.to_bytes().replace(b'"signatures":[]', rb'"signatures":["\ud800"]'), "surrogates not allowed"),
        (HEAD.to_bytes().replace(b'"signatures":[]', b'"signatures":[1e999]'), "too large"),
    ],
)
def test_bytes_that_are_no_head(data: bytes, words: str) -> None:
    with pytest.raises(IntegrityError, match=words):
        Head.from_bytes(data)


def test_a_head_that_could_not_be_written_again_is_refused() -> None:
    """Found by fuzzing: halves of surrogate pairs, and numbers beyond all floats, in what is not looked at otherwise."""
    for inside, accepted in ((rb'"\ud83d\ude00"', True), (rb'{"x": "\udc00"}', False), (b"-1e400", False)):
        data = HEAD.to_bytes().replace(b'"signatures":[]', b'"signatures":[' + inside + b"]")
        if accepted:
            head = Head.from_bytes(data)
            assert Head.from_bytes(head.to_bytes()) == head
        else:
            with pytest.raises(IntegrityError, match="not readable JSON"):
                Head.from_bytes(data)


def test_a_newer_format_says_what_to_do() -> None:
    with pytest.raises(RepositoryError, match=r"format 2.*install a newer"):
        Head.from_bytes(HEAD.to_bytes().replace(b'"format":1', b'"format":2'))


def test_a_repack_names_each_pack_once_and_what_replaces_them() -> None:
    record = {"op": "repack", "seq": 3, "packs": ["a" * 64, "b" * 64], "time": "2026-11-23T01:02:03Z"}
    assert parse_record(canonical(record)) == record
    full = {**record, "pack": "c" * 64, "length": 5}
    assert parse_record(canonical(full)) == full
    changes: list[dict[str, Any]] = [
        {"packs": []},
        {"packs": ["a" * 64] * 2},
        {"packs": [["a" * 64]]},
        {"packs": [f"{n:064x}" for n in range(257)]},
        {"pack": "a" * 64, "length": 5},
        {"pack": "c" * 64},
        {"pack": "c" * 64, "length": 0},
        {"length": 5},
    ]
    for change in changes:
        with pytest.raises(IntegrityError, match=r"malformed: (pack|length)"):
            parse_record(canonical({**record, **change}))


@pytest.mark.parametrize("value", [b"{},", b"[],", b'{"a":1},', b"1000,", b'"ab",'])
def test_a_head_of_many_small_values_is_not_parsed(value: bytes) -> None:
    """Four megabytes of them would take a hundred and more."""
    good = Head(repository="ab" * 16, records=0, elements=0, time="2026-11-23T01:02:03Z").to_bytes()
    data = good.replace(b'"signatures":[]', b'"signatures":[' + (value * 500_000)[:-1] + b"]")
    with pytest.raises(IntegrityError, match="no head has so many"):
        Head.from_bytes(data)


def test_a_head_as_long_as_heads_may_be() -> None:
    packs = tuple(PackInfo(sha256=f"{n:064x}", length=16 * 2**20) for n in range(44_000))
    head = Head(repository="ab" * 16, records=0, elements=0, packs=packs, time="2026-11-23T01:02:03Z")
    assert Head.from_bytes(head.to_bytes()) == head
