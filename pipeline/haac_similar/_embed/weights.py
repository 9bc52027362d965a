"""Restricted reader of weights in PyTorch's legacy file format (`torch.save` before 1.6): named arrays, without PyTorch.

The file is a run of pickles (magic number, version, system, a dictionary of tensors, names of storages), then the storages' bytes, each
after its count of values. A pickle calls what it names; here it may name three functions of our own, which look at sizes before anything
is allocated. Layout: `torch/serialization.py`, `_legacy_save`.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

import numpy as np
import numpy.typing as npt

from haac_repo import DataError

Arrays = dict[str, npt.NDArray[Any]]

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_MOST_BYTES: Final = 64 << 20
"""Of a file; the networks that are read so have 19 MB."""
_MOST_TENSORS: Final = 4096
_MOST_AXES: Final = 4
_TYPES: Final[dict[str, np.dtype[Any]]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _RefusedError(Exception):
    """What the file holds is not what is read here."""


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In values, not in bytes; TensorFlow's order of axes was kept where the weights came from it."""


def read_weights(path: Path) -> Arrays:
    """Read all tensors of a file.

    The caller has compared the file's checksum; this reader trusts it no more for that.

    Returns:
        Arrays by name, float32 or int64, C order, writable.

    Raises:
        DataError: the file is not in this format, names anything but tensors of these types, or is too large.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    try:
        if len(data) > _MOST_BYTES:
            raise _RefusedError(f"it has more than {_MOST_BYTES:,} bytes")
        return _arrays(io.BytesIO(data), len(data))
    except _RefusedError as error:
        reason = str(error)
    except Exception as error:  # pickle raises what it likes, of bytes that are none
        reason = f"it is not one of PyTorch's legacy format ({type(error).__name__})"
    raise DataError(f"{path} cannot be read as weights: {reason}; `haac models --fetch` gets them again")


def _arrays(file: io.BytesIO, size: int) -> Arrays:
    storages: dict[str, _Storage] = {}
    if _plain(file) != _MAGIC:
        raise _RefusedError("it does not begin as PyTorch's legacy format does")
    if _plain(file) != _PROTOCOL:
        raise _RefusedError(f"its version is not {_PROTOCOL}")
    system = _plain(file)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _RefusedError("its byte order is not little-endian")
    tensors = _Reader(file, storages, size).load()
    keys = _plain(file)
    if not isinstance(tensors, dict) or len(tensors) > _MOST_TENSORS:
        raise _RefusedError(f"it is not a dictionary of at most {_MOST_TENSORS:,} tensors")
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(storages):
        raise _RefusedError("its list of storages is not that of its tensors")
    values = {}
    for key in keys:
        storage = storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != storage.count:
            raise _RefusedError("a storage has another size than its tensor says")
        data = file.read(count * storage.dtype.itemsize)
        if len(data) != count * storage.dtype.itemsize:
            raise _RefusedError("it ends too early")
        values[key] = np.frombuffer(data, storage.dtype)
    if file.read(1):
        raise _RefusedError("something follows its last storage")
    return {_name(name): _filled(tensor, values) for name, tensor in tensors.items()}


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise _RefusedError("the name of a tensor is no text")
    return name


def _filled(tensor: object, values: Arrays) -> npt.NDArray[Any]:
    if not isinstance(tensor, _Tensor):
        raise _RefusedError("it holds something else than tensors")
    flat = values[tensor.storage.key][tensor.offset :]
    steps = [step * flat.itemsize for step in tensor.strides]
    view = np.lib.stride_tricks.as_strided(flat, tensor.shape, steps, writeable=False)
    return np.array(view, flat.dtype.newbyteorder("="), order="C")


def _plain(file: io.BytesIO) -> Any:
    """A pickle that names nothing."""
    return _Reader(file, None, 0).load()


class _Reader(pickle.Unpickler):
    """Unpickler that knows ordered dictionaries and tensors, and calls nothing else."""

    def __init__(self, file: io.BytesIO, storages: dict[str, _Storage] | None, size: int) -> None:
        super().__init__(file)
        self._storages, self._size = storages, size

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Any] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
        }
        known |= {("torch", each): _StorageType(dtype) for each, dtype in _TYPES.items()}
        if self._storages is None or (module, name) not in known:
            raise _RefusedError(f"it names {module}.{name}, which weights have no need of")
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        if self._storages is None:
            raise _RefusedError("a storage stands where none belongs")
        match pid:
            case ("storage", _StorageType(dtype=dtype), str(key), str(), int(count), None):
                if not 0 <= count * dtype.itemsize <= self._size:
                    raise _RefusedError("a storage is larger than the file")
                storage = _Storage(key, dtype, count)
                if self._storages.setdefault(key, storage) != storage:
                    raise _RefusedError("two storages have one name")
                return storage
        raise _RefusedError("a storage is of a kind that is not read here")


def _rebuilt(
    storage: object, offset: object, shape: object, strides: object, gradient: object, hooks: object
) -> _Tensor:
    """Stands for `torch._utils._rebuild_tensor_v2`."""
    if not isinstance(storage, _Storage) or gradient not in (True, False) or hooks:
        raise _RefusedError("a tensor is of a kind that is not read here")
    if not isinstance(shape, tuple) or len(shape) > _MOST_AXES or not all(_is_count(n) for n in shape):
        raise _RefusedError("a tensor has a shape that is not read here")
    if not isinstance(strides, tuple) or len(strides) != len(shape) or not all(_is_count(n) for n in strides):
        raise _RefusedError("a tensor has strides that are not read here")
    if not _is_count(offset) or math.prod(shape) > storage.count:
        raise _RefusedError("a tensor is larger than its storage")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if math.prod(shape) and last >= storage.count:
        raise _RefusedError("a tensor reaches beyond its storage")
    return _Tensor(storage, offset, shape, strides)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < _MOST_BYTES
