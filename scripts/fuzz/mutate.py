"""Structure-aware mutation of JSON lines: one value changed, so that what is wrong lies behind the JSON parser more often than in it."""

from __future__ import annotations

import json
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 255, 2**31, 2**40, 2**53, 2**63, 2**64, 1.5, 1e300, "", "x", "a,b", "\u0000", "\ud800", "é" * 70,
    "0" * 64, "ab" * 32, "AB" * 32, "2026-11-23T01:02:03Z", "add", "tag", "withdraw", "repack", [], ["x"], ["x"] * 70, {}, {"a": 1},
)  # fmt: skip


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change, add, drop or move a value in one of the lines; lines that are no JSON objects stay."""
    lines = data.split(b"\n")
    n = rng.randrange(len(lines))
    try:
        value = json.loads(lines[n])
    except ValueError:
        return data
    _change(value, rng)
    if rng.random() < 0.1:
        lines.insert(rng.randrange(len(lines)), lines[n])
    lines[n] = json.dumps(value).encode()
    return b"\n".join(lines)


def _change(value: Any, rng: random.Random) -> None:
    """In place, somewhere within it."""
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        if isinstance(value[key], dict | list) and value[key] and rng.random() < 0.7:
            _change(value[key], rng)
            return
        match rng.randrange(5):
            case 0:
                del value[key]
            case 1:
                value[rng.choice(("x", "phash", "tags", "doubts", "packs", "records"))] = rng.choice(VALUES)
            case 2:
                value[key] = value[rng.choice(list(value))]
            case 3 if isinstance(value[key], int):
                value[key] += rng.choice((-1, 1, 10))
            case _:
                value[key] = rng.choice(VALUES)
    elif isinstance(value, list) and value:
        at = rng.randrange(len(value))
        if isinstance(value[at], dict | list) and rng.random() < 0.7:
            _change(value[at], rng)
        elif rng.random() < 0.5:
            value.insert(at, value[rng.randrange(len(value))])
        else:
            value[at] = rng.choice(VALUES)
