"""Sidecar metadata of pictures: names, tags and licences from CSV or JSON files beside them, or from file names."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from haac_pipeline._input.kinds import SIDECARS
from haac_pipeline._input.source import Source, label
from haac_pipeline._limits import INGEST_LIMITS
from haac_repo import LIMITS, DataError

_COLUMNS = "file, name, tags, licence, attribution"
_FOLDERS = 64  # whose sidecars are kept in memory; pictures come folder by folder


@dataclass(frozen=True)
class About:
    """Metadata of one picture; empty where a sidecar says nothing."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""


class Sidecars:
    """Looks up the metadata of pictures.

    In this order: the file given; `photo.jpg.json` beside photo.jpg; haac.csv or haac.json in its folder.

    Args:
        explicit: A CSV or JSON file that the person named.

    Raises:
        DataError: it cannot be read, or is malformed; the message says in which line.
    """

    def __init__(self, explicit: str | os.PathLike[str] | None) -> None:
        self._explicit = {} if explicit is None else read_sidecar(explicit)
        self._unused = dict.fromkeys(self._explicit)
        self._found: dict[Path, dict[str, About] | DataError] = {}

    def about(self, source: Source) -> About:
        """Metadata of a picture.

        Raises:
            DataError: a sidecar beside it cannot be read, or is malformed.
        """
        if found := self.listed(source):
            return found
        if source.path is None:
            return About()
        own = source.path.with_name(source.path.name + ".json")
        if os.path.isfile(own):  # noqa: PTH113 (Path.is_file raises where the name is too long)
            return _own(own)
        table, name = self._folder(source.path.parent), source.path.name
        # Bytes that are not UTF-8 can be listed as they are shown.
        return table.get(name) or table.get(label(name)) or About()

    def listed(self, source: Source) -> About | None:
        """What the file given says of a picture; None if it does not list it."""
        # 'a/b/c.png' may be listed as itself, 'b/c.png' or 'c.png'; the longest counts.
        parts = _plain(source.name).removeprefix("./").split("/")
        for start in range(len(parts)) if self._explicit else ():
            key = "/".join(parts[start:])
            if key in self._explicit:
                self._unused.pop(key, None)
                return self._explicit[key]
        return None

    @property
    def unused(self) -> list[str]:
        """Names that the file given lists, and by which no picture was asked for."""
        return list(self._unused)

    def _folder(self, folder: Path) -> dict[str, About]:
        if folder not in self._found:
            if len(self._found) >= _FOLDERS:
                self._found.clear()
            self._found[folder] = _read_in(folder)
        found = self._found[folder]
        if isinstance(found, DataError):
            raise found.with_traceback(None)
        return found


def _read_in(folder: Path) -> dict[str, About] | DataError:
    """The sidecar of a folder, or what is wrong with it, which is the same for all its pictures."""
    file = next((folder / name for name in SIDECARS if os.path.isfile(folder / name)), None)  # noqa: PTH113
    try:
        return {} if file is None else read_sidecar(file)
    except DataError as error:
        return error


def read_sidecar(path: str | os.PathLike[str]) -> dict[str, About]:
    """Parse a sidecar: file name -> metadata.

    CSV: a header with `file` and any of `name`, `tags` (apart by ; or ,), `licence` (or `license`), `attribution`.
    JSON: a list of such objects, or one object from file names to them; `tags` may be a list.

    Raises:
        DataError: it cannot be read, or is malformed; the message says in which line.
    """
    path = Path(path)
    text = _text(path)
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    table: dict[str, About] = {}
    for where, row in rows:
        file = row.get("file")
        if not isinstance(file, str) or not file.strip():
            raise DataError(f"{path}, {where}: no file is named; each picture needs one under 'file'")
        key = _plain(file.strip()).removeprefix("./")
        if key in table:
            raise DataError(f"{path}, {where}: {key!r} is there already; give each file once")
        table[key] = _about(path, where, row)
    return table


def default_name(source_name: str) -> tuple[str, tuple[str, ...]]:
    """A readable name, and tags, out of a source's name.

    'IMG_red-apple_2.png' is 'red apple 2'. Emoji sets call their files by code points; people look for the words that Unicode
    has for them: 'emoji_u1f431.png' is 'cat face', tagged 'emoji'.
    """
    stem = _stem(source_name)
    if (numbers := emoji_codes(source_name)) and (words := _emoji_words(numbers)):
        return ", ".join(words)[: LIMITS.text_chars], ("emoji",)
    words = re.sub(r"[\s_\-+.]+", " ", stem).strip().split()
    if len(words) > 1 and words[0].lower() in _CAMERAS and re.search(r"[^\W\d]", "".join(words[1:])):
        del words[0]
    return " ".join(words)[: LIMITS.text_chars] or "picture", ()


def emoji_codes(source_name: str) -> list[int]:
    """The code points that a source is called by, as emoji sets do ('emoji_u1f431.png'); none if it is called otherwise."""
    codes = re.fullmatch(
        r"(?:emoji[_-])?u\+?([0-9a-f]{4,6}(?:[_-][0-9a-f]{2,6})*)", _stem(source_name), re.IGNORECASE
    )
    numbers = [] if codes is None else [int(part, 16) for part in re.split("[_-]", codes[1])]
    return numbers if max(numbers, default=0) <= 0x10FFFF else []


def _stem(source_name: str) -> str:
    """The name of a file without folders and suffix, also of one that a URL names."""
    base = _plain(source_name)
    if re.match(r"https?://", base, re.IGNORECASE):
        base = unquote(urlsplit(base).path)
    return PurePosixPath(base).stem


_CAMERAS = frozenset({"img", "dsc", "dscn", "dscf", "pxl", "mvimg"})
_SKIN = ("light", "medium-light", "medium", "medium-dark", "dark")


def _emoji_words(codes: list[int]) -> list[str]:
    words: list[str] = []
    region = ""
    for code in codes:
        if 0x1F1E6 <= code <= 0x1F1FF:  # two of these are a country's flag
            region += chr(code - 0x1F1E6 + ord("a"))
        elif 0xE0020 <= code <= 0xE007E:  # these spell the flag of a part of a country
            region += chr(code - 0xE0000)
        elif 0x1F3FB <= code <= 0x1F3FF:
            words.append(f"{_SKIN[code - 0x1F3FB]} skin tone")
        elif code == 0x20E3:
            words.append("keycap")
        elif code not in (0x200D, 0xFE0E, 0xFE0F, 0xE007F):  # joiner, variation selectors, end of tags
            word = unicodedata.name(chr(code), f"u+{code:04x}").lower()  # Python may know fewer than the set
            words.append(word.removeprefix("emoji component "))
    if region:
        words.append(f"flag {region}")
    return words


def _plain(name: str) -> str:
    return name.replace("\\", "/")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(INGEST_LIMITS.sidecar_bytes + 1)
    except OSError as error:
        raise DataError(f"the sidecar {path} cannot be read ({error.strerror})") from error
    if len(data) > INGEST_LIMITS.sidecar_bytes:
        raise DataError(f"the sidecar {path} has more than {INGEST_LIMITS.sidecar_bytes:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8 text; save it as UTF-8") from error


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    header = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is the decimal sign.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ","
    )
    columns: list[str] | None = None
    try:
        for fields in reader:
            where = f"line {reader.line_num}"
            if not any(field.strip() for field in fields):
                continue
            if columns is None:
                columns = [field.strip().lower() for field in fields]
                if "file" not in columns:
                    raise DataError(f"{path}, {where}: there is no column 'file'; the columns are {_COLUMNS}")
                continue
            if len(fields) > len(columns):
                raise DataError(
                    f"{path}, {where}: {len(fields)} fields under {len(columns)} columns;"
                    " put a field that has a separator in it in double quotes"
                )
            yield where, dict(zip(columns, fields, strict=False))
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from error


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise DataError(f"{path}: not usable JSON ({type(error).__name__})") from error


def _json_rows(path: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    value = _parse(path, text)
    if isinstance(value, dict):
        rows = [(f"entry {key[:80]!r}", row, {"file": key}) for key, row in value.items()]
    elif isinstance(value, list):
        rows = [(f"entry {index}", row, {}) for index, row in enumerate(value, 1)]
    else:
        raise DataError(f"{path}: neither an object from file names to objects nor a list of objects")
    for where, row, file in rows:
        if not isinstance(row, dict):
            raise DataError(f"{path}, {where}: not an object with {_COLUMNS}")
        yield where, {**row, **file}


def _own(path: Path) -> About:
    """Other programs write `photo.jpg.json` files too: what is not ours in them is passed over."""
    value = _parse(path, _text(path))
    if not isinstance(value, dict):
        raise DataError(f"{path}: not an object with {_COLUMNS}")
    return _about(path, "the object", value)


def _about(path: Path, where: str, row: dict[str, Any]) -> About:
    def words(key: str) -> str:
        value = row.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise DataError(f"{path}, {where}: {key!r} must be text")
        if len(value) > LIMITS.text_chars:
            raise DataError(
                f"{path}, {where}: {key!r} has {len(value):,} characters; at most {LIMITS.text_chars:,} are kept"
            )
        return value.strip()

    given = row.get("tags")
    listed = given if isinstance(given, list) else [given or ""]
    if not all(isinstance(tag, str) for tag in listed):
        raise DataError(f"{path}, {where}: 'tags' must be text, or a list of texts")
    tags = tuple(
        dict.fromkeys(tag.strip() for text in listed for tag in re.split("[;,]", text) if tag.strip())
    )
    if len(tags) > LIMITS.tags or any(len(tag) > LIMITS.tag_chars for tag in tags):
        raise DataError(
            f"{path}, {where}: at most {LIMITS.tags} tags of {LIMITS.tag_chars} characters each are kept"
        )
    return About(words("name") or None, tags, words("licence") or words("license"), words("attribution"))
