"""Pictures become elements: what is stored, skipped, shared, refused; and what a crash leaves."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from haac._cli.main import _run
from haac_pipeline import Cutting, IngestReport, Settings, find_sources, ingest
from haac_repo import Repository, verify


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "repo")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


def sticker(seed: int, size: int = 40) -> Image.Image:
    """Something on a transparent background, other for each seed."""
    rng = np.random.default_rng(seed)
    colours = Image.fromarray(rng.integers(0, 256, (5, 5, 3), np.uint8)).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    alpha = Image.new("L", (size, size))
    ImageDraw.Draw(alpha).ellipse((4, 6, size - 9, size - 5), fill=255)
    colours.putalpha(alpha)
    return colours


def run(repository: Repository, *paths: Path, **options: object) -> IngestReport:
    settings = Settings(jobs=2, **options)  # type: ignore[arg-type]
    return ingest(repository, find_sources([str(path) for path in paths]), settings)


def test_transparent_pictures_are_stored_trimmed_with_their_origin(
    repository: Repository, pictures: Path
) -> None:
    sticker(1).save(pictures / "red_ball.png")
    report = run(repository, pictures, tags=("toys",), licence="CC0-1.0", attribution="Ada")
    assert report.ok
    element = repository.element(1)
    left, top, right, bottom = sticker(1).getchannel("A").getbbox() or (0, 0, 0, 0)
    assert (element.width, element.height) == (right - left, bottom - top)
    assert (element.name, element.tags) == ("red ball", ("toys",))
    assert (element.provenance.licence, element.provenance.attribution) == ("CC0-1.0", "Ada")
    assert element.provenance.model == ""
    assert len(element.provenance.source_sha256) == 64
    assert "pillow" in element.provenance.software
    assert element.colour is not None
    assert element.phash is not None
    image = repository.image(1)
    assert image.getpixel((0, 0)) == (0, 0, 0, 0)
    centre = image.getpixel((element.width // 2, element.height // 2))
    assert centre == sticker(1).getpixel((4 + element.width // 2, 6 + element.height // 2))


def test_ids_follow_the_order_of_the_sources(repository: Repository, pictures: Path) -> None:
    for n in range(30):
        sticker(n, 120 if n % 7 == 0 else 30).save(pictures / f"s{n:02}.png")
    assert run(repository, pictures).counts()["elements_new"] == 30
    assert [element.name for element in repository.elements()] == [f"s{n:02}" for n in range(30)]


def test_a_second_run_skips_everything(repository: Repository, pictures: Path) -> None:
    for n in range(3):
        sticker(n).save(pictures / f"s{n}.png")
    run(repository, pictures)
    again = run(repository, pictures)
    assert [file.status for file in again.files] == ["skipped"] * 3
    other = run(repository, pictures, cutting=Cutting(max_side=16))
    assert [file.status for file in other.files] == ["stored"] * 3


def test_the_same_pixels_are_one_element(repository: Repository, pictures: Path) -> None:
    sticker(1).save(pictures / "a.png")
    sticker(1).save(pictures / "b.webp", lossless=True, exact=True)
    report = run(repository, pictures)
    assert [file.status for file in report.files] == ["stored", "duplicate"]
    assert report.files[0].ids == report.files[1].ids == ["1"]
    assert len(repository) == 1


def test_near_duplicates_are_stored_and_reported(repository: Repository, pictures: Path) -> None:
    sticker(1).save(pictures / "a.png")
    nearly = np.array(sticker(1))
    nearly[20, 20, 0] ^= 1
    Image.fromarray(nearly).save(pictures / "b.png")
    sticker(2).save(pictures / "c.png")
    nearly[21, 21, 0] ^= 1
    Image.fromarray(nearly).save(pictures / "d.png")
    report = run(repository, pictures)
    assert [file.near for file in report.files] == [[], ["1"], [], ["1", "2"]]
    assert report.counts()["near_duplicates"] == 2
    assert len(repository) == 4


def test_one_bad_file_does_not_stop_the_run(repository: Repository, pictures: Path) -> None:
    sticker(1).save(pictures / "a.png")
    (pictures / "b.png").write_text("not a picture")
    (pictures / "c.png").write_bytes((pictures / "a.png").read_bytes()[:100])
    (pictures / "d.png").touch()
    Image.new("RGBA", (9, 9)).save(pictures / "e.png")
    sticker(2).save(pictures / "f.png")
    report = run(repository, pictures)
    assert [file.status for file in report.files] == ["stored", *["refused"] * 4, "stored"]
    assert all(file.reason for file in report.files if file.status == "refused")
    assert not report.ok
    assert verify(repository).problems == []


def test_what_was_broken_beside_the_pixels_is_in_the_report(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sticker(1).save(pictures / "a.png")
    whole = (pictures / "a.png").read_bytes()
    (pictures / "a.png").write_bytes(whole[:33] + b"\0\0\0\1tEXtk\0\0\0\0" + whole[33:])
    (note,) = run(repository, pictures, dry_run=True).files[0].notes
    assert "tEXt has a wrong checksum" in note
    assert _run(["ingest", str(pictures), "--repo", str(repository.path), "--jobs", "1", "--no-index"]) == 0
    assert f"note: {pictures / 'a.png'}: {note}" in capsys.readouterr().out


def test_a_crashed_worker_costs_its_own_picture_only(
    repository: Repository, pictures: Path, tmp_path: Path
) -> None:
    for n in range(6):
        sticker(n).save(pictures / f"s{n}.png")
    (pictures / "s3.png").write_bytes(b"crash " + (pictures / "s3.png").read_bytes())
    # Spawned workers import what they run by its module's name.
    (tmp_path / "crashing.py").write_text(
        "import os, signal\n"
        "from haac_pipeline._ingest.worker import make\n"
        "def work(task):\n"
        "    if task.data.startswith(b'crash'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return make(task)\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        from crashing import work  # type: ignore[import-not-found]

        report = ingest(repository, find_sources([str(pictures)]), Settings(jobs=2), work=work)
    finally:
        sys.path.remove(str(tmp_path))
    assert [file.status for file in report.files] == ["stored"] * 3 + ["refused"] + ["stored"] * 2
    assert "crashed" in report.files[3].reason
    assert len(repository) == 5


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_kill_and_resume(repository: Repository, pictures: Path) -> None:
    for n in range(60):
        sticker(n, 300).save(pictures / f"s{n:02}.png")
    command = [sys.executable, "-c", "import sys; from haac._cli.main import main; main(sys.argv[1:])"]
    args = ["ingest", "-q", "--jobs", "2", "--repo", str(repository.path), str(pictures)]
    process = subprocess.Popen(command + args, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    pack = repository.path / "open" / "1.pack"
    while (
        not (pack.exists() and pack.stat().st_size) and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    process.kill()
    process.wait()
    subprocess.run(command + args, check=True, stdout=subprocess.DEVNULL)
    assert len(repository) == 60
    assert verify(repository).problems == []


def test_a_dry_run_stores_nothing(repository: Repository, pictures: Path) -> None:
    sticker(1).save(pictures / "a.png")
    sticker(1).save(pictures / "b.webp", lossless=True, exact=True)
    report = run(repository, pictures, dry_run=True)
    assert [file.status for file in report.files] == ["stored", "duplicate"]
    assert len(repository) == 0
    assert [file.status for file in run(repository, pictures).files] == ["stored", "duplicate"]


def test_opaque_pictures_can_be_kept_whole(repository: Repository, pictures: Path) -> None:
    Image.new("RGBA", (30, 20), "orange").save(pictures / "plate.png")
    assert run(repository, pictures, cutting=Cutting(model="none")).ok
    element = repository.element(1)
    assert (element.width, element.height, element.colour) == (30, 20, 0xFFA500)


def test_large_pictures_are_made_smaller(repository: Repository, pictures: Path) -> None:
    Image.new("RGB", (300, 200), "orange").save(pictures / "plate.png")
    run(repository, pictures, cutting=Cutting(model="none", max_side=100))
    assert (repository.element(1).width, repository.element(1).height) == (100, 66)


def test_separate_things_become_separate_elements(repository: Repository, pictures: Path) -> None:
    pytest.importorskip("cv2")
    both = Image.new("RGBA", (200, 60))
    both.paste(sticker(1), (0, 5))
    both.paste(sticker(2), (140, 5))
    both.save(pictures / "two.png")
    assert run(repository, pictures).files[0].new == 1
    assert run(repository, pictures, cutting=Cutting(split=True)).files[0].new == 2


def test_a_photograph_is_cut_out_with_the_embedded_model(repository: Repository) -> None:
    data = pytest.importorskip("skimage").__path__[0]
    for module in ("rembg", "cv2"):
        pytest.importorskip(module)
    photo = Path(data, "data", "rocket.jpg")
    report = run(
        repository, photo, cutting=Cutting(model="offline", keep_background=True, split=False, keep="all")
    )
    assert report.ok, report.files
    cutout, plate = repository.elements()
    assert cutout.provenance.model == "offline 1"
    assert "rembg" in cutout.provenance.software
    assert repository.image(cutout.number).getchannel("A").getextrema()[0] == 0
    assert (plate.name, plate.tags) == ("rocket background", ("background",))
    assert repository.image(plate.number).getchannel("A").getextrema() == (255, 255)
    with Image.open(photo) as image:
        assert (plate.width, plate.height) == image.size


def test_transparent_pictures_need_no_segmentation(pictures: Path) -> None:
    """The thin client can store them: nothing of the extra is loaded."""
    sticker(1).save(pictures / "a.png")
    program = (
        "import sys; from haac_pipeline._ingest.worker import Cutting, Task, make\n"
        f"made = make(Task(open({str(pictures / 'a.png')!r}, 'rb').read(), Cutting(), None))\n"
        "assert made.elements, made\n"
        "assert not {'rembg', 'cv2', 'onnxruntime', 'torch', 'skimage', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_command_reports_and_exits_with_1(
    repository: Repository, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sticker(1).save(pictures / "emoji_u1f431.png")
    (pictures / "bad.png").touch()
    report = tmp_path / "report.json"
    args = ["ingest", "--repo", str(repository.path), "--jobs", "1", str(pictures)]
    assert _run([*args, "--report", str(report)]) == 1
    assert "refused: " in capsys.readouterr().out
    counts = json.loads(report.read_text())["counts"]
    assert (counts["sources"], counts["stored"], counts["refused"]) == (2, 1, 1)
    (pictures / "bad.png").unlink()
    assert _run([*args, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["status"] == "skipped"
    (found,) = repository.search("cat face")
    assert (found.name, found.tags[0]) == ("cat face", "emoji")


def test_what_is_passed_over_is_told_and_no_failure(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sticker(1).save(pictures / "a.png")
    for name in ("a.cr2", "b.cr2", "c.txt", "a.png.json.txt", ".hidden"):
        (pictures / name).touch()
    args = ["ingest", "--repo", str(repository.path), "--jobs", "1", "--no-index", str(pictures)]
    assert _run(args) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines if line.startswith("Passed")] == [["Passed", "over", "4"]]
    assert sum(line.startswith("passed over: 2 .cr2 (camera raw") for line in lines) == 1
    assert _run([*args, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"]["sources"], told["counts"]["passed_over"]) == (1, 4)
    assert [(each["suffix"], each["count"]) for each in told["passed_over"]] == [(".cr2", 2), (".txt", 2)]


def test_what_a_sidecar_lists_in_vain_is_told(repository: Repository, pictures: Path, tmp_path: Path) -> None:
    sticker(1).save(pictures / "a.png")
    (pictures / "b.png").touch()
    sidecar = tmp_path / "s.csv"
    sidecar.write_text("file,name\nA.png,x\na.png,y\nb.png,z\nc.png,\n")
    for _ in range(2):  # also where pictures are skipped
        said: list[str] = []
        ingest(repository, find_sources(pictures), Settings(jobs=1, sidecar=sidecar), say=said.append)
        assert said == ["the sidecar lists 2 files that no picture fits: A.png, c.png"]


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    repository: Repository, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sticker(1).save(pictures / "a.png")
    args = [
        "ingest",
        "--repo",
        str(repository.path),
        "--report",
        str(tmp_path / "gone" / "x.json"),
        str(pictures),
    ]
    assert _run(args) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert len(repository) == 0


def test_without_a_repository_the_command_says_what_to_do(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["ingest", "--repo", str(tmp_path / "none"), str(pictures)]) == 1
    assert "haac init" in capsys.readouterr().err


def test_an_unknown_model_is_refused(
    repository: Repository, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sticker(1).save(pictures / "a.png")
    assert _run(["ingest", "--repo", str(repository.path), "--model", "nope", str(pictures)]) == 1
    assert "u2net" in capsys.readouterr().err


def test_models_says_licence_and_state(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["offline"]["state"] == "embedded"
    assert rows["bria-rmbg"]["licence"].startswith("CC-BY-NC")


def test_weights_are_checked_before_they_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    (tmp_path / "u2net.onnx").write_bytes(b"something else")
    assert _run(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["u2net"]["state"] == "damaged"
    assert rows["u2netp"]["state"] == "not fetched"


def test_the_table_of_models_agrees_with_rembg() -> None:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    pytest.importorskip("rembg")
    from rembg.sessions import sessions

    from haac_pipeline._segment.models import MODELS

    for model in MODELS.values():
        if model.file:
            source = Path(sys.modules[sessions[model.name].__module__].__file__ or "").read_text("utf-8")
            assert (model.md5 or model.sha256) in source, model.name
            assert model.file in source, model.name


def test_a_few_soft_pixels_do_not_make_a_cut_out() -> None:
    """A photograph whose corners are soft is segmented like any other; a picture that shows its background is not."""
    from haac_pipeline._ingest.worker import Cutting, Task, make

    def bytes_of(clear: int) -> bytes:
        image = Image.new("RGBA", (100, 100), "teal")
        for n in range(clear):
            image.putpixel((n % 100, n // 100), (0, 0, 0, 0))
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    assert make(Task(bytes_of(3), Cutting(), None)).needs_model
    made = make(Task(bytes_of(300), Cutting(), None))
    assert not made.needs_model
    assert len(made.elements) == 1
