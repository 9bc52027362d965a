"""Whether `haac serve` and nginx hold 500 clients at once, and how quickly they answer, on this machine.

    python -m scripts.benchmark.serve

Both serve the same repository, one after the other, set up as docs/hosting.md says; servers and clients share the machine's cores.

    held    500 clients that keep their connections and check every byte: of four requests, three are ranges of 64 KiB and one asks
            whether the head is new. Meanwhile 100 others send their headers a byte a second, and come back when they are dropped
    rate    the same requests by `wrk`, 500 connections, which takes less of the machine and checks nothing but the status
    file    one client fetches a file of 80 MB, whole; in turns

nginx and wrk have to be installed (`apt-get install nginx wrk`); what is missing is left out, with a note.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.benchmark.record import write
from scripts.benchmark.serve.load import RANGE, Load, peak_mb, slow_loris
from scripts.benchmark.sync import build
from scripts.lib.command import HAAC
from scripts.lib.web_servers import nginx

CLIENTS, LORIS = 500, 100
BIG = "0" * 64 + ".pack"
BIG_BYTES = 80_000_000
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@contextmanager
def haac(repository: Path, work: Path) -> Iterator[tuple[str, int]]:
    """URL and process id of `haac serve`."""
    del work
    command = [HAAC, "serve", "--repo", str(repository), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().split()[-1], process.pid
        finally:
            process.send_signal(signal.SIGINT)


@contextmanager
def nginx_of(repository: Path, work: Path) -> Iterator[tuple[str, int]]:
    """URL and process id of nginx, with a worker a core."""
    with nginx(repository / "public", work, workers=os.cpu_count() or 1) as started:
        yield started


async def held(url: str, public: Path, requests: int) -> dict[str, Any]:
    """What `CLIENTS` clients see while `LORIS` others hold connections."""
    dropped: list[float] = []
    slow = [asyncio.create_task(slow_loris(url, dropped)) for _ in range(LORIS)]
    await asyncio.sleep(0.5)
    load = Load(url, public, CLIENTS, requests)
    seconds = await load.run()
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    for reason in sorted(set(load.failed)):
        print(f"failed {load.failed.count(reason)} times: {reason}", file=sys.stderr)
    return {**load.figures(seconds), "seconds": round(seconds, 1), "loris_dropped": len(dropped)}


def rate(url: str, public: Path, seconds: int, work: Path) -> dict[str, Any]:
    """What wrk says of the same requests."""
    packs = sorted((public / "packs").iterdir())
    names = ", ".join(f'{{"/packs/{path.name}", {path.stat().st_size - RANGE}}}' for path in packs)
    script = work / "requests.lua"
    script.write_text(LUA.format(names=names, etag=etag_of(url), more=RANGE - 1))
    command = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(CLIENTS),
        "--duration",
        f"{seconds}s",
        "--latency",
    ]
    said = subprocess.run(
        [*command, "--script", str(script), url], check=True, capture_output=True, text=True
    ).stdout
    failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))
    made: dict[str, Any] = {"failed": failed}
    made["requests_per_second"] = round(float(re.findall(r"Requests/sec: +([\d.]+)", said)[0]))
    for share in (50, 99):
        value, unit = re.findall(rf" {share}% +([\d.]+)(us|ms|s)\b", said)[0]
        made[f"p{share}_ms"] = round(float(value) * _MS[unit], 1)
    return made


LUA = """
local packs, number = {{ {names} }}, 0
request = function()
  number = number + 1
  if number % 4 == 0 then
    return wrk.format("GET", "/head", {{ ["If-None-Match"] = '{etag}' }})
  end
  local pack = packs[math.random(#packs)]
  local start = math.random(0, pack[2])
  return wrk.format("GET", pack[1], {{ Range = "bytes=" .. start .. "-" .. (start + {more}) }})
end
"""


def etag_of(url: str) -> str:
    with fetched(url, "/head") as (headers, _):
        found: bytes = re.findall(rb'\r\netag: *("[^"]+")', headers, re.IGNORECASE)[0]
        return found.decode()


@contextmanager
def fetched(url: str, path: str) -> Iterator[tuple[bytes, socket.socket]]:
    """The answer's headers with what came along of the body, and the connection for the rest."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(4096)
        yield received, connection


def big_file(url: str) -> float:
    """Seconds in which one client has all of the big file."""
    began = time.perf_counter()
    with fetched(url, f"/packs/{BIG}") as (received, connection):
        left = BIG_BYTES - len(received.partition(b"\r\n\r\n")[2])
        buffer = bytearray(2**20)
        while count := connection.recv_into(buffer):
            left -= count
    if left:
        raise RuntimeError(f"{left} of {BIG_BYTES} bytes did not come")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", default="serve", metavar="FILE")
    parser.add_argument("--requests", type=int, default=40, help="of each client")
    parser.add_argument("--seconds", type=int, default=10, help="of wrk")
    parser.add_argument("--rounds", type=int, default=31, help="of the file")
    options = parser.parse_args()
    servers = {"haac": haac}
    if shutil.which("nginx"):
        servers["nginx"] = nginx_of
    for program in ("nginx", "wrk"):
        if not shutil.which(program):
            print(f"{program} is not installed: left out", file=sys.stderr)
    result: dict[str, Any] = {"clients": CLIENTS, "loris": LORIS, "requests_each": options.requests}
    if hasattr(os, "getloadavg"):
        result["load_before"] = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory(prefix="haac-bench-") as name:
        work = Path(name)
        build(work / "repo", 4000)
        for server, start in servers.items():
            (work / server).mkdir()
            with start(work / "repo", work / server) as (url, process):
                found = {"held": asyncio.run(held(url, work / "repo" / "public", options.requests))}
                if shutil.which("wrk"):
                    found["rate"] = rate(url, work / "repo" / "public", options.seconds, work)
                result[server] = {**found, "peak_mb": peak_mb(process)}
            print(server, result[server], flush=True)
        result |= compared(servers, work, options.rounds)
    print(write(options.json, result))


def compared(servers: dict[str, Any], work: Path, rounds: int) -> dict[str, Any]:
    """Median seconds of the big file; in turns, so that what else the machine does hits all alike."""
    (work / "repo" / "public" / "packs" / BIG).write_bytes(os.urandom(BIG_BYTES))
    times: dict[str, list[float]] = {server: [] for server in servers}
    with ExitStack() as running:
        urls = {
            server: running.enter_context(start(work / "repo", work / server))[0]
            for server, start in servers.items()
        }
        for _ in range(rounds):
            for server, url in urls.items():
                times[server].append(big_file(url))
    seconds = {server: round(statistics.median(found), 4) for server, found in times.items()}
    made: dict[str, Any] = {"file_bytes": BIG_BYTES, "file_seconds": seconds}
    if "nginx" in seconds:
        made["file_ratio"] = round(seconds["nginx"] / seconds["haac"], 2)
    return made


if __name__ == "__main__":
    main()
