"""The engine on a cluster: same outcomes, who is let in, what must be the same, and what a lost scheduler leaves."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster
from distributed.security import Security
from PIL import Image, ImageDraw

from haac._cli.main import _run
from haac_pipeline._engine.cluster import Cluster, Scheduler
from haac_pipeline._engine.engine import EngineError
from haac_pipeline._engine.pool import Pool
from haac_pipeline._engine.preflight import compare
from haac_repo import HaacError, MissingExtraError, Repository
from tests.pipeline.engine.tasks import Told, job, lost, never_the_same, outcomes

Certified = tuple[Security, Callable[[str], Scheduler]]


def written(folder: Path) -> Certified:
    """A new authority with one certificate, and how a client that has it calls a scheduler."""
    folder.mkdir()
    security = Security.temporary()
    names = {"ca": "tls_ca_file", "certificate": "tls_client_cert", "key": "tls_client_key"}
    for name, attribute in names.items():
        (folder / name).write_text(getattr(security, attribute))
    ca, certificate, key = (str(folder / name) for name in names)
    return security, lambda address: Scheduler(address, ca, certificate, key)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return written(tmp_path_factory.mktemp("tls") / "ours")


def started(security: Security, workers: int = 1) -> Any:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        protocol="tls://",
        security=security,
        dashboard_address="127.0.0.1:0",
    )


@pytest.fixture(scope="module")
def cluster(ours: Certified) -> Iterator[Any]:
    with started(ours[0]) as running:
        yield running


@pytest.fixture
def scheduler(cluster: Any, ours: Certified) -> Scheduler:
    return ours[1](cluster.scheduler_address)


@pytest.fixture
def told(scheduler: Scheduler) -> list[str]:
    """Options that name the cluster."""
    return [
        *("--cluster", scheduler.address, "--tls-ca", scheduler.ca),
        *("--tls-cert", scheduler.certificate, "--tls-key", scheduler.key),
    ]


def pool(engine: Cluster[Told, str]) -> Pool[int, Told, str]:
    return Pool(engine, lost=lost, again="Start again.")


def test_outcomes_are_those_of_local_processes(scheduler: Scheduler) -> None:
    words = ["sleep 0.2", *(f"w{n}" for n in range(30)), "die", "x" * 400_000, "sleep 60", "y"]
    made = outcomes(pool(Cluster(job(seconds=2), scheduler)), words)
    assert made[:31] == [word.upper() for word in words[:31]]
    assert made[31] == "lost die: it crashed"
    assert made[32] == "X" * 400_000
    assert "allow more with --timeout" in made[33]
    assert made[34] == "Y"


def test_ingest_stores_the_same(told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for n in range(6):
        image = Image.new("RGBA", (60, 50))
        ImageDraw.Draw(image).ellipse((5, 5, 30 + 4 * n, 40), (40 * n, 90, 200, 255))
        image.save(tmp_path / "in" / f"s{n}.png")
    (tmp_path / "in" / "bad.png").touch()
    held = []
    for name, more in (("local", []), ("cluster", told)):
        repository = Repository.create(tmp_path / name)
        paths = ["--repo", str(repository.path), "--model", "none", "--no-index", str(tmp_path / "in")]
        assert _run(["ingest", *paths, *more]) == 1
        assert "bad.png" in capsys.readouterr().out
        held.append(repository.held())
    assert held[0] == held[1]
    assert len(held[0]) == 6
    assert _run(["index", "--repo", str(repository.path), "--json", *told]) == 0
    assert json.loads(capsys.readouterr().out)["described"] == 6


def test_compressing_gives_the_same_bytes(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "in").mkdir()
    for n in range(2):
        Image.linear_gradient("L").resize((48, 48)).rotate(90 * n).save(tmp_path / "in" / f"g{n}.png")
    command = ["compress", "--no-catalog", "--budget", "40", "--subject-weight", "1", str(tmp_path / "in")]
    assert _run([*command, "-o", str(tmp_path / "local"), "--jobs", "1"]) == 0
    assert _run([*command, "-o", str(tmp_path / "cluster"), *told]) == 0
    for n in range(2):
        recipe = (tmp_path / "cluster" / f"g{n}.haac").read_bytes()
        assert recipe == (tmp_path / "local" / f"g{n}.haac").read_bytes()
        assert len(recipe) > 2


def test_a_client_with_another_certificate_is_turned_away(scheduler: Scheduler, tmp_path: Path) -> None:
    _, others = written(tmp_path / "others")
    with pytest.raises(EngineError, match="not of one authority"):
        Cluster(job(), others(scheduler.address))


def test_a_plain_client_is_turned_away(scheduler: Scheduler) -> None:
    plain = scheduler.address.replace("tls://", "tcp://")
    with pytest.raises(EngineError, match="does it speak TLS"):
        Cluster(job(), Scheduler(plain, insecure=True))


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, ours: Certified) -> None:
    monkeypatch.setattr("haac_pipeline._engine.cluster._CONNECT", 0.5)
    with pytest.raises(EngineError, match=r"tls://127\.0\.0\.1:9 "):
        Cluster(job(), ours[1]("tls://127.0.0.1:9"))


def test_a_worker_that_differs_ends_the_run_before_the_first_picture(scheduler: Scheduler) -> None:
    with pytest.raises(
        EngineError, match=r"the worker tls://\S+ is not like .*u2net number \d+, here number"
    ):
        Cluster(job(survey=never_the_same), scheduler)


def test_all_that_differs_is_named() -> None:
    ours = {"pillow": "12.1.1", "numpy": "2.4.6", "rembg": "2.0.86"}
    compare(ours, dict(ours), "tls://a:1")
    with pytest.raises(
        EngineError, match=r"tls://a:1 .*: pillow 12\.0\.0, here 12\.1\.1; rembg unknown, here"
    ):
        compare(ours, {"pillow": "12.0.0", "numpy": "2.4.6"}, "tls://a:1")


# distributed does not close the socket of a connection by TLS that was refused.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_lost_scheduler_says_how_many_are_done(ours: Certified) -> None:
    with started(ours[0]) as running:
        engine: Cluster[Told, str] = Cluster(job(), ours[1](running.scheduler_address))
        with pool(engine) as under_way:
            for number in range(3):
                under_way.put(number, Told(b"a"))
            assert len(list(under_way.outcomes(all_=True))) == 3
            under_way.put(3, Told(b"sleep 20"))
            running.close()
            with pytest.raises(EngineError, match=r"is lost: .* 3 were done before. Start again"):
                next(under_way.outcomes(all_=True))
    gc.collect()  # here, and not in some later test


def test_who_leaves_in_the_middle_leaves_the_workers_free(scheduler: Scheduler) -> None:
    with pool(Cluster(job(), scheduler)) as under_way:
        for number in range(3):
            under_way.put(number, Told(b"sleep 60"))
        under_way.__exit__(KeyboardInterrupt, None, None)
    assert outcomes(pool(Cluster(job(), scheduler)), ["a", "b"]) == ["A", "B"]


def test_a_batch_that_arrives_while_the_client_closes_holds_nothing_up(scheduler: Scheduler) -> None:
    """All clients of a process share one thread for what arrives: one that waited for ever stopped all others."""

    class Never:
        status = "pending"

        def result(self, timeout: float | None = None) -> None:
            if timeout is None:
                pytest.fail("it would wait for ever")
            raise TimeoutError

    engine: Cluster[Told, str] = Cluster(job(), scheduler)
    engine.close()
    flying: Any = Never()
    future: Future[str] = Future()
    engine._flying[flying] = [future]
    engine._arrived(flying)
    assert isinstance(future.exception(timeout=0), EngineError)


def test_a_cluster_whose_workers_are_all_gone_is_given_up(
    monkeypatch: pytest.MonkeyPatch, ours: Certified
) -> None:
    monkeypatch.setattr("haac_pipeline._engine.cluster._ALONE", 0.5)
    with started(ours[0]) as running:
        engine: Cluster[Told, str] = Cluster(job(), ours[1](running.scheduler_address))
        with pool(engine) as under_way:
            under_way.put(0, Told(b"sleep 5"))
            running.scale(0)
            with pytest.raises(EngineError, match="has had no worker"):
                next(under_way.outcomes(all_=True))


def test_a_cluster_without_workers_is_refused(monkeypatch: pytest.MonkeyPatch, ours: Certified) -> None:
    monkeypatch.setattr("haac_pipeline._engine.cluster._GATHER", 0.3)
    with started(ours[0], 0) as empty, pytest.raises(EngineError, match="has no worker"):
        Cluster(job(), ours[1](empty.scheduler_address))


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, scheduler: Scheduler
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'haac\[cluster\]'"):
        Cluster(job(), scheduler)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://10.0.0.5:8786", "not encrypted"),
        ("tcp://cluster.example:8786", "not encrypted"),
        ("tls://10.0.0.5:8786", "needs --tls-ca"),
        ("10.0.0.5:8786", "is no address"),
        ("tls://10.0.0.5", "is no address"),
        ("tls://10.0.0.5:99999", "is no address"),
        ("ucx://10.0.0.5:8786", "is no address"),
    ],
)
def test_addresses_that_are_refused(address: str, said: str) -> None:
    with pytest.raises(HaacError, match=said):
        Scheduler(address).check()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tcp://localhost:1", "tcp://[::1]:1"])
def test_this_machine_needs_no_encryption(address: str) -> None:
    Scheduler(address).check()


def test_other_machines_need_none_where_that_was_asked_for() -> None:
    Scheduler("tcp://10.0.0.5:8786", insecure=True).check()


def test_tls_files_alone_do_nothing_and_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ca.pem").touch()
    assert _run(["index", "--repo", str(tmp_path), "--tls-ca", str(tmp_path / "ca.pem")]) == 2
    assert "--tls-ca goes with --cluster" in capsys.readouterr().err
