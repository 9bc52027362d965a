"""A picture that takes too long is refused with the option that allows more; the others are stored."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from haac_pipeline import Settings, find_sources, ingest
from haac_repo import Repository
from tests.pipeline.ingest.slow import slow


def test_a_picture_that_takes_too_long_is_refused_and_the_others_are_stored(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(4):
        image = Image.new("RGBA", (60, 50))
        ImageDraw.Draw(image).ellipse((5, 5, 30 + 4 * n, 40), (40 * n, 90, 200, 255))
        image.save(tmp_path / "in" / f"s{n}.png")
    (tmp_path / "in" / "s1.png").write_bytes(b"slow" + (tmp_path / "in" / "s1.png").read_bytes())
    repository = Repository.create(tmp_path / "repo")
    report = ingest(repository, find_sources([tmp_path / "in"]), Settings(jobs=2, timeout=10), work=slow)
    assert [file.status for file in report.files] == ["stored", "refused", "stored", "stored"]
    assert report.files[1].reason == "it took longer than 10 seconds: allow more with --timeout"
    assert [element.name for element in repository.elements()] == ["s0", "s2", "s3"]
