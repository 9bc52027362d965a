"""Shell completion: what the Tab key offers, and that asking leaves no trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from haac._cli.main import root
from haac._cli.shell import COMPLETE, escape_in_bash
from haac_repo import Repository, format_id

HAAC = Path(sys.executable).parent / "haac"
NAMES = [
    ("red car", ("car", "four wheels")),
    ("blue car", ("car", "fast")),
    ("", ("plant",)),
    ("odd", ("it's", "$x")),
]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_element: Callable[..., Any]) -> Path:
    """40 elements: ids 1 to 18; 3 is withdrawn."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    path = tmp_path / "haac-repo"
    with Repository.create(path) as made, made.writer() as writer:
        for seed in range(40):
            name, tags = NAMES[seed % 4]
            writer.add(make_element(seed, name=name, tags=tags))
        writer.withdraw(3, "no")
    return path


def offered(*words: str) -> list[CompletionItem]:
    """For a command line after `haac`; its last word is what is being typed."""
    return ShellComplete(root, {}, "haac", COMPLETE).get_completions(list(words[:-1]), words[-1])


def values(*words: str) -> list[str]:
    return [item.value for item in offered(*words)]


def test_commands_and_options() -> None:
    assert values("dec") == ["decompile", "decompress"]
    assert values("help", "comp") == ["compact", "compile", "completion", "compress"]
    assert values("compile", "--f") == ["--form", "--fingerprint"]
    assert values("compile", "--form", "") == ["binary", "text"]
    assert values("nosuch", "x") == []


@pytest.mark.usefixtures("repo")
def test_ids_come_in_order_with_their_names() -> None:
    found = offered("show", "")
    assert [item.value for item in found] == [format_id(n) for n in range(1, 41) if n != 3]
    assert [item.help for item in found[:3]] == ["red car", "blue car", "odd"]


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1", ["1", *(f"1{c}" for c in "012345678")]),
        ("l", ["1", *(f"1{c}" for c in "012345678")]),
        ("Z", ["z"]),
        ("18", ["18"]),
        ("3", []),
        ("19", []),
        ("0", []),
        ("?", []),
        ("zzzzzzzzzzzzzzzz", []),
    ],
)
def test_ids_by_their_beginnings(typed: str, expected: list[str]) -> None:
    assert values("takedown", typed) == expected


@pytest.mark.usefixtures("repo")
def test_what_was_given_already_is_not_offered_again() -> None:
    assert values("takedown", "1", "11", "1") == [f"1{c}" for c in "02345678"]
    assert values("sheet", "--ids", "1,17,18,1") == [f"1,17,18,1{c}" for c in "0123456"]
    assert values("tag", "1", "--add", "fast,f") == ["fast,four wheels"]


@pytest.mark.usefixtures("repo")
def test_tags() -> None:
    assert values("compress", "x.png", "--only-tag", "") == [
        "$x",
        "car",
        "fast",
        "four wheels",
        "it's",
        "plant",
    ]
    assert values("compress", "x.png", "--only-tag", "f") == ["fast", "four wheels"]
    assert values("search", "Four w") == ["four wheels"]
    assert values("ingest", "--tags", "it'") == ["it's"]
    assert values("search", '"') == []


@pytest.mark.usefixtures("repo")
def test_tags_to_remove_are_those_of_the_elements() -> None:
    assert values("tag", "1", "--remove", "") == ["car", "four wheels"]
    assert values("tag", "1", "2", "--remove", "car,f") == ["car,fast", "car,four wheels"]
    assert values("tag", "no/id", "--remove", "") == []


def test_a_withdrawn_element_lends_no_tags(repo: Path) -> None:
    with Repository.open(repo) as opened, opened.writer() as writer:
        for number in range(7, 41, 4):
            writer.withdraw(number, "no")
    assert values("search", "pl") == []


def test_models_and_files() -> None:
    assert values("ingest", "--model", "birefnet-g") == ["birefnet-general", "birefnet-general-lite"]
    assert offered("compress", "--model", "u2netp")[0].help == "the same, small and quick (Apache-2.0)"
    for words in (["decompress", "sc"], ["explain", "sc"], ["compress", "sc"], ["compile", "-o", "sc"]):
        assert [(item.value, item.type) for item in offered(*words)] == [("sc", "file")]
    assert [item.type for item in offered("decompress", "x", "--repo", "sc")] == ["dir"]


def test_the_repository_is_the_one_that_is_named(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = repo.rename(tmp_path / "other folder")
    assert values("show", "18") == []
    assert values("show", "--repo", str(moved), "18") == ["18"]
    assert values("tag", "--repo", str(moved), "1", "--remove", "c") == ["car"]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert values("show", "--repo", "~/other folder", "18") == ["18"]
    assert values("show", "--repo", "$HOME/other folder", "18") == ["18"]
    monkeypatch.setenv("HAAC_REPO", str(moved))
    assert values("show", "18") == ["18"]


def test_the_number_of_ids_is_capped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_element: Callable[..., Any]
) -> None:
    monkeypatch.setenv("HAAC_REPO", str(tmp_path / "repo"))
    with Repository.create(tmp_path / "repo") as made, made.writer() as writer:
        for seed in range(130):
            writer.add(make_element(seed, 4))
    assert len(values("show", "")) == 100
    assert values("show", "")[-1] == format_id(100)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in [folder, *folder.rglob("*")]}


def ask(*words: str, shell: str = "bash") -> subprocess.CompletedProcess[str]:
    """What a shell's script asks of haac."""
    typed = {"COMP_WORDS": "\n".join(("haac", *words)), "COMP_CWORD": str(len(words))}
    if shell == "fish":
        typed["COMP_CWORD"] = words[-1]
    return subprocess.run(
        [HAAC], env=os.environ | typed | {COMPLETE: f"{shell}_complete"}, capture_output=True, text=True
    )


def test_asking_writes_nothing(repo: Path) -> None:
    before = snapshot(repo)
    assert ask("show", "18").stdout == "plain,18\n"
    assert ask("search", "fa").stdout == "plain,fast\n"
    assert snapshot(repo) == before


def test_what_a_writer_has_just_stored_is_offered(repo: Path, make_element: Callable[..., Any]) -> None:
    with Repository.open(repo) as opened, opened.writer() as writer:
        writer.add(make_element(99, name="new"))
        writer.flush()
        assert [(item.value, item.help) for item in offered("show", "19")] == [("19", "new")]


@pytest.mark.parametrize("damage", ["nothing there", "no catalog", "garbage", "another SQLite file"])
def test_without_a_repository_there_is_nothing_and_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HAAC_REPO", raising=False)
    catalog = tmp_path / "haac-repo" / "catalog.sqlite"
    if damage != "nothing there":
        catalog.parent.mkdir()
    if damage == "garbage":
        catalog.write_bytes(b"garbage" * 1000)
    elif damage == "another SQLite file":
        import sqlite3

        sqlite3.connect(catalog).execute("create table x (y)").connection.close()
    before = snapshot(tmp_path)
    for words in (["show", ""], ["tag", "1", "--remove", ""], ["search", "x"]):
        done = ask(*words)
        assert (done.stdout.strip(), done.stderr) == ("", ""), words
    assert snapshot(tmp_path) == before


def test_a_broken_request_is_silent(tmp_path: Path) -> None:
    done = subprocess.run(
        [HAAC], env=os.environ | {COMPLETE: "bash_complete"}, capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


@pytest.mark.usefixtures("repo")
def test_each_shell_gets_its_own_form() -> None:
    assert ask("show", "18", shell="zsh").stdout == "plain\n18\nodd\n"
    assert ask("show", "18", shell="fish").stdout.rstrip() == "plain,18\todd"
    bash = get_completion_class("bash")
    escape_in_bash()
    assert bash is not get_completion_class("bash")
    assert issubclass(get_completion_class("bash"), bash)


@pytest.mark.usefixtures("repo")
def test_completing_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom click.shell_completion import ShellComplete\nfrom haac._cli.main import root\n"
        "complete = ShellComplete(root, {}, 'haac', '_HAAC_COMPLETE').get_completions\n"
        "for words in (['show'], ['compress', '--model'], ['tag', '1', '--remove'], []):\n"
        "    assert complete(words, '')\n"
        "heavy = {'PIL', 'numpy', 'httpx', 'sqlite_utils', 'rembg', 'cv2', 'numba', 'onnxruntime', 'haac_match'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sho"], ["show"]),
        (["show", "18"], ["18"]),
        (["tag", "1", "--remove", ""], ["car", r"four\ wheels"]),
        (["tag", "4", "--remove", ""], [r"\$x", r"it\'s"]),
        (["tag", "1", "--remove", '"fo'], ["four wheels"]),
        (["show", "nothing"], []),
    ],
)
def test_a_real_bash(words: list[str], expected: list[str]) -> None:
    program = """
        eval "$("$HAAC" completion bash)"
        COMP_WORDS=(haac "$@") COMP_CWORD=$#
        _haac_completion "$HAAC"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", *words],
        env=os.environ | {"HAAC": str(HAAC)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.split("\n")[:-1] if expected else done.stdout.strip()) == (expected or "")
    assert done.stderr == ""
