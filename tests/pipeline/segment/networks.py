"""A network small enough to be written by hand, in the form that onnxruntime loads: the mean of the three channels."""

from __future__ import annotations

_FLOAT = 1


def _field(number: int, value: int | bytes) -> bytes:
    """A field of a protobuf message: a small number, or bytes."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _tensor(name: str, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(_field(1, _field(1, size)) for size in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, sizes)))


def mean_of_channels(side: int = 320) -> bytes:
    """Takes (1, 3, side, side), gives (1, 1, side, side)."""
    axes = _field(1, b"axes") + _field(8, 1) + _field(20, 7)
    node = _field(1, b"in") + _field(2, b"out") + _field(4, b"ReduceMean") + _field(5, axes)
    graph = _field(1, node) + _field(2, b"g")
    graph += _field(11, _tensor("in", (1, 3, side, side))) + _field(12, _tensor("out", (1, 1, side, side)))
    return _field(1, 7) + _field(7, graph) + _field(8, _field(2, 13))
