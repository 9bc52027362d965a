"""The mirror of the web decoder and servers that lie, fail and go back: nothing of it is accepted, and what is here stays."""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haac_repo._mirror.wire import HEAD_PATH, segment_path
from tests.codec.web.mirror.mirrors import FETCH, hashes, js, refused
from tests.repo.mirror.conftest import Rigged, growing, rigged

__all__ = ["growing", "rigged"]


# Attacks: each is met first as a new reader, then as one that has the honest state.


def attacked(rigged: Rigged, words: str, attack: Callable[[], None], *, new: bool = True) -> None:
    """Refused by whoever is new and by whoever has the honest state, which stays and works."""
    if new:
        honest = dict(rigged.origin.files)
        attack()
        refused(FETCH, words, url=rigged.url)
        rigged.origin.files = honest
    code = (
        "const repository = await Repository.open(given.url, { store: new FolderStore(given.store), pause });"
    )
    with tempfile.TemporaryDirectory() as store:
        before = js(
            f"{code} await repository.sync({{ packs: true }}); return repository.time;",
            url=rigged.url,
            store=store,
        )
        state = (Path(store) / "state.json").read_bytes()
        attack()
        refused(f"{code} await repository.sync();", words, url=rigged.url, store=store)
        assert (Path(store) / "state.json").read_bytes() == state
        told = js(
            f"{code} return [repository.time, await hashes(await repository.elements(repository.numbers()))];",
            url=rigged.url,
            store=store,
        )
        assert told == [before, hashes(rigged.origin.folder)]


def longer(rigged: Rigged, **changed: Any) -> Callable[[], None]:
    """An attack that publishes one more record, with these keys."""

    def attack() -> None:
        records = rigged.origin.records()
        record = {"op": "tag", "seq": 11, "id": 1, "name": "x", "time": "2026-11-23T01:02:03Z", **changed}
        rigged.origin.forge([*records, [record]], elements=10)

    return attack


def test_attack_shrunken_log(rigged: Rigged) -> None:
    def shrink() -> None:
        records = rigged.origin.records()
        rigged.origin.forge([records[0][:9]])

    attacked(rigged, "went back", shrink, new=False)


def test_attack_forked_log(rigged: Rigged) -> None:
    def fork() -> None:
        (records,) = rigged.origin.records()
        rigged.origin.forge([[*records[:-1], {**records[-1], "name": "forged"}]])

    attacked(rigged, "segment 1 was rewritten", fork, new=False)


def test_attack_another_repository(rigged: Rigged) -> None:
    def swap() -> None:
        rigged.origin.files[HEAD_PATH] = replace(rigged.origin.head, repository="ab" * 16).to_bytes()

    attacked(rigged, "publishes repository abababab", swap, new=False)


def test_attack_id_bound_again(rigged: Rigged) -> None:
    def bind() -> None:
        records = rigged.origin.records()
        rigged.origin.forge([*records, [{**records[0][2], "seq": 11}]], elements=10)

    attacked(rigged, "binds id 3 again", bind)


def test_attack_record_out_of_sequence(rigged: Rigged) -> None:
    attacked(rigged, "out of sequence", longer(rigged, seq=12))


def test_attack_record_about_an_element_that_does_not_exist(rigged: Rigged) -> None:
    attacked(rigged, "does not exist", longer(rigged, id=11))


def test_newer_operation(rigged: Rigged) -> None:
    attacked(rigged, "as of a newer haac", longer(rigged, op="merge"))


def test_newer_format(rigged: Rigged) -> None:
    def newer() -> None:
        head = json.loads(rigged.origin.files[HEAD_PATH])
        rigged.origin.files[HEAD_PATH] = json.dumps({**head, "format": 2}).encode()

    attacked(rigged, "as of a newer haac", newer)


def test_attack_pack_no_longer_listed(rigged: Rigged) -> None:
    def drop() -> None:
        head = rigged.origin.head
        rigged.origin.files[HEAD_PATH] = replace(head, packs=head.packs[:1]).to_bytes()

    attacked(rigged, "the head does not list it", drop)


def test_attack_pack_that_nobody_is_in(rigged: Rigged) -> None:
    def list_more() -> None:
        info = rigged.origin.forge_pack(b"more")
        head = rigged.origin.head
        rigged.origin.files[HEAD_PATH] = replace(head, packs=(*head.packs, info)).to_bytes()

    attacked(rigged, "packs that no element is in", list_more)


def test_attack_repack_of_another_length(rigged: Rigged) -> None:
    packs = [pack.sha256 for pack in rigged.origin.head.packs]
    attacked(
        rigged,
        "what is left of them has",
        longer(rigged, op="repack", packs=packs[:1], pack="ab" * 32, length=7),
    )


def test_attack_repack_of_an_unknown_pack(rigged: Rigged) -> None:
    attacked(rigged, "in which no element is", longer(rigged, op="repack", packs=["ab" * 32]))


def test_attack_tampered_segment(rigged: Rigged) -> None:
    name = segment_path(1)
    data = bytearray(rigged.origin.files[name])
    data[40] ^= 1
    rigged.origin.files[name] = bytes(data)
    refused(FETCH, "log segment 1 is not what the head promises", url=rigged.url)


def test_attack_tampered_pack(rigged: Rigged) -> None:
    for name in rigged.origin.packs:
        rigged.origin.files[name] = bytes(byte ^ 1 for byte in rigged.origin.files[name])
    refused(
        f"{FETCH} await repository.elements([1]);", "element 1 is not what the log promises", url=rigged.url
    )
    refused(
        f"{FETCH} await repository.sync({{ packs: true }});", "is not what the log promises", url=rigged.url
    )


def test_attack_head_too_long(rigged: Rigged) -> None:
    rigged.origin.files[HEAD_PATH] = b" " * (4 * 2**20 + 1)
    refused(FETCH, "at most 4194304 are allowed", url=rigged.url)


def test_attack_head_without_end(rigged: Rigged) -> None:
    def endless(_path: str, _headers: dict[str, str]) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b" " * 65536

    rigged.only_for(HEAD_PATH, endless)
    refused(FETCH, "goes on after byte 4194304", url=rigged.url)


def _head(rigged: Rigged, change: Callable[[dict[str, Any]], object]) -> None:
    head = json.loads(rigged.origin.files[HEAD_PATH])
    change(head)
    rigged.origin.files[HEAD_PATH] = json.dumps(head).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda head: head.update(records=-1), "records is -1"),
        (lambda head: head.update(records=2.5), "records is 2.5"),
        (lambda head: head.update(repository="AB" * 16), "32 hex digits"),
        (lambda head: head.pop("segments"), "segments is missing"),
        (lambda head: head.update(segments=[7]), "a list of objects"),
        (lambda head: head["segments"][0].update(sha256="../../x"), "64 hex digits"),
        (lambda head: head["segments"][0].update(records=9), "do not add up"),
        (lambda head: head["segments"][0].update(inflated=2**40), "inflated is"),
        (lambda head: head["packs"].append(head["packs"][0]), "lists a pack twice"),
        (lambda head: head.update(more=[[]] * 5000), "no head has so many"),
        (lambda head: head.update(time="yesterday"), "a time such as"),
    ],
)
def test_attack_malformed_head(
    rigged: Rigged, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    _head(rigged, change)
    refused(FETCH, words, url=rigged.url)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!doctype html><p>log in", "is a web page"),
        (b"[]", "not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"format": 1, "format": 1}', "stands twice"),
        (b'{"format": NaN}', "not readable JSON"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": 1e999}', "too large"),
        (b"", "not readable JSON"),
        (b'{"a":' + b"[" * 3000, "no head has so many|not readable"),
    ],
)
def test_attack_head_that_is_none(rigged: Rigged, body: bytes, words: str) -> None:
    rigged.origin.files[HEAD_PATH] = body
    refused(FETCH, words, url=rigged.url)


def _segment(rigged: Rigged, data: bytes, **changed: int) -> None:
    """Publish this as the only segment, under a head that fits it but for what is given."""
    (info,) = rigged.origin.head.segments
    made = replace(info, sha256=hashlib.sha256(data).hexdigest(), length=len(data), **changed)
    rigged.origin.files[segment_path(1)] = data
    rigged.origin.files[HEAD_PATH] = replace(rigged.origin.head, segments=(made,)).to_bytes()


def test_attack_segment_that_is_no_gzip(rigged: Rigged) -> None:
    _segment(rigged, b"no gzip at all, but long enough")
    refused(FETCH, "is not gzip", url=rigged.url)


def test_attack_segment_cut_off(rigged: Rigged) -> None:
    _segment(rigged, rigged.origin.files[segment_path(1)][:-30])
    refused(FETCH, "is not gzip, or is damaged|inflates to", url=rigged.url)


def test_attack_segment_that_inflates_to_more(rigged: Rigged) -> None:
    """A bomb: what is held of it stays small."""
    (info,) = rigged.origin.head.segments
    _segment(rigged, gzip.compress(b" " * 2**27, mtime=0), inflated=info.inflated)
    refused(
        f"""
        try {{ {FETCH} }} finally {{
          if (process.memoryUsage().rss > 250e6) throw new Error(`took ${{process.memoryUsage().rss}} bytes`);
        }}""",
        "inflates to more than",
        url=rigged.url,
    )


def test_attack_segment_that_goes_on_after_its_end(rigged: Rigged) -> None:
    data = rigged.origin.files[segment_path(1)]
    whole = gzip.decompress(data)
    half = whole.index(b"\n") + 1
    _segment(rigged, gzip.compress(whole[:half], mtime=0) + gzip.compress(whole[half:], mtime=0))
    refused(FETCH, "goes on after its end|is not gzip", url=rigged.url)


def test_attack_record_without_end(rigged: Rigged) -> None:
    line = b" " * 2**20
    _segment(rigged, gzip.compress(line, mtime=0), inflated=len(line))
    refused(FETCH, "longer than the 65536 bytes", url=rigged.url)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": "a\u202eb"}, "name is"),
        ({"name": "x" * 2001}, "at most 2000 characters"),
        ({"tags": ["a,b"]}, "without commas"),
        ({"tags": ["x"] * 65}, "at most 64 tags"),
        ({"width": 20000}, "width is 20000"),
        ({"width": 16000, "height": 16000}, "width x height"),
        ({"media": "image/png"}, "media is"),
        ({"pack": "../x"}, "64 hex digits"),
        ({"offset": 10**6}, "beyond the end of its pack"),
        ({"derived_from": 10}, "derived_from"),
        ({"id": 2**40}, "id is"),
        ({"quality": 101}, "quality is"),
    ],
)
def test_attack_malformed_record(rigged: Rigged, changed: dict[str, Any], words: str) -> None:
    (records,) = rigged.origin.records()
    last = {**records[-1], **changed}
    rigged.origin.forge([[*records[:-1], last]], elements=10)
    refused(FETCH, words, url=rigged.url)


def test_attack_elements_that_overlap(rigged: Rigged) -> None:
    (records,) = rigged.origin.records()
    records[1] = {**records[1], "offset": records[1]["offset"] - 1}
    rigged.origin.forge([records])
    refused(f"{FETCH} await repository.elements([1, 2]);", "overlap", url=rigged.url)


def test_attack_element_that_is_no_such_picture(rigged: Rigged) -> None:
    (records,) = rigged.origin.records()
    records[1] = {**records[1], "width": 21}
    rigged.origin.forge([records])
    refused(f"{FETCH} await repository.elements([2]);", "no lossless WebP of 21x20", url=rigged.url)


# Servers that fail


def cut(rigged: Rigged, path: str, at: int) -> Callable[..., Iterator[bytes]]:
    """Answers honestly, but only so many bytes of the body."""

    def answer(asked: str, headers: dict[str, str]) -> Iterator[bytes]:
        head, _, body = b"".join(rigged.honest(asked, headers)).partition(b"\r\n\r\n")
        yield head + b"\r\n\r\n" + body[:at]

    assert path
    return answer


@pytest.mark.parametrize("path", [HEAD_PATH, "log/", "packs/"])
def test_cut_short_once_it_is_asked_again(rigged: Rigged, path: str) -> None:
    rigged.only_for(path, cut(rigged, path, 100), times=2)
    got = js(f"{FETCH} return await hashes(await repository.elements([1, 2]));", url=rigged.url)
    assert sorted(got) == ["1", "2"]


def test_cut_short_always_what_came_is_kept(rigged: Rigged, tmp_path: Path) -> None:
    """A sync of all elements that breaks off goes on where it was."""
    code = (
        "const repository = await Repository.open(given.url, { store: new FolderStore(given.store), pause });"
    )
    given = {"url": rigged.url, "store": str(tmp_path)}
    last = rigged.origin.packs[-1]
    rigged.only_for(last, cut(rigged, last, 100))
    refused(
        f"{code} await repository.sync({{ packs: true }});",
        "the connection broke|ended at byte",
        "TransportError",
        **given,
    )
    rigged.answer = rigged.honest
    rigged.requests.clear()
    js(f"{code} await repository.sync({{ packs: true }});", **given)
    assert [path for path, _ in rigged.requests] == [HEAD_PATH, last]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("404 Not Found", "is not there"),
        ("403 Forbidden", "HTTP 403"),
        ("302 Found", "redirects"),
        ("503 Busy", "busy or failing"),
    ],
)
def test_statuses(rigged: Rigged, status: str, words: str) -> None:
    rigged.only_for(HEAD_PATH, rigged.simple(status, "Location: http://example.org/"))
    refused(FETCH, words, "TransportError", url=rigged.url)
    assert len(rigged.asked(HEAD_PATH)) == (4 if status.startswith("503") else 1)


def test_log_in_page(rigged: Rigged) -> None:
    rigged.only_for(HEAD_PATH, rigged.simple("200 OK", "Content-Type: text/html", body=b"<p>log in"))
    refused(FETCH, "log-in page", "TransportError", url=rigged.url)


def test_another_range_than_was_asked_for(rigged: Rigged) -> None:
    rigged.only_for("packs/", rigged.simple("206 x", "Content-Range: bytes 0-2/9", body=b"abc"))
    refused(
        f"{FETCH} await repository.elements([2]);",
        "the server sends bytes 0-2/9",
        "TransportError",
        url=rigged.url,
    )


def test_log_whose_compression_the_server_calls_an_encoding(rigged: Rigged) -> None:
    """fetch undoes a Content-Encoding, so the hash cannot be checked any more; the message says what it is."""
    data = rigged.origin.files[segment_path(1)]
    rigged.only_for("log/", rigged.simple("200 OK", "Content-Encoding: gzip", body=data))
    refused(FETCH, "switch that off", url=rigged.url)


QUICK = """const repository = await Repository.open(given.url, { pause, silence: 300, window: 300 });
await repository.elements([1, 2]);"""


@pytest.mark.parametrize("path", [HEAD_PATH, "log/", "packs/"])
def test_a_server_that_falls_silent_in_a_browser(rigged: Rigged, path: str) -> None:
    ended = threading.Event()

    def silent(asked: str, headers: dict[str, str]) -> Iterator[bytes]:
        whole = b"".join(rigged.honest(asked, headers))
        yield whole[: whole.index(b"\r\n\r\n") + 40]
        ended.wait(20)

    rigged.only_for(path, silent)
    refused(QUICK, "silent for 0.3 seconds", "TransportError", url=rigged.url)
    ended.set()


@pytest.mark.parametrize(
    ("pause", "words"), [(0.1, "fewer than 256 bytes"), (0.002, "on the whole|fewer than 256")]
)
def test_a_server_that_drips_in_a_browser(rigged: Rigged, pause: float, words: str) -> None:
    def dripping(asked: str, headers: dict[str, str]) -> Iterator[bytes]:
        head, end, body = b"".join(rigged.honest(asked, headers)).partition(b"\r\n\r\n")
        yield head + end
        for byte in body:
            yield bytes([byte])
            time.sleep(pause)

    rigged.only_for("packs/", dripping)
    refused(QUICK, words, "TransportError", url=rigged.url)


def test_abort(rigged: Rigged) -> None:
    refused(
        """const given_up = new AbortController();
        given_up.abort();
        await Repository.open(given.url, { pause, signal: given_up.signal });""",
        "abort",
        "AbortError",
        url=rigged.url,
    )
