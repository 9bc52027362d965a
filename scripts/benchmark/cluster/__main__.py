"""Ingest on a cluster of two workers beside as many local processes: what faults cost, who is let in, and what it takes.

1. Faults. The photographs are ingested by local processes and by a cluster, in which each worker is killed once (kill -9, and started
   anew) and then the scheduler; the same command is given again. Every picture must be accounted for, and ids and pixel hashes
   be those of the local run.
2. Who is let in: a client without TLS, and one whose certificate is of another authority.
3. Time, in turns and in one run: photographs through a model, and small cut-outs.

    python -m scripts.benchmark.cluster --photos FOLDER [--model u2netp]

Scheduler and workers are processes of their own on this machine, in different folders, connected by TLS. Without --photos,
scikit-image's are taken. Some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from distributed.security import Security
from PIL import Image

from haac_pipeline._segment.models import MODELS, OFFLINE, verified
from haac_repo import Repository
from scripts.benchmark.ingest import drawn, photographs
from scripts.benchmark.record import write

PROCESSES = 2
HAAC = [sys.executable, "-c", "from haac._cli.main import main; main()"]
DASK = [sys.executable, "-m", "dask"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def crops(sources: list[Path], folder: Path, count: int, side: int) -> Path:
    """So many JPEG photographs, all different: parts of those given, mirrored or not, `side` pixels long."""
    folder.mkdir()
    rng = random.Random(1)
    for n in range(count):
        with Image.open(sources[n % len(sources)]) as opened:
            image = opened.convert("RGB")
        share = rng.uniform(0.7, 1.0) if n >= len(sources) else 1.0
        width, height = int(image.width * share), int(image.height * share)
        left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        part = image.crop((left, top, left + width, top + height))
        part.thumbnail((side, side), Image.Resampling.LANCZOS)
        if n % 2:
            part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        part.save(folder / f"{n:04}.jpg", quality=92)
    return folder


def certificates(folder: Path) -> dict[str, str]:
    """A new authority and a certificate of it."""
    folder.mkdir()
    made = Security.temporary()
    files = {}
    for name, content in (
        ("ca", made.tls_ca_file),
        ("cert", made.tls_client_cert),
        ("key", made.tls_client_key),
    ):
        (folder / f"{name}.pem").write_text(str(content))
        files[name] = str(folder / f"{name}.pem")
    return files


class Machines:
    """A scheduler and its workers, each a process in a folder of its own."""

    def __init__(self, folder: Path, tls: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"tls://127.0.0.1:{free.getsockname()[1]}"
        self._folder, self._tls = folder, tls
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.start()

    def start(self) -> None:
        """Start what does not run."""
        port = self.address.rpartition(":")[2]
        self._ensure("scheduler", ["scheduler", "--host", "127.0.0.1", "--protocol", "tls", "--port", port])
        for n in range(PROCESSES):
            self._ensure(f"worker{n}", ["worker", self.address, "--no-nanny", "--nthreads", "1"])

    def _ensure(self, name: str, arguments: list[str]) -> None:
        if name in self._running and self._running[name].poll() is None:
            return
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        tls = [
            "--tls-ca-file",
            self._tls["ca"],
            "--tls-cert",
            self._tls["cert"],
            "--tls-key",
            self._tls["key"],
        ]
        with (folder / "log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*DASK, *arguments, *tls, "--dashboard-address", "127.0.0.1:0"],
                cwd=folder,
                env=ENVIRONMENT,
                stdout=log,
                stderr=log,
            )

    def kill(self, *names: str) -> None:
        """As the power does."""
        for name in names:
            self._running[name].send_signal(signal.SIGKILL)
            self._running[name].wait()

    def cpu(self) -> float:
        """CPU seconds of all of them, and of the processes that they had."""
        return sum(sum(psutil.Process(one.pid).cpu_times()[:4]) for one in self._running.values())

    def end(self) -> None:
        """End all."""
        self.kill(*self._running)


def command(repo: Path, *more: str) -> list[str]:
    if not repo.exists():
        subprocess.run([*HAAC, "init", "-q", "--repo", str(repo)], check=True, capture_output=True)
    return [*HAAC, "ingest", "-q", "--no-index", "--repo", str(repo), *more]


def on(address: str, tls: dict[str, str]) -> list[str]:
    """Options that name a cluster."""
    return [
        *("--cluster", address, "--tls-ca", tls["ca"]),
        *("--tls-cert", tls["cert"], "--tls-key", tls["key"]),
    ]


def cpu_here() -> float:
    """CPU seconds of all processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(arguments: list[str]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Seconds, and what it said."""
    start = time.perf_counter()
    done = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    return time.perf_counter() - start, done


def held(repo: Path) -> list[tuple[int, str]]:
    """Numbers and pixel hashes."""
    with Repository.open(repo) as repository:
        return repository.held()


def packed(repo: Path) -> int:
    """Bytes of elements that are written."""
    return sum(path.stat().st_size for path in repo.rglob("*.pack"))


def faults(folder: Path, pictures: Path, machines: Machines, tls: dict[str, str]) -> dict[str, Any]:
    """Kill workers and the scheduler in the middle of a run, and start it again."""
    count = sum(1 for _ in pictures.iterdir())
    seconds, done = run(
        command(folder / "local", "--model", OFFLINE, "--jobs", str(PROCESSES), str(pictures))
    )
    say(f"local run of {count} photographs: {seconds:.0f} s, exit code {done.returncode}")
    whole, repo, report = packed(folder / "local"), folder / "faulty", folder / "report.json"
    arguments = command(
        repo, "--model", OFFLINE, *on(machines.address, tls), "--report", str(report), str(pictures)
    )
    driver = subprocess.Popen(
        arguments, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    for share, name in ((0.15, "worker0"), (0.35, "worker1"), (0.6, "scheduler")):
        while packed(repo) < share * whole and driver.poll() is None:
            time.sleep(0.05)
        say(f"killing the {name} after {packed(repo) / whole:.0%}")
        machines.kill(name)
        if name != "scheduler":
            machines.start()
    started = time.perf_counter()
    said = driver.communicate()[1].strip()
    ended = time.perf_counter() - started
    say(f"the driver ended {ended:.1f} s after that, exit code {driver.returncode}: {said}")
    kept = len(held(repo))
    machines.kill(*(f"worker{n}" for n in range(PROCESSES)))
    machines.start()
    _, again = run(arguments)
    counts = json.loads(report.read_text())["counts"]
    same = held(repo) == held(folder / "local")
    say(
        f"started again: exit code {again.returncode}, {counts}, {'same' if same else 'OTHER'} ids and pixels"
    )
    return {
        "pictures": count,
        "elements": len(held(folder / "local")),
        "workers_killed": PROCESSES,
        "schedulers_killed": 1,
        "seconds_until_the_driver_ended": round(ended, 1),
        "said": said.replace(machines.address, "tls://HOST:PORT"),
        "elements_kept": kept,
        "accounted_for": sum(
            counts[status] for status in ("stored", "duplicate", "left", "skipped", "refused")
        ),
        "refused": counts["refused"],
        "same_ids_and_pixels": same,
    }


def strangers(folder: Path, pictures: Path, machines: Machines, tls: dict[str, str]) -> list[dict[str, Any]]:
    """Who is not let in."""
    others = certificates(folder / "others")
    plain = machines.address.replace("tls://", "tcp://")
    tried = {
        "no TLS": ["--cluster", plain],
        "certificate of another authority": on(machines.address, others),
        "the cluster's authority, a certificate of another": on(
            machines.address, {**others, "ca": tls["ca"]}
        ),
    }
    rows: list[dict[str, Any]] = []
    for name, options in tried.items():
        repo = folder / f"stranger{len(rows)}"
        seconds, done = run(command(repo, "--model", OFFLINE, *options, str(pictures)))
        turned_away = done.returncode == 1 and not held(repo)
        say(f"{name}: {'turned away' if turned_away else 'LET IN'} in {seconds:.1f} s: {done.stderr.strip()}")
        rows.append({"client": name, "turned_away": turned_away, "seconds": round(seconds, 1)})
    return rows


def timed(
    folder: Path,
    name: str,
    pictures: Path,
    rounds: int,
    machines: Machines,
    options: Callable[[str], list[str]],
) -> dict[str, Any]:
    """Local processes and the cluster, in turns."""
    times: dict[str, list[float]] = {"local": [], "cluster": []}
    cpu: dict[str, list[float]] = {"local": [], "cluster": []}
    for turn in range(rounds):
        for where in ("local", "cluster") if turn % 2 == 0 else ("cluster", "local"):
            repo = folder / f"{name}-{where}-{turn}"
            arguments = command(repo, *options(where), str(pictures))
            before = cpu_here() + machines.cpu()
            seconds, done = run(arguments)
            cpu[where].append(cpu_here() + machines.cpu() - before)
            if done.returncode:
                raise SystemExit(f"{where}: {done.stderr}")
            times[where].append(seconds)
            say(f"{name}, round {turn + 1}, {where}: {seconds:.1f} s, {cpu[where][-1]:.1f} s of CPU")
    last = rounds - 1
    return {
        "what": name,
        "pictures": sum(1 for _ in pictures.iterdir()),
        "local_seconds": round(median(times["local"]), 1),
        "cluster_seconds": round(median(times["cluster"]), 1),
        "ratio": round(median(b / a for a, b in zip(times["local"], times["cluster"], strict=True)), 3),
        "cpu_ratio": round(median(b / a for a, b in zip(cpu["local"], cpu["cluster"], strict=True)), 3),
        "same": held(folder / f"{name}-local-{last}") == held(folder / f"{name}-cluster-{last}"),
    }


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[Machines, dict[str, str]]]:
    tls = certificates(folder / "ours")
    machines = Machines(folder / "machines", tls)
    try:
        yield machines, tls
    finally:
        machines.end()


def small_model() -> str:
    """u2netp where its weights are here."""
    return "u2netp" if verified("u2netp") else OFFLINE


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="folder of photographs; default: scikit-image's")
    parser.add_argument("--model", choices=list(MODELS), help="for the times; default: u2netp if it is here")
    parser.add_argument("--pictures", type=int, default=500, help="photographs for the faults")
    parser.add_argument("--timed", type=int, default=80, help="photographs for the times")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", default="cluster")
    given = parser.parse_args()
    model = given.model or small_model()
    sources = photographs(given.photos)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with cluster(folder) as (machines, tls):
            say(f"making pictures out of {len(sources)} photographs")
            pictures = crops(sources, folder / "pictures", given.pictures, 160)
            photos = crops(sources, folder / "photos", given.timed, 768)
            small = folder / "small"
            small.mkdir()
            drawn(small, 600)

            def options(where: str) -> list[str]:
                some = ["--model", model]
                return some + (["--jobs", str(PROCESSES)] if where == "local" else on(machines.address, tls))

            away = strangers(folder, photos, machines, tls)
            times = [
                timed(folder, f"photographs, {model}", photos, given.rounds, machines, options),
                timed(folder, "small cut-outs", small, given.rounds, machines, options),
            ]
            for row in times:
                say(
                    f"{row['what']}: {row['ratio']:.2f} times as long as local processes, {row['cpu_ratio']:.2f} of their CPU"
                )
            survived = faults(folder, pictures, machines, tls)
    payload = {
        "benchmark": "cluster",
        "processes": PROCESSES,
        "faults": survived,
        "strangers": away,
        "times": times,
    }
    print(write(given.json, payload))


if __name__ == "__main__":
    main()
