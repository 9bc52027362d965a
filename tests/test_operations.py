"""Every command of docs/operations.md, run as it stands there but for its paths and hosts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from haac_repo import Repository, Server, publish, sync, verify
from haac_repo._store.layout import published_folder
from tests.repo.elements import element_of

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "operations.md").read_text("utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def block(word: str, language: str = "sh") -> str:
    """The block of code with the word."""
    (found,) = [text for kind, text in BLOCKS if kind == language and word in text]
    return found


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.fixture
def stickers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The repository that the page speaks of, published, in the folder where its commands are run."""
    monkeypatch.chdir(tmp_path)
    with Repository.create("stickers") as repository:
        add(repository, range(6))
        publish(repository)
        add(repository, range(6, 8))
        yield repository


def add(repository: Repository, seeds: range) -> None:
    with repository.writer() as writer:
        for seed in seeds:
            writer.add(element_of(seed, 16, name=f"n{seed}"))
            if seed % 2:
                writer.seal()


def shell(text: str, tmp_path: Path, **places: str) -> subprocess.CompletedProcess[str]:
    """Run a block of the page, with other places than it names."""
    for old, new in places.items():
        assert old in text
        text = text.replace(old, new)
    binaries = tmp_path / "bin"
    binaries.mkdir(exist_ok=True)
    for name, module in (("haac", "-m haac._cli.main"), ("python3", "")):
        code = f'exec "{sys.executable}" ' + (
            '-c "from haac._cli.main import main; main()" "$@"' if module else '"$@"'
        )
        (binaries / name).write_text(f"#!/bin/sh\n{code}\n")
        (binaries / name).chmod(0o755)
    env = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    return subprocess.run(
        ["sh", "-ec", text], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def sign(repository: Repository, version: int) -> None:
    """Files as a signed repository has them."""
    folder = published_folder(repository.path)
    for name in (f"metadata/{version}.snapshot.json", "metadata/timestamp.json", f"targets/{version}.head"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(f"{name} {version}".encode())


def replace_packs(repository: Repository) -> None:
    """A pack is there no more, as after a takedown."""
    next((published_folder(repository.path) / "packs").iterdir()).unlink()


@pytest.mark.usefixtures("stickers")
def test_the_dry_run(tmp_path: Path) -> None:
    done = shell(block("--dry-run"), tmp_path)
    assert (done.returncode, "2 elements" in done.stdout) == (0, True), done.stderr
    assert "  n6\n" in done.stdout


def test_publishing_to_a_folder(stickers: Repository, tmp_path: Path) -> None:
    text = block("/mnt/share").splitlines()[1]
    (tmp_path / "share").mkdir()
    done = shell(text, tmp_path, **{"/mnt/share": "share"})
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "share" / "stickers") == content(published_folder(stickers.path))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("program", "place"), [("rsync", "host:/srv/stickers/public/"), ("rclone", "remote:my-elements/stickers")]
)
def test_sending_with_rsync_and_rclone(
    stickers: Repository, tmp_path: Path, program: str, place: str, signed: bool
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    (tmp_path / "host").mkdir()
    text = block("rsync -a --exclude=/head" if program == "rsync" else "rclone")
    target = "host/" if program == "rsync" else str(tmp_path / "host")
    for round_ in (1, 2, 3):
        if signed:
            sign(stickers, round_)
        done = shell(text, tmp_path, **{place: target})
        assert done.returncode == 0, done.stderr
        assert content(tmp_path / "host") == content(published_folder(stickers.path))
        if round_ == 1:
            assert sync(str(tmp_path / "host"), tmp_path / "mirror").packs == 3
            add(stickers, range(10, 14))
            publish(stickers)
        else:
            replace_packs(stickers)


@needs("rsync")
def test_rsync_makes_nothing_seen_before_all_is_there(stickers: Repository, tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    sign(stickers, 1)
    lines = block("rsync -a --exclude=/head").splitlines()
    for count, heads in ((3, set()), (4, {"head", "metadata/timestamp.json"})):
        done = shell("\n".join(lines[:count]), tmp_path, **{"host:/srv/stickers/public/": "host/"})
        assert done.returncode == 0, done.stderr
        found = set(content(tmp_path / "host"))
        assert found == set(content(published_folder(stickers.path))) - (
            {"head", "metadata/timestamp.json"} - heads
        )


@needs("rsync")
@needs("flock")
def test_backup_and_restore(stickers: Repository, tmp_path: Path) -> None:
    for _ in range(2):
        done = shell(block("flock stickers/lock sh -ec"), tmp_path)
        assert done.returncode == 0, done.stderr
        assert "backup is in order" in done.stdout
    done = shell(block("cp -a backup restored\n"), tmp_path)
    assert "restored is in order" in done.stdout, done.stderr
    with Repository.open(tmp_path / "restored") as restored:
        assert [restored.data(n) for n in range(1, 9)] == [stickers.data(n) for n in range(1, 9)]
        add(restored, range(20, 22))  # unpublished ones were kept, and it goes on
        publish(restored)
    assert verify(tmp_path / "restored").ok


@needs("rsync")
@needs("flock")
def test_restoring_from_what_was_published_since(stickers: Repository, tmp_path: Path) -> None:
    assert shell(block("flock stickers/lock sh -ec"), tmp_path).returncode == 0
    publish(stickers)
    sync(str(stickers.path), tmp_path / "mirror")
    with Server(stickers.path) as server:
        done = shell(block("haac verify --repair"), tmp_path, **{"https://elements.example.org": server.url})
    assert done.returncode == 0, done.stderr
    with Repository.open(tmp_path / "restored") as restored:
        assert (restored.role, len(restored)) == ("writer", 8)
        add(restored, range(20, 22))
        publish(restored)
    report = sync(str(tmp_path / "restored"), tmp_path / "mirror")  # mirrors go on with it
    assert report.elements == 10
    assert verify(tmp_path / "restored").ok


@needs("flock")
def test_a_writer_waits_for_a_backup(stickers: Repository, tmp_path: Path) -> None:
    from haac_repo import RepositoryBusyError

    with subprocess.Popen(
        ["flock", "stickers/lock", "sh", "-c", "echo held; read _"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as held:
        assert held.stdout
        held.stdout.readline()
        with pytest.raises(RepositoryBusyError), stickers.writer(wait=0.1):
            pass
        held.communicate(b"\n")
    with stickers.writer(wait=5):
        pass


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.usefixtures("stickers")
def test_another_user_can_read_while_a_writer_is_at_work(request: pytest.FixtureRequest) -> None:
    code = (
        "import os, sys, haac_repo, sqlite_utils, PIL.WebPImagePlugin\n"
        "opened = haac_repo.Repository.open\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "repository = opened('stickers')\n"
        "print(len(repository), len(repository.data(1)), repository.search('n3')[0].id)"
    )
    # pytest's own folders are closed to others.
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    request.addfinalizer(lambda: shutil.rmtree(place))
    shutil.copytree("stickers", place / "stickers")
    (place / "stickers").chmod(0o700)
    assert shell("chmod -R go+rX stickers", place).returncode == 0

    def read() -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return done.stdout

    with Repository.open(place / "stickers") as repository:
        length = repository.element(1).length
        assert read() == f"8 {length} 4\n"
        with repository.writer() as writer:
            writer.add(element_of(50, 16))
            writer.flush()
            assert read() == f"9 {length} 4\n"
    assert read() == f"9 {length} 4\n"  # nobody else has it open


def units() -> dict[str, str]:
    names = re.findall(r"`/etc/systemd/system/([\w.-]+)`", PAGE)
    texts = [text for kind, text in BLOCKS if kind == "ini"]
    return dict(zip(names, texts, strict=True))


@needs("systemd-analyze")
def test_systemd_has_no_complaint_about_the_units(tmp_path: Path) -> None:
    for name, text in units().items():
        # The program has to be there.
        (tmp_path / name).write_text(
            text.replace("/opt/haac/bin/haac", "/bin/true").replace("User=haac", "User=root")
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units())],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "haac-" in line]
    assert said == []
    assert done.returncode == 0, done.stderr


def test_the_commands_of_the_units_are_ours() -> None:
    from haac._cli.main import root

    lines = [line for text in units().values() for line in text.splitlines() if line.startswith("ExecStart=")]
    assert len(lines) == 2
    for line in lines:
        words = line.removeprefix("ExecStart=/opt/haac/bin/haac ").split()
        command = root.commands.get(words[0]) or root.get_command(root.context_class(root), words[0])
        assert command is not None
        command.make_context(words[0], words[1:])
