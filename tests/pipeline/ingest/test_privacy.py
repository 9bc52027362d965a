"""What pictures tell about the person who ingests them does not become public."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from haac_pipeline import Cutting, Settings, find_sources, ingest
from haac_repo import Repository, publish


def test_metadata_and_folders_of_pictures_are_not_published(tmp_path: Path) -> None:
    folder = tmp_path / "margarete-secret" / "album-secret"
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(1).integers(0, 256, (40, 40, 4), np.uint8)
    pixels[:, :, 3] = 255
    pixels[:8, :, 3] = 0
    # Under alpha 0 there may be a picture that nobody is meant to see.
    hidden = bytes(range(60, 100)) * 4
    pixels[0, :, :3] = np.frombuffer(hidden[:120], np.uint8).reshape(40, 3)
    exif = Image.Exif()
    exif[0x013B] = "artist-secret"
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 1.0)}
    words = PngInfo()
    words.add_text("Comment", "comment-secret")
    words.add_itxt("XML:com.adobe.xmp", "<x>xmp-secret</x>")
    Image.fromarray(pixels, "RGBA").save(
        folder / "red apple.png", exif=exif, pnginfo=words, icc_profile=b"profile-secret" * 20
    )
    photo = Image.fromarray(pixels[:, :, :3])
    photo.save(folder / "photo.jpg", exif=exif, comment=b"comment-secret")
    with Repository.create(tmp_path / "repo") as repository:
        report = ingest(repository, find_sources([folder]), Settings(jobs=1, cutting=Cutting(model="none")))
        assert report.ok
        assert len(repository) == 2
        publish(repository)
        files = [path for path in repository.path.rglob("*") if path.is_file() and "catalog" not in path.name]
        told = b"\n".join(
            gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for path in files
        )
        assert b"red apple.png" in told
        for secret in ("secret", str(tmp_path)):
            assert secret.encode() not in told
        shown = np.asarray(repository.image(1))
        assert not shown[shown[:, :, 3] == 0].any()
