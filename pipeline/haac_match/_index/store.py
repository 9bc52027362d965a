"""The file of the match index."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from haac_match._index.describe import Rows, checked
from haac_match._index.keypoints import DIMENSIONS
from haac_match._picture.arrays import Bytes
from haac_repo._internal import replacing

if TYPE_CHECKING:
    from haac_repo import Repository

FOLDER, FILE = "match", "index.npz"
FORMAT = 4
"""An index of another format is made again; to be raised whenever descriptors change."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Contents of the file.

    Args:
        rows: their looks are codes of the quantiser if there is one.
        quantiser: a faiss index without entries, serialised; empty: all keypoints are compared.
        step: the quantiser was trained on the elements up to this number.
    """

    rows: Rows
    quantiser: Bytes
    step: int


def path(repository: Repository) -> Path:
    """Of the file."""
    return repository.path / FOLDER / FILE


def write(repository: Repository, stored: Stored) -> None:
    """Replace the file.

    Raises:
        OSError: it cannot be written.
    """
    with replacing(path(repository)) as file:
        pack(file, stored, repository.id)


def pack(file: BinaryIO, stored: Stored, repository: str) -> None:
    """Write the file's bytes; the same for the same index."""
    about = json.dumps({"format": FORMAT, "repository": repository, "step": stored.step}).encode()
    parts = {part.name: getattr(stored.rows, part.name) for part in fields(Rows)}
    np.savez_compressed(file, about=np.frombuffer(about, np.uint8), quantiser=stored.quantiser, **parts)


def read(repository: Repository) -> tuple[Stored | None, str]:
    """What is stored; or None and why it cannot be used, without a word if it is not there."""
    try:
        # The zip file in which numpy puts arrays has a checksum of each.
        with path(repository).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if about["format"] != FORMAT:
                return None, "is of another version"
            if about["repository"] != repository.id:
                return None, "is of another repository"
            quantiser = file["quantiser"]
            width = _code_size(quantiser) if len(quantiser) else DIMENSIONS
            return Stored(checked(dict(file), width), quantiser, int(about["step"])), ""
    except FileNotFoundError:
        return None, ""
    except ImportError:
        raise
    except Exception as error:  # numpy, zipfile, zlib, json and faiss raise what they like
        return None, f"is damaged ({type(error).__name__})"


def _code_size(quantiser: Bytes) -> int:
    import faiss

    return int(faiss.deserialize_index(quantiser).sa_code_size())
