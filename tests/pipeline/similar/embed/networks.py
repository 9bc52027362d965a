"""Weights of a tiny network in PyTorch's legacy format, written by hand."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from haac_similar import DEFAULT_NETWORK, NETWORKS
from haac_similar._embed import embedder
from haac_similar._embed.build import Stage

Arrays = dict[str, npt.NDArray[Any]]
SIDE, DIMENSIONS, CLASSES = 8, 6, 5


class _Named:
    """Pickled as the name of something that is not installed."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Tensor:
    def __init__(self, key: str, values: npt.NDArray[Any]) -> None:
        self.key, self.values = key, values


class _Storage(_Tensor):
    pass


_PurePickler: Any = vars(pickle)["_Pickler"]


class _Writer(_PurePickler):  # type: ignore[misc]
    """The standard library's pickler in Python, which can write names of modules that are not there."""

    def persistent_id(self, obj: object) -> object:
        if isinstance(obj, _Storage):
            kind = "FloatStorage" if obj.values.dtype == np.float32 else "LongStorage"
            return ("storage", _Named("torch", kind), obj.key, "cpu", obj.values.size, None)
        return None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Named):
            self.write(b"c" + f"{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, _Tensor) and not isinstance(obj, _Storage):
            shape = obj.values.shape
            steps = tuple(step // obj.values.itemsize for step in obj.values.strides)
            self.save(_Named("torch._utils", "_rebuild_tensor_v2"))
            self.save((_Storage(obj.key, obj.values), 0, shape, steps, False, OrderedDict()))
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def legacy(arrays: Arrays) -> bytes:
    """A file as `torch.save` wrote it before version 1.6."""
    out = io.BytesIO()
    for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}):
        pickle.dump(value, out, 2)
    _Writer(out, 2).dump(
        OrderedDict((name, _Tensor(str(at), values)) for at, (name, values) in enumerate(arrays.items()))
    )
    pickle.dump([str(at) for at in range(len(arrays))], out, 2)
    for values in arrays.values():
        out.write(struct.pack("<q", values.size) + np.ascontiguousarray(values).tobytes())
    return out.getvalue()


def tiny_weights(seed: int = 0) -> Arrays:
    """Of a network with one block that expands and one that does not."""
    random = np.random.default_rng(seed)
    arrays: Arrays = {}

    def layer(name: str, norm: str, shape: tuple[int, ...]) -> None:
        arrays[f"{name}.weight"] = random.normal(0, 0.5, shape).astype(np.float32)
        for part in ("weight", "bias", "running_mean"):
            arrays[f"{norm}.{part}"] = random.normal(0.5, 0.5, shape[0]).astype(np.float32)
        arrays[f"{norm}.running_var"] = random.uniform(0.5, 2, shape[0]).astype(np.float32)
        arrays[f"{norm}.num_batches_tracked"] = np.array(7, np.int64)

    layer("_conv_stem", "_bn0", (4, 3, 3, 3))
    layer("_blocks.0._depthwise_conv", "_blocks.0._bn1", (4, 1, 3, 3))
    layer("_blocks.0._project_conv", "_blocks.0._bn2", (3, 4, 1, 1))
    layer("_blocks.1._expand_conv", "_blocks.1._bn0", (5, 3, 1, 1))
    layer("_blocks.1._depthwise_conv", "_blocks.1._bn1", (5, 1, 5, 5))
    layer("_blocks.1._project_conv", "_blocks.1._bn2", (3, 5, 1, 1))
    layer("_conv_head", "_bn1", (DIMENSIONS, 3, 1, 1))
    arrays["_fc.weight"] = random.normal(0, 1, (CLASSES, DIMENSIONS)).astype(np.float32)
    arrays["_fc.bias"] = random.normal(0, 1, CLASSES).astype(np.float32)
    return arrays


def put_in_table(home: Path, monkeypatch: pytest.MonkeyPatch, name: str = DEFAULT_NETWORK) -> Path:
    """Let a tiny network stand in the table under this name, its weights in place; returns their path."""
    monkeypatch.setenv("U2NET_HOME", str(home))
    data = legacy(tiny_weights())
    network = replace(
        NETWORKS[DEFAULT_NETWORK],
        name=name,
        file="tiny.pth",
        md5=hashlib.md5(data).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
        side=SIDE,
        dimensions=DIMENSIONS,
        classes=CLASSES,
    )
    monkeypatch.setitem(NETWORKS, name, network)
    monkeypatch.setattr(embedder, "LITE0", (Stage(1, 2), Stage(1, 1)))
    path = network.paths[0]
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path
