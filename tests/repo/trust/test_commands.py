"""The command line of signed repositories: init, keys, publish, serve and sync."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from haac_repo import Repository, Server
from tests.repo.mirror.conftest import add
from tests.repo.mirror.test_commands import run


@pytest.fixture
def repo(tmp_path: Path, capsys: Any) -> Path:
    """Made by `haac init`, with 2 elements, published."""
    assert run(capsys, "init", "--repo", tmp_path / "repo")[0] == 0
    with Repository.open(tmp_path / "repo") as repository:
        add(repository, range(2))
    assert run(capsys, "publish", "--repo", tmp_path / "repo")[0] == 0
    return tmp_path / "repo"


def fingerprint(capsys: Any, repo: Path) -> str:
    _, out, _ = run(capsys, "keys", "show", "--repo", repo, "--json")
    found: str = json.loads(out)["fingerprint"]
    return found


def test_init_makes_keys_and_says_so(capsys: Any, tmp_path: Path) -> None:
    code, out, err = run(capsys, "init", "--repo", tmp_path / "repo", "--json")
    assert code == 0
    root = json.loads(out)["root"]
    assert f"Others make sure of it by the fingerprint {root}" in err
    assert "keep a copy in a safe place" in err
    assert len(list((tmp_path / "repo" / "keys").iterdir())) == 4
    assert fingerprint(capsys, tmp_path / "repo") == root


def test_init_unsigned(capsys: Any, tmp_path: Path) -> None:
    code, out, _ = run(capsys, "init", "--unsigned", "--repo", tmp_path / "repo", "--json")
    assert (code, json.loads(out)["root"]) == (0, "")
    assert not (tmp_path / "repo" / "keys").exists()
    code, out, err = run(capsys, "publish", "--repo", tmp_path / "repo")
    assert code == 0
    assert "not signed: `haac keys create` makes keys" in err
    code, out, _ = run(capsys, "keys", "show", "--repo", tmp_path / "repo")
    assert (code, "is not signed" in out) == (0, True)
    code, _, err = run(capsys, "sync", tmp_path / "repo", tmp_path / "mirror")
    assert code == 0
    assert err.count("this repository is not signed") == 1
    code, _, err = run(capsys, "keys", "rotate", "root", "--repo", tmp_path / "repo")
    assert (code, "haac keys create" in err) == (1, True)
    assert run(capsys, "keys", "create", "--repo", tmp_path / "repo")[0] == 0
    code, _, err = run(capsys, "sync", tmp_path / "repo", tmp_path / "mirror")
    assert code == 0  # nothing is new, so nothing had to be believed
    with Repository.open(tmp_path / "repo") as repository:
        add(repository, [1])
    run(capsys, "publish", "--repo", tmp_path / "repo")
    code, _, err = run(capsys, "sync", tmp_path / "repo", tmp_path / "mirror")
    assert code == 1
    assert f"haac sync {tmp_path / 'repo'} {tmp_path / 'mirror'} --root FINGERPRINT" in err


def test_publish_prints_the_command_for_others(capsys: Any, repo: Path, tmp_path: Path) -> None:
    _, out, err = run(capsys, "publish", "--repo", repo, "--json")
    root = json.loads(out)["root"]
    assert f"haac sync URL MIRROR --root {root}" in err
    assert run(capsys, "sync", repo, tmp_path / "mirror", "--root", root)[0] == 0
    assert run(capsys, "sync", repo, tmp_path / "mirror")[0] == 0


def test_a_root_by_its_file(capsys: Any, repo: Path, tmp_path: Path) -> None:
    file = repo / "public" / "metadata" / "1.root.json"
    assert run(capsys, "sync", repo, tmp_path / "mirror", "--root", file)[0] == 0
    for wrong in (repo / "public" / "head", tmp_path / "nowhere", "abc"):
        code, _, err = run(capsys, "sync", repo, tmp_path / "second", "--root", wrong)
        assert code == 1
        assert "haac keys show" in err
        assert not (tmp_path / "second").exists()


def test_sync_of_a_signed_repository_without_a_root(capsys: Any, repo: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    code, _, err = run(capsys, "sync", repo, mirror)
    assert code == 1
    assert f"`haac sync {repo} {mirror} --root FINGERPRINT`" in err
    assert f"`haac sync {repo} {mirror} --trust-on-first-use`" in err
    assert not mirror.exists()
    code, _, err = run(capsys, "sync", repo, mirror, "--trust-on-first-use")
    assert code == 0
    assert f"trusted on first use: the root {fingerprint(capsys, repo)}" in err
    code, _, err = run(capsys, "sync", repo, mirror, "--trust-on-first-use", "--root", "ab" * 32)
    assert (code, "not both" in err) == (2, True)


def test_a_refusal_says_where_the_evidence_is(capsys: Any, repo: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    run(capsys, "sync", repo, mirror, "--trust-on-first-use")
    (repo / "public" / "metadata" / "timestamp.json").write_bytes(b"{}")
    code, _, err = run(capsys, "sync", repo, mirror)
    assert code == 1
    (kept,) = (mirror / "lost").iterdir()
    assert str(kept) in err
    assert (kept / "metadata-timestamp.json").read_bytes() == b"{}"


def test_no_news_costs_two_requests(capsys: Any, repo: Path, tmp_path: Path) -> None:
    """At most 3 requests and 4 KB; one new element at most 8 requests."""
    mirror = tmp_path / "mirror"
    with Server(repo) as server:
        run(capsys, "sync", server.url, mirror, "--root", fingerprint(capsys, repo))
        _, out, _ = run(capsys, "sync", server.url, mirror, "--json")
        value = json.loads(out)
        assert value["requests"] == 2
        assert value["received"] < 1000
        with Repository.open(repo) as repository:
            add(repository, [9])
        run(capsys, "publish", "--repo", repo)
        _, out, _ = run(capsys, "sync", server.url, mirror, "--json")
        assert json.loads(out)["requests"] == 7


def test_keys_show(capsys: Any, repo: Path, tmp_path: Path) -> None:
    code, out, _ = run(capsys, "keys", "show", "--repo", repo)
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[1:5]] == ["root", "targets", "snapshot", "timestamp"]
    assert all(line.endswith("*") for line in lines[1:5])
    run(capsys, "sync", repo, tmp_path / "mirror", "--trust-on-first-use")
    code, there, _ = run(capsys, "keys", "show", "--repo", tmp_path / "mirror")
    assert (code, there) == (0, out.replace("*", ""))


def test_keys_of_a_mirror_cannot_be_changed(capsys: Any, repo: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    run(capsys, "sync", repo, mirror, "--trust-on-first-use")
    for words in (
        ["create"],
        ["rotate", "root"],
        ["add", "root"],
        ["threshold", "root", 1],
        ["offline", tmp_path / "stick"],
        ["renew"],
    ):
        code, _, err = run(capsys, "keys", *words, "--repo", mirror)
        assert (code, "is a mirror" in err) == (1, True)


def test_decoding_and_verifying_go_on_when_everything_has_expired(
    capsys: Any, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime, timedelta

    mirror = tmp_path / "mirror"
    run(capsys, "sync", repo, mirror, "--trust-on-first-use")
    later = datetime.now(UTC) + timedelta(days=2000)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return later.astimezone(tz)

    monkeypatch.setattr("datetime.datetime", Later)
    code, _, err = run(capsys, "sync", repo, mirror)
    assert code == 1
    assert "expired on" in err
    assert run(capsys, "verify", "--repo", mirror)[0] == 0
    code, _, err = run(capsys, "decompress", "haac1:20x20;1.p0,0", "--repo", mirror, "-o", tmp_path / "a.png")
    assert (code, (tmp_path / "a.png").is_file()) == (0, True), err


def test_decoding_from_an_address_whose_signatures_expired(
    capsys: Any, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in the cache serves, with a warning."""
    from datetime import UTC, datetime, timedelta

    from haac_repo import Pin, cache_path, sync
    from haac_repo._trust.admin import rotate_keys

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    words = ["decompress", "haac1:20x20;1.p0,0", "-o", tmp_path / "a.png"]
    with Server(repo) as server:
        code, _, err = run(capsys, *words, "--repo", server.url)
        assert code == 1
        assert f"haac sync {server.url} {cache_path(server.url)} --root FINGERPRINT" in err
        sync(server.url, cache_path(server.url), pin=Pin())
        past = datetime.now(UTC) - timedelta(days=500)
        with monkeypatch.context() as patch, Repository.open(repo) as repository:
            for module in ("roots", "sign"):
                patch.setattr(f"haac_repo._trust.{module}.utc_now", lambda: past)
            rotate_keys(repository, "timestamp")
        code, _, err = run(capsys, *words, "--repo", server.url)
        assert code == 0
        assert "expired on" in err
        assert "Using what is in the cache" in err
