"""The documentation says what is so: commands, links, paths, figures, words."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from haac._cli.main import root
from scripts.make.commands_doc import with_own_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCES = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def script(name: str) -> dict[str, object]:
    return runpy.run_path(str(ROOT / "scripts" / name))


def test_commands_page_is_up_to_date() -> None:
    document = script("make/commands_doc.py")["document"]
    assert callable(document)
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == document(), (
        "run: .venv/bin/python -m scripts.make.commands_doc"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_figures_are_up_to_date(page: Path) -> None:
    rendered = script("make/tables.py")["rendered"]
    assert callable(rendered)
    text = page.read_text("utf-8")
    assert rendered(text) == text, "run: .venv/bin/python -m scripts.make.tables"


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(root, info_name="haac")
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        yield name, command


def all_commands() -> dict[str, click.Command]:
    """With those that commands have of their own, by full name."""
    return {full: its for name, command in commands() for full, its in with_own_commands(name, command)}


@pytest.mark.parametrize(("name", "command"), all_commands().items(), ids=all_commands())
def test_every_command_and_option_says_what_it_is_for(name: str, command: click.Command) -> None:
    assert command.help, name
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"haac {name} {option.opts[0]}"


def anchors(page: Path) -> set[str]:
    """GitHub's anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCES.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCES.sub("", page.read_text("utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def shell_lines(page: Path) -> Iterator[str]:
    for language, block in FENCES.findall(page.read_text("utf-8")):
        if language in ("sh", "console", "bash"):
            yield from block.splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_shell_examples_use_what_there_is(page: Path) -> None:
    known = all_commands()
    groups = "|".join({name.partition(" ")[0] for name in known if " " in name})
    command = rf"(?:^|\$ |&& |; )haac ((?:{groups}) [a-z-]+|[a-z]+)([^;&|#]*)"
    for line in shell_lines(page):
        for name, arguments in re.findall(command, line):
            assert name in known, line
            options = {o for p in known[name].params for o in (*p.opts, *p.secondary_opts)}
            assert set(re.findall(r"(?<=\s)--[a-z-]+", arguments)) <= options, line
        for path in re.findall(r"(?<![\w.-])(scripts/[\w./]+)", line):
            assert (ROOT / path).exists(), line
        for module in re.findall(r"-m (scripts[\w.]*)", line):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), line


SOURCES = [ROOT, ROOT / "repo", ROOT / "codec", ROOT / "pipeline"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_paths_in_the_text_are_there(page: Path) -> None:
    text = FENCES.sub("", page.read_text("utf-8"))
    top = r"(?:scripts|codec|repo|pipeline|tests|docs|benchmarks|haac\w*)"
    for path in re.findall(rf"`({top}/[\w./-]*)`", text):
        # A module may have become a folder.
        names = {path, f"{path.rstrip('/')}.py", path.removesuffix(".py")}
        assert any((root / name).exists() for root in SOURCES for name in names), path


def retired() -> Iterator[tuple[str, str]]:
    """The words that nobody uses any more, and where: the table of docs/glossary.md."""
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = page.partition("| retired | use | where |\n")[2].splitlines()[1:]
    for words, _, where in (re.split(r" *\| *", row.strip("| ")) for row in rows if row.startswith("|")):
        yield from ((word, where) for word in re.split(", *", words))


def test_the_glossary_says_where_words_are_retired() -> None:
    found = dict(retired())
    assert {"ground": "everywhere", "foreign": "haac_match"}.items() <= found.items()
    assert set(found.values()) == {"everywhere", "haac_match"}


OWN_WORDS = {"glossary.md", "commands.md"}
"""Pages that name the words, or are made of the commands' own."""


@pytest.mark.parametrize("page", [p for p in PAGES if p.name not in OWN_WORDS], ids=lambda p: p.name)
def test_pages_use_no_retired_word(page: Path) -> None:
    text = re.sub(r"<!-- (\w+): .*?<!-- end -->", "", page.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", FENCES.sub("", text))
    for word, where in retired():
        if where == "everywhere" or page.name == "compress.md":
            found = re.search(rf".*(?<![\w'/-]){word}(?![\w'/-]).*", text, re.IGNORECASE)
            assert found is None, f"{word}: {found[0] if found else ''}"


def test_the_readme_gives_two_commands_to_begin_with() -> None:
    first = next(
        block
        for language, block in FENCES.findall((ROOT / "README.md").read_text("utf-8"))
        if language == "sh"
    )
    assert [line.split("#")[0].strip() for line in first.splitlines()] == [
        "sh scripts/quickstart",
        "sh scripts/test",
    ]


def man_pages() -> dict[str, str]:
    made = script("make/man_pages.py")["pages"]
    assert callable(made)
    pages: dict[str, str] = made()
    return pages


def shown(page: str) -> str:
    """A man page's text without groff's escapes."""
    for escaped, plain in ((r"\-", "-"), (r"\(aq", "'"), (r"\(ga", "`"), (r"\(dq", '"'), (r"\e", "\\")):
        page = page.replace(escaped, plain)
    return re.sub(r"\\f[BIR]|\\&", "", page)


def test_every_command_and_option_has_its_place_in_a_man_page() -> None:
    pages = man_pages()
    assert set(pages) == {"haac.1", *(f"haac-{name}.1" for name, _ in commands())}
    for name, command in commands():
        assert f"haac-{name}(1)" in shown(pages["haac.1"])
        page = shown(pages[f"haac-{name}.1"])
        for parameter in (each for _, its in with_own_commands(name, command) for each in its.params):
            if isinstance(parameter, click.Option):
                for option in (*parameter.opts, *parameter.secondary_opts):
                    assert re.search(rf"^\.TP\n(.*[ /])?{option}\b.*\n\w", page, re.MULTILINE), (name, option)


def test_man_pages_have_the_parts_that_readers_look_for() -> None:
    for name, page in man_pages().items():
        assert page.startswith(".TH "), name
        headings = re.findall(r"^\.SH (.+)$", page, re.MULTILINE)
        assert headings[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"], name
        assert {"OPTIONS", "EXIT STATUS", "ENVIRONMENT"} <= set(headings), name
        assert page.isascii(), name
        assert not re.search(r"^(?!\.(TH|SH|TP|PP|nf|fi|B|I|BR)\b)[.']", page, re.MULTILINE), (
            "taken for a request"
        )


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_no_complaint_about_the_man_pages() -> None:
    for name, page in man_pages().items():
        done = subprocess.run(
            ["groff", "-man", "-ww", "-z", "-Kutf8"], input=page, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), name


def test_tests_that_the_security_page_names_are_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`((?:[\w/]+/)?test_\w+(?:\.py)?)`", page))
    assert len(named) > 60
    sources = {path: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    functions = set(re.findall(r"^def (test_\w+)", "\n".join(sources.values()), re.MULTILINE))
    files = {path.relative_to(ROOT / "tests").as_posix() for path in sources}
    for name in named:
        found = (
            any(file.endswith(name.removeprefix("tests/")) for file in files)
            if name.endswith(".py")
            else name in functions
        )
        assert found, name
