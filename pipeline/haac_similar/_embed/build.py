"""EfficientNet-Lite as an ONNX model, out of its published weights: batch normalisation folded into the convolutions.

Network: Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks (2019), in the variant without squeeze and
excitation and with ReLU6 that Google published as EfficientNet-Lite (2020). Padding is TensorFlow's "same".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from haac_repo import DataError, MissingExtraError

if TYPE_CHECKING:
    from haac_similar._embed.weights import Arrays

FEATURES, LOGITS, PICTURES = "features", "logits", "pictures"
"""Names of the model's outputs and its input."""
_EPSILON: Final = 1e-3
"""Of batch normalisation, as TensorFlow trained it."""
_OPSET: Final = 13
"""The oldest that has what is used: any onnxruntime since 1.8 runs it."""
_IR_VERSION: Final = 8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks of one kind, one after the other; the first one strides."""

    blocks: int
    stride: int


LITE0: Final = (Stage(1, 1), Stage(2, 2), Stage(2, 2), Stage(3, 2), Stage(3, 1), Stage(4, 2), Stage(1, 1))
"""EfficientNet-Lite0. Widths, kernels and expansions are those of the weights."""


def build_model(weights: Arrays, stages: Sequence[Stage], side: int) -> bytes:
    """Make the model.

    Args:
        weights: by the names of the PyTorch port: `_conv_stem.weight`, `_blocks.0._bn1.bias`, ...
        stages: of the blocks.
        side: of the pictures, pixels.

    Returns:
        ONNX, the same bytes for the same weights and version of `onnx`. Input `pictures` (n, 3, side, side) float32; outputs
        `features` (n, d), means over the last feature map, and `logits` (n, classes), float32.

    Raises:
        DataError: the weights are not of this network.
        MissingExtraError: `onnx` cannot be loaded.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(f"onnx cannot be loaded ({error}): pip install 'haac[similar]'") from None
    graph = _Graph(onnx, weights)
    try:
        outputs = graph.network(stages, side)
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(f"the weights are not of this network ({type(error).__name__}: {error})") from error
    pictures = onnx.helper.make_tensor_value_info(PICTURES, onnx.TensorProto.FLOAT, ["n", 3, side, side])
    made = onnx.helper.make_graph(graph.nodes, "efficientnet-lite", [pictures], outputs, graph.constants)
    model = onnx.helper.make_model(
        made,
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        producer_name="haac",
        ir_version=_IR_VERSION,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


class _Graph:
    """Nodes and constants of a graph that is being made."""

    def __init__(self, onnx: Any, weights: Arrays) -> None:
        self._onnx, self._weights = onnx, weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._low, self._high = self._constant(np.float32(0)), self._constant(np.float32(6))

    def network(self, stages: Sequence[Stage], side: int) -> list[Any]:
        """All of it; returns its outputs."""
        at, side = self._convolved(PICTURES, "_conv_stem", "_bn0", side, 2)
        at = self._clipped(at)
        index = 0
        for stage in stages:
            for block in range(stage.blocks):
                at, side = self._block(at, f"_blocks.{index}.", side, stage.stride if block == 0 else 1)
                index += 1
        at, _ = self._convolved(at, "_conv_head", "_bn1", side, 1)
        at = self._clipped(at)
        pooled = self._node("GlobalAveragePool", [at])
        self.nodes.append(self._onnx.helper.make_node("Flatten", [pooled], [FEATURES]))
        matrix, bias = self._weights["_fc.weight"], self._weights["_fc.bias"]
        self.nodes.append(
            self._onnx.helper.make_node(
                "Gemm", [FEATURES, self._constant(matrix), self._constant(bias)], [LOGITS], transB=1
            )
        )
        kind = self._onnx.TensorProto.FLOAT
        widths = ((FEATURES, matrix.shape[1]), (LOGITS, matrix.shape[0]))
        return [self._onnx.helper.make_tensor_value_info(name, kind, ["n", width]) for name, width in widths]

    def _block(self, at: str, name: str, side: int, stride: int) -> tuple[str, int]:
        """An inverted residual block: expand, filter each channel, project."""
        begin, wide = at, self._weights[f"{name}_depthwise_conv.weight"].shape[0]
        narrow = self._weights[f"{name}_project_conv.weight"].shape[0]
        width = wide
        if f"{name}_expand_conv.weight" in self._weights:
            width = self._weights[f"{name}_expand_conv.weight"].shape[1]
            at, _ = self._convolved(at, f"{name}_expand_conv", f"{name}_bn0", side, 1)
            at = self._clipped(at)
        at, side = self._convolved(at, f"{name}_depthwise_conv", f"{name}_bn1", side, stride, groups=wide)
        at, _ = self._convolved(self._clipped(at), f"{name}_project_conv", f"{name}_bn2", side, 1)
        return (self._node("Add", [at, begin]) if stride == 1 and width == narrow else at), side

    def _convolved(
        self, at: str, name: str, norm: str, side: int, stride: int, groups: int = 1
    ) -> tuple[str, int]:
        """A convolution with what its batch normalisation does: weights x g, bias b - mean x g, g = gamma / sqrt(variance + epsilon)."""
        weight = self._weights[f"{name}.weight"].astype(np.float64)
        gamma, beta, mean, variance = (
            self._weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        gain = gamma / np.sqrt(variance + _EPSILON)
        after = -(-side // stride)
        kernel = weight.shape[-1]
        missing = max(0, (after - 1) * stride + kernel - side)
        before, behind = missing // 2, missing - missing // 2
        inputs = [
            at,
            self._constant((weight * gain[:, None, None, None]).astype(np.float32)),
            self._constant((beta - mean * gain).astype(np.float32)),
        ]
        pads = [before, before, behind, behind]
        return self._node("Conv", inputs, strides=[stride, stride], pads=pads, group=groups), after

    def _clipped(self, at: str) -> str:
        """ReLU6."""
        return self._node("Clip", [at, self._low, self._high])

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(self._onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, values: Any) -> str:
        name = f"c{len(self.constants)}"
        array = np.ascontiguousarray(values, np.float32).reshape(np.shape(values))
        self.constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name
