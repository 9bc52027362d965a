"""Files are told by their bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from haac_layers import read_document
from haac_layers._write.ora import write_ora
from haac_repo import PictureError
from tests.pipeline.layers.documents import archive, document


def test_openraster_by_any_name(tmp_path: Path) -> None:
    write_ora(tmp_path / "a.zip", document())
    assert len(read_document(tmp_path / "a.zip").layers) == 5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"gimp xcf v010\0", "GIMP", id="GIMP"),
        pytest.param(archive([("maindoc.xml", b"<DOC/>")]), "broken Krita", id="Krita"),
        pytest.param(archive([("stack.xml", b"<image/>")]), "no number", id="OpenRaster"),
        pytest.param(gzip.compress(b'{"v": "5"}'), "Lottie", id="Lottie"),
        pytest.param(archive([("a.webp", b"RIFF")]), "haac ingest", id="stickers"),
    ],
)
def test_what_is_told_of_others(data: bytes, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        read_document(data)
