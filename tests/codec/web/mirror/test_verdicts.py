"""Heads and log records that were changed at random: the web decoder refuses what Python refuses, and takes what it takes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from haac_repo import HaacError, Head
from haac_repo._mirror.wire import HEAD_PATH, parse_record
from tests.codec.web.javascript import run_javascript
from tests.repo.mirror.conftest import Origin, grow, growing

__all__ = ["grow", "growing"]

COUNT = 700
VALUES: list[Any] = [
    None, True, False, -1, 0, 1, 2, 101, 2**40 - 1, 2**40, 2**53, 2**53 + 2, 16_383, 16_384, "", "x",
    "x" * 2000, "x" * 2001, "\U0001f600" * 2000, "\U0001f600" * 2001, "a\nb", "a\u202eb", "a\u200db", "\x7f",
    "ab" * 32, "AB" * 32, "ab" * 16, "ab" * 33, "0123456789abcdef", "00ff00", "ab" * 32 + "\n",
    "2026-11-23T01:02:03Z", "2026-11-23T01:02:03Z\n", "\u0662026-11-23T01:02:03Z", [], {}, [1], ["a"],
    ["a,b"], [""], ["a"] * 64, ["a"] * 65, ["x" * 64], ["x" * 65], ["ab" * 32], ["ab" * 32] * 2,
    [["ab" * 32]], [{}], "add", "tag", "withdraw", "repack", "merge", "image/webp",
]  # fmt: skip
_WORDS = (
    "seq id op time pack packs offset length width height media name tags doubts colour phash quality derived_from reason"
    " keep_bytes source licence more __proto__ constructor toString format repository records elements segments previous"
    " signatures sha256 pixels"
)
KEYS = _WORDS.split()


def changed(value: dict[str, Any], rng: random.Random) -> bytes:
    """Its JSON with a few changes, of its values or of its text."""
    made = json.loads(json.dumps(value))
    places = [
        made,
        *(
            entry
            for each in made.values()
            if isinstance(each, list)
            for entry in each
            if isinstance(entry, dict)
        ),
    ]
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        place = rng.choice(places[:1] * 3 + places)
        key = rng.choice(KEYS + 2 * list(place))
        if rng.random() < 0.2:
            place.pop(key, None)
        else:
            place[key] = rng.choice(VALUES)
    text = json.dumps(
        made, ensure_ascii=rng.random() < 0.5, separators=rng.choice([(",", ":"), (", ", " : ")])
    )
    kind = rng.random()
    if kind < 0.06:
        text = (
            text[:-1]
            + ","
            + rng.choice(['"time":"x"}', '"zzz":1,"zzz":1}', '"a\\"b":1}', '"n":{"a":1,"a":2}}'])
        )
    elif kind < 0.1:
        text = text[:-1] + rng.choice(
            [
                ',"z":"\\ud800"}',
                ',"z":1e999}',
                ',"z":NaN}',
                ',"\\udfff":1}',
                ',"z":[[[]]]}',
                ',"z":"\\ud83d\\ude00"}',
                "} x",
                "}}",
            ]
        )
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if kind > 0.9:
        at = rng.randrange(len(data))
        data[at] = rng.choice([0, 9, 0x20, 0x22, 0x2C, 0x7B, 0x80, 0xC3, 0xFF, 0x39, 0x61])
    return bytes(data)


def taken(parse: Callable[[bytes], object], data: bytes) -> bool:
    try:
        parse(data)
    except HaacError:
        return False
    return True


def is_whole(data: bytes) -> bool:
    """JavaScript cannot tell 1.0 and 1 apart, so that such a number is no question of either."""
    return b"." not in data.replace(b"1e999", b"") and b"e+" not in data


def compare(cases: list[bytes], verdicts: list[bool], found: list[bool]) -> None:
    assert [data for data, wanted, got in zip(cases, verdicts, found, strict=True) if wanted != got] == []
    assert min(verdicts.count(True), verdicts.count(False)) > COUNT // 12


@pytest.mark.parametrize("seed", range(2))
def test_records(growing: Origin, grow: Callable[..., None], seed: int) -> None:
    grow(
        growing,
        [20],
        lambda writer: (writer.withdraw(2, "no", keep_bytes=True), writer.tag(3, name="other", add=("b",))),
    )
    grow(growing, [21], lambda writer: writer.withdraw(5, "no"))
    records = [record for segment in growing.records() for record in segment]
    by_op = {
        op: [record for record in records if record["op"] == op]
        for op in ("add", "tag", "withdraw", "repack")
    }
    assert all(by_op.values())
    rng = random.Random(seed)
    cases = [changed(rng.choice(by_op[rng.choice(list(by_op))]), rng) for _ in range(COUNT)]
    cases = [data for data in cases if is_whole(data)]
    found = run_javascript(
        """return given.cases.map((data) => {
          try {
            parseRecord(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(data, "hex")));
            return true;
          } catch (error) {
            if (error.name === "MirrorError" || error.code === "ERR_ENCODING_INVALID_ENCODED_DATA") return false;
            throw error;
          }
        });""",
        "parseRecord from mirror/log.js",
        cases=[data.hex() for data in cases],
    )
    compare(cases, [taken(parse_record, data) for data in cases], found)


@pytest.mark.parametrize("seed", range(2))
def test_heads(growing: Origin, grow: Callable[..., None], seed: int) -> None:
    grow(growing, [20])
    head = json.loads(growing.files[HEAD_PATH])
    rng = random.Random(seed)
    cases = [data for data in (changed(head, rng) for _ in range(COUNT)) if is_whole(data)]
    found = run_javascript(
        """return given.cases.map((data) => {
          try {
            parseHead(new Uint8Array(Buffer.from(data, "hex")));
            return true;
          } catch (error) {
            if (error.name === "MirrorError") return false;
            throw error;
          }
        });""",
        "parseHead from mirror/head.js",
        cases=[data.hex() for data in cases],
    )
    compare(cases, [taken(Head.from_bytes, data) for data in cases], found)
