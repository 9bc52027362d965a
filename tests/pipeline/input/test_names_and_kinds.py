"""Names of files: what is passed over in folders and archives, and documents that are archives inside."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from haac_pipeline import PassedOver, PassedOverCount, Refused, Source, find_sources
from haac_pipeline._input.kinds import kind_of, suffix_of
from haac_repo import PictureError


def passed_over(*paths: Path) -> dict[str, str]:
    """Last parts of names to kinds."""
    found = find_sources(list(paths))
    return {Path(each.name).name: each.kind for each in found if isinstance(each, PassedOver)}


def reasons(path: Path) -> list[str]:
    """Of the refusals."""
    return [each.reason for each in find_sources(path) if isinstance(each, Refused)]


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_all_but_pictures_hidden_files_and_sidecars_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in (
        "a.png", "b.JXL", "c.heic", "d.svg", "in/e.CR2", "f.psd", "g.txt", "no suffix", "v1.2 final", "z.zip",
        ".hidden.txt", "haac.csv", "haac.json", "a.png.json", "other.json",
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"x")
    found = passed_over(tmp_path)
    assert list(found) == ["f.psd", "g.txt", "e.CR2", "no suffix", "other.json", "v1.2 final", "z.zip"]
    assert "layered" in found["f.psd"]
    assert "camera raw" in found["e.CR2"]
    assert "name it by itself" in found["z.zip"]
    assert found["g.txt"] == found["no suffix"] == ""
    tried = [each for each in find_sources(tmp_path) if isinstance(each, Source)]
    assert [Path(each.name).name for each in tried] == ["a.png", "b.JXL", "c.heic", "d.svg"]


def test_a_folder_without_a_picture_is_refused_and_tells_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert [type(each) for each in find_sources(tmp_path)] == [PassedOver, Refused]


def test_an_empty_name_is_not_this_folder() -> None:
    (found,) = find_sources("")
    assert isinstance(found, Refused)
    assert "an empty name" in found.reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_links_and_pipes_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "round.png").symlink_to("round.png")
    (tmp_path / "nowhere.png").symlink_to("gone")
    (tmp_path / "up").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    found = passed_over(tmp_path)
    assert found.keys() == {"round.png", "nowhere.png", "up", "pipe.png"}
    assert "link" in found["round.png"]
    assert "link" in found["nowhere.png"]
    assert "link to a folder" in found["up"]
    assert "neither" in found["pipe.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("other", ["pipe", "link to a device", "folder"])
def test_what_takes_the_place_of_a_file_is_not_waited_for(tmp_path: Path, other: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"A")
    (source,) = find_sources(tmp_path)
    assert isinstance(source, Source)
    path.unlink()
    if other == "pipe":
        os.mkfifo(path)
    elif other == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(PictureError, match=r"neither a file|Is a directory"):
        source.read()


def test_in_an_archive_too(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "x.zip", {"a.png": b"A", "in/b.txt": b"", "in/c.zip": b"", ".d": b"", "haac.csv": b""}
    )
    found = passed_over(path)
    assert found.keys() == {"b.txt", "c.zip", "haac.csv"}
    assert found["c.zip"] == "archive: unpack it first"
    assert "not read inside an archive" in found["haac.csv"]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.JPG", ".jpg"), ("a", ""), (".a", ""), ("a.", ""), ("a.3FR", ".3fr"), ("a.b c", ""), ("a.\x1b[0m", ""),
        ("a." + "x" * 40, ""), ("a.tar.gz", ".gz"), ("a.\udce9", ""),
    ],
)  # fmt: skip
def test_suffixes(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


def test_no_kind_is_one_that_is_read() -> None:
    assert not any(kind_of(suffix) for suffix in (".png", ".tiff", ".svg", ".heic", ""))


def test_counts_are_bounded_and_the_largest_come_first() -> None:
    count = PassedOverCount()
    for number in range(3000):
        count.add(PassedOver(f"{number}.txt", ".txt", ""))
    for number in range(500):
        count.add(PassedOver(f"x.s{number}", f".s{number}", ""))
    assert len(count) == 3500
    groups = count.groups()
    assert (groups[0].suffix, groups[0].count, len(groups[0].names)) == (".txt", 3000, 5)
    assert len(groups) <= 102
    assert groups[1].suffix == "*"
    assert sum(group.count for group in groups) == 3500
    lines = list(count.lines())
    assert lines[0] == "passed over: 3,000 .txt: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, ..."
    assert len(lines) <= 11
    assert json.loads(json.dumps(count.as_json()))[0]["count"] == 3000


PICTURE = {"Thumbnails/thumbnail.png": b"x"}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"mimetype": b"image/openraster"}, "OpenRaster"),
        ({"mimetype": b"image/openraster\n"}, "OpenRaster"),
        ({"stack.xml": b"", "mergedimage.png": b""}, "OpenRaster"),
        ({"mimetype": b"application/x-krita"}, "Krita"),
        ({"maindoc.xml": b"", "documentinfo.xml": b""}, "Krita"),
        ({"Document.archive": b""}, "Procreate"),
        ({"document.json": b"", "meta.json": b"", "user.json": b""}, "Sketch"),
        ({"[Content_Types].xml": b""}, "office document"),
        ({"mimetype": b"application/vnd.oasis.opendocument.text"}, "OpenDocument"),
        ({"mimetype": b"application/epub+zip"}, "EPUB"),
        ({"META-INF/MANIFEST.MF": b""}, "Java"),
        ({"META-INF/MANIFEST.MF": b"", "AndroidManifest.xml": b""}, "Android"),
        ({"mimetype": b"application/vnd.never-heard-of"}, "of type application/vnd.never-heard-of"),
    ],
)
@pytest.mark.parametrize("name", ["x.zip", "x.ora", "x", "x.docx"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_documents_are_refused_by_their_content(
    tmp_path: Path, name: str, method: int, members: dict[str, bytes], reason: str
) -> None:
    (found,) = find_sources(zipped(tmp_path / name, members | PICTURE, method))
    assert isinstance(found, Refused)
    assert reason in found.reason
    assert "export" in found.reason or "import" in found.reason or "unpack" in found.reason


@pytest.mark.parametrize(
    "members",
    [
        {"mimetype": b"application/vnd.comicbook+zip"},
        {"mimetype": b""},
        {"mimetype": b"two words"},
        {"mimetype": b"\xff\xfe\x00"},
        {"mimetype": bytes(10**7)},
        {"in/mimetype": b"image/openraster"},
        {"meta.json": b""},
    ],
)
def test_archives_of_pictures_are_no_documents(tmp_path: Path, members: dict[str, bytes]) -> None:
    path = zipped(tmp_path / "x.zip", members | PICTURE, zipfile.ZIP_DEFLATED)
    assert not reasons(path)


def test_a_mimetype_that_inflates_without_bound_is_not_looked_at(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"mimetype": b"image/openraster"} | PICTURE, zipfile.ZIP_LZMA)
    assert "only deflate" in reasons(path)[0]


def test_an_archive_behind_a_picture_is_no_archive(tmp_path: Path) -> None:
    """As in self-extracting programs, and pictures that hide something."""
    path = zipped(tmp_path / "x.zip", PICTURE).rename(tmp_path / "x")
    path.write_bytes(b"\xff\xd8\xff and so on" + path.read_bytes())
    (found,) = find_sources(path)
    assert isinstance(found, Source)
    assert found.path == path


def test_names_that_cannot_be_stored_or_printed(tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/\xff\x1b[31m\n.png"
    try:
        Path(os.fsdecode(strange)).write_bytes(b"A")
    except OSError:
        pytest.skip("this file system refuses such names")
    (found,) = find_sources(tmp_path)
    assert isinstance(found, Source)
    assert found.read() == b"A"
    found.name.encode("utf-8")
    assert found.name.isprintable()
    assert found.path is not None
    assert os.fsencode(found.path) == strange
