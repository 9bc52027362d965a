"""The restricted reader reads tensors, and refuses everything else."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from haac_repo import DataError
from haac_similar._embed.weights import read_weights
from tests.pipeline.similar.embed.networks import legacy, tiny_weights


def test_tensors_come_back_as_they_were_written(tmp_path: Path) -> None:
    wanted = tiny_weights()
    wanted["turned"] = np.arange(12, dtype=np.float32).reshape(3, 4)
    (tmp_path / "w.pth").write_bytes(legacy(wanted))
    found = read_weights(tmp_path / "w.pth")
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


GOOD = legacy({"a": np.arange(6, dtype=np.float32)})
HEAD = b"".join(pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
REFUSED = {
    "empty": (b"", "legacy format"),
    "a zip file": (b"PK\3\4" + bytes(60), "legacy format"),
    "another number first": (pickle.dumps(5, 2), "does not begin"),
    "another version": (pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(7, 2), "version"),
    "a call": (HEAD + b"\x80\x02cbuiltins\nlen\n)R.", "builtins.len"),
    "a call before the tensors": (b"cbuiltins\nlen\n.", "builtins.len"),
    "another call of torch": (HEAD + b"\x80\x02ctorch\nload\n.", "torch.load"),
    "no dictionary": (HEAD + pickle.dumps(3, 2) + pickle.dumps([], 2), "not a dictionary"),
    "numbers for tensors": (HEAD + pickle.dumps({"a": 3}, 2) + pickle.dumps([], 2), "something else"),
    "an end too early": (GOOD[:-1], "too early"),
    "something behind": (GOOD + b"\0", "follows"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_refuses(what: str, tmp_path: Path) -> None:
    data, said = REFUSED[what]
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(DataError, match=said):
        read_weights(tmp_path / "w.pth")


def test_a_storage_larger_than_the_file_is_refused_before_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(GOOD.replace(b"K\x06N", b"J\xff\xff\xff\x7fN"))
    with pytest.raises(DataError, match="larger than the file"):
        read_weights(tmp_path / "w.pth")


def test_a_tensor_beyond_its_storage_is_refused(tmp_path: Path) -> None:
    data = GOOD.replace(b"K\x06\x85", b"K\x07\x85")
    assert data != GOOD
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(DataError, match="larger than its storage"):
        read_weights(tmp_path / "w.pth")
