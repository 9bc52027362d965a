"""How fast a mirror is synced, next to other ways of fetching the same bytes, and what it costs when little changed.

    python -m scripts.benchmark.sync

10,000 objects of 8 KiB over loopback, each way in its own process, durable on disk when it ends; haac with its bytecode at hand, as pip
leaves it, though it runs out of a checkout, and some environments keep no bytecode:

    haac    `haac sync`: packs, every object's SHA-256 checked, catalog and full-text index built
    rsync   an rsync daemon and loose files, then `sync -f` (no SHA-256)
    curl    one 80 MB file, then `sha256sum` and `sync` (what is possible at all)

rsync and curl are left out, with a note, where they are not installed (`apt-get install rsync curl`). Then what a sync costs
when nothing, little or only some elements are to be had, with 50 ms before each answer, its peak memory, and with `--large 100000` and
`--rows 1000000` how it grows.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from haac_repo import LIMITS, Head, NewElement, Repository, publish, sync
from haac_repo._mirror.wire import PackInfo, segment_path, write_segment
from scripts.benchmark.record import write
from scripts.lib.command import HAAC

SIZE = 8192
Way = Callable[[Path], float]
"""Fetches everything into a folder that is not there yet; seconds."""


def picture() -> bytes:
    """The header of a lossless WebP of 48 x 48 and random bytes: syncing looks at the one and decodes neither."""
    bits = 47 | 47 << 14 | 1 << 28
    header = struct.pack("<4sI4s4sIBI", b"RIFF", SIZE - 8, b"WEBP", b"VP8L", SIZE - 20, 0x2F, bits)
    return header + os.urandom(SIZE - len(header))


def build(path: Path, count: int, start: int = 0) -> list[bytes]:
    """A repository of so many objects."""
    data = [picture() for _ in range(count)]
    repository = Repository.open(path) if path.exists() else Repository.create(path)
    with repository, repository.writer() as writer:
        for number, each in enumerate(data, start):
            digest = hashlib.sha256(each).hexdigest()
            writer.add(
                NewElement(
                    data=each,
                    width=48,
                    height=48,
                    pixels_sha256=digest,
                    name=f"object {number}",
                    tags=("bench", f"group {number % 40}"),
                    colour=number % 2**24,
                    phash=int(digest[:16], 16),
                )
            )
    with Repository.open(path) as repository:
        publish(repository)
    return data


def timed(command: list[str]) -> float:
    """Wall seconds of a process and of making its files durable."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


@contextmanager
def rsync_daemon(folder: Path, work: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = work / "rsyncd.conf"
    config.write_text(
        f"use chroot = no\naddress = 127.0.0.1\nport = {port}\n[bench]\npath = {folder}\nread only = yes\n"
        f"uid = {os.getuid()}\ngid = {os.getgid()}\n"
    )
    daemon = subprocess.Popen(["rsync", "--daemon", "--no-detach", f"--config={config}"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"rsync://127.0.0.1:{port}/bench/"
    finally:
        daemon.terminate()
        daemon.wait()


def keep_bytecode(work: Path) -> None:
    """Let the Pythons that are started from now on find what they compiled before."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")


def once(run: Way, work: Path) -> float:
    target = work / "target"
    shutil.rmtree(target, ignore_errors=True)
    os.sync()
    return run(target)


def laid_out(work: Path, count: int, *, loose: bool = True) -> Path:
    """The same bytes as a repository, as `loose` files and as one file; the path of the last."""
    work.mkdir(exist_ok=True)
    data = build(work / "repo", count)
    for number, each in enumerate(data if loose else ()):
        folder = work / "loose" / f"{number % 256:02x}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.webp").write_bytes(each)
    blob = work / "blob" / "packs" / ("0" * 64 + ".pack")
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"".join(data))
    return blob


def ways_of(url: str, rsync_url: str | None, blob_url: str) -> dict[str, Way]:
    """Each way of fetching them that is installed here."""
    ways: dict[str, Way] = {"haac": lambda target: ours(url, target)}
    if rsync_url:
        rsync = 'rsync -a "$0" "$1/" && sync -f "$1"'
        ways["rsync"] = lambda target: timed(["sh", "-c", rsync, rsync_url, str(target)])
    if shutil.which("curl"):
        curl = 'mkdir "$1" && curl -sS -o "$1/pack" "$0" && sha256sum "$1/pack" && sync "$1/pack"'
        ways["curl"] = lambda target: timed(["sh", "-c", curl, blob_url, str(target)])
    else:
        print("curl is not installed: left out", file=sys.stderr)
    return ways


def compared(ways: dict[str, Way], rounds: int, count: int, work: Path) -> dict[str, Any]:
    """Median seconds of each way, and processor seconds; in turns, so that what else the machine does hits all alike."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    processor: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            before = os.times()
            times[way].append(once(run, work))
            after = os.times()
            spent = (
                after.children_user + after.children_system - before.children_user - before.children_system
            )
            processor[way].append(spent)
    seconds = {way: round(statistics.median(found), 3) for way, found in times.items()}
    others = {way: found for way, found in seconds.items() if way != "haac"}
    return {
        "seconds": seconds,
        "processor_seconds": {way: round(statistics.median(found), 2) for way, found in processor.items()},
        "objects_per_second": {way: round(count / found) for way, found in seconds.items()},
        "ratio": {f"haac/{way}": round(found / seconds["haac"], 2) for way, found in others.items()},
    }


def costs(url: str, count: int, work: Path) -> dict[str, Any]:
    """What syncs cost when everything, nothing, one element and only some are to be had; and peak memory."""
    mirror = work / "mirror"
    made: dict[str, Any] = {"full": cost(url, mirror), "no_change": cost(url, mirror)}
    build(work / "repo", 1, start=count)
    made["one_new"] = cost(url, mirror)
    made["for_500"] = cost(url, work / "part", only=range(1, count, max(1, count // 500)))
    made["peak_mb"] = {f"{count} objects": peak(url, work / "peak")}
    return made


def delayed(url: str, count: int, work: Path) -> dict[str, Any]:
    """A full sync through a proxy that takes its time with each answer."""
    with proxied(url) as slow:
        seconds = once(lambda target: ours(slow, target), work)
    return {
        "milliseconds": DELAY * 1000,
        "seconds": round(seconds, 3),
        "objects_per_second": round(count / seconds),
    }


@contextmanager
def proxied(url: str) -> Iterator[str]:
    """A proxy in a process of its own, which holds each request up for DELAY seconds."""
    port = url.rsplit(":", 1)[1].strip("/")
    process = subprocess.Popen(
        [sys.executable, "-c", PROXY, port, str(DELAY)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


DELAY = 0.05
# A connection has one request under way at a time, so what comes from the client is one.
PROXY = """
import socket, sys, threading, time
port, delay = int(sys.argv[1]), float(sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
def pump(source, target, pause):
    try:
        while data := source.recv(2**18):
            time.sleep(pause)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
while True:
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", port))
    for each in (client, server):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=pump, args=(client, server, delay), daemon=True).start()
    threading.Thread(target=pump, args=(server, client, 0), daemon=True).start()
"""


def large(count: int, rounds: int, work: Path) -> dict[str, Any]:
    """Many objects, beside curl."""
    blob = laid_out(work, count, loose=False)
    with served(work / "repo") as url, served(work / "blob") as blob_url:
        ways = ways_of(url, None, f"{blob_url}/packs/{blob.name}")
        made = compared(ways, rounds, count, work)
        return {"objects": count, **made, "peak_mb": peak(url, work / "peak")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", default="sync", metavar="FILE")
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=0, help="also so many objects beside curl, e.g. 100000")
    parser.add_argument(
        "--rows", type=int, default=0, help="also measure a log of so many elements, e.g. 1000000"
    )
    options = parser.parse_args()
    count = options.objects
    result: dict[str, Any] = {"objects": count, "object_bytes": SIZE, "rounds": options.rounds}
    if hasattr(os, "getloadavg"):
        result["load_before"] = round(os.getloadavg()[0], 1)

    with tempfile.TemporaryDirectory(prefix="haac-bench-") as name:
        work = Path(name)
        keep_bytecode(work)
        blob = laid_out(work, count)
        # The server in its own process, as it would be; it serves our packs and curl's file alike.
        with (
            served(work / "repo") as url,
            served(work / "blob") as blob_url,
            rsync_or_none(work / "loose", work) as rsync_url,
        ):
            ways = ways_of(url, rsync_url, f"{blob_url}/packs/{blob.name}")
            once(ways["haac"], work)  # leaves its bytecode
            result |= compared(ways, options.rounds, count, work)
            result["delayed"] = delayed(url, count, work)
            result |= costs(url, count, work)
        if options.large:
            result["large"] = large(options.large, options.rounds, work / "large")
        if options.rows:
            build_log(work / "log", options.rows)
            with served(work / "log") as url:
                began = time.perf_counter()
                result["peak_mb"][f"{options.rows} catalog rows"] = peak(url, work / "rows", everything=False)
                result["rows_seconds"] = round(time.perf_counter() - began, 1)
    print(result)
    print(write(options.json, result))


def ours(url: str, target: Path) -> float:
    return timed([HAAC, "sync", "-q", url, str(target)])


def cost(url: str, mirror: Path, only: range | None = None) -> dict[str, Any]:
    began = time.perf_counter()
    report = sync(url, mirror, only=only)
    seconds = time.perf_counter() - began
    return {"requests": report.requests, "bytes": report.received, "seconds": round(seconds, 3)}


def peak(url: str, target: Path, *, everything: bool = True) -> float:
    """Peak memory of a sync in a process of its own, in MB."""
    only = "None" if everything else "[]"
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(only=only), url, str(target)],
        check=True,
        capture_output=True,
        text=True,
    )
    return round(int(done.stdout) / 1024, 1)


# VmHWM, since ru_maxrss begins with what the parent used.
PEAK = """
import re, sys
from pathlib import Path
from haac_repo import sync
sync(sys.argv[1], Path(sys.argv[2]), only={only})
print(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def build_log(folder: Path, rows: int) -> None:
    """A published log of so many elements, without their packs."""
    (folder / "log").mkdir(parents=True)
    pack = PackInfo(sha256="a" * 64, length=2**29)
    segments = []
    for number, start in enumerate(range(1, rows + 1, LIMITS.segment_records), 1):
        numbers = range(start, min(start + LIMITS.segment_records, rows + 1))
        data, info = write_segment(record(n, pack) for n in numbers)
        (folder / segment_path(number)).write_bytes(data)
        segments.append(info)
    head = Head(
        repository="ab" * 16,
        records=rows,
        elements=rows,
        segments=tuple(segments),
        packs=(pack,),
        time="2026-11-23T01:02:03Z",
    )
    (folder / "head").write_bytes(head.to_bytes())


def record(number: int, pack: PackInfo) -> dict[str, Any]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return {
        "seq": number,
        "op": "add",
        "id": number,
        "sha256": digest,
        "length": 500,
        "pack": pack.sha256,
        "offset": number * 500 % (2**29 - 500),
        "media": "image/webp",
        "width": 48,
        "height": 48,
        "pixels": digest[::-1],
        "name": f"object {number}",
        "tags": ["bench", f"group {number % 40}"],
        "colour": digest[:6],
        "phash": digest[:16],
        "time": "2026-11-23T01:02:03Z",
    }


@contextmanager
def served(folder: Path) -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


SERVE = """
import sys
from pathlib import Path
from haac_repo import Server
server = Server(Path(sys.argv[1]))
print(server.url, flush=True)
server.serve_forever()
"""


@contextmanager
def rsync_or_none(folder: Path, work: Path) -> Iterator[str | None]:
    if not shutil.which("rsync"):
        print("rsync is not installed: left out", file=sys.stderr)
        yield None
        return
    with rsync_daemon(folder, work) as url:
        yield url


if __name__ == "__main__":
    main()
