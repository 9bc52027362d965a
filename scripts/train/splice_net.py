"""Trains the network that tells where something was laid on a photograph, and writes pipeline/haac_match/_picture/splice_net.onnx.

    pip install torch onnx opencv-python-headless
    python -m scripts.train.splice_net --data FOLDER
    python -m scripts.train.splice_net --data FOLDER --resume --minutes 60 --rates 2e-3

--data has `emoji/128`, `train` and `segmentation/images`: every other cut-out and every other photograph of it are used, and not those
photographs that `scripts/benchmark/compress/` takes for foreign backgrounds. Cut-outs, some in other colours, and pieces of photographs in
their outlines are laid on crops of photographs, resized, turned, blurred and made translucent as layers are. All of it is drawn
with a seed, but how far the training comes depends on the machine: it stops after so many minutes. The file that is there is from the
five runs that are the default, on one or two cores; in the first three of them all pixels counted the same.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

TARGET = Path(__file__).resolve().parents[2] / "pipeline" / "haac_match" / "_picture" / "splice_net.onnx"
WIDTHS = (16, 24, 32, 40, 48)
"""Channels at a half, a quarter, ... of the picture's size."""
SIDE = 256
"""Pixels of a crop."""
BATCH = 12
ORDINARY = 60
"""Side of a cutout, in pixels, from which on its pixels count no more than others."""
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Step(nn.Module):
    """A convolution, normalised."""

    def __init__(self, given: int, made: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(given, made, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(made)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.convolution(x)))


class Net(nn.Module):
    """From (n, 12, height / 2, width / 2), the colours of four pixels from -1 to 1, to the logarithm of the odds at half the size.

    Source: O. Ronneberger, P. Fischer, T. Brox, "U-Net: convolutional networks for biomedical image segmentation" (2015).
    """

    def __init__(self) -> None:
        super().__init__()
        levels = range(len(WIDTHS))
        self.first = Step(12, WIDTHS[0])
        self.down = nn.ModuleList(
            nn.Sequential(Step(WIDTHS[max(0, i - 1)], WIDTHS[i]), Step(WIDTHS[i], WIDTHS[i])) for i in levels
        )
        self.up = nn.ModuleList(
            nn.Sequential(Step(WIDTHS[i + 1] + WIDTHS[i], WIDTHS[i]), Step(WIDTHS[i], WIDTHS[i]))
            for i in levels[:-1]
        )
        self.last = nn.Conv2d(WIDTHS[0], 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        kept = []
        for level, step in enumerate(self.down):
            x = step(nn.functional.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for level in reversed(range(len(self.up))):
            x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat([x, kept[level]], 1))
        return self.last(x)


def packed(pictures: Floats) -> Floats:
    """(n, 12, height / 2, width / 2) of (n, height, width, 3), BGR, 0 to 255: as `haac_match._picture.splice_net` packs them."""
    n, height, width, _ = pictures.shape
    halves = (pictures / 127.5 - 1).reshape(n, height // 2, 2, width // 2, 2, 3).transpose(0, 2, 4, 5, 1, 3)
    return np.ascontiguousarray(halves.reshape(n, 12, height // 2, width // 2), np.float32)


def read(path: Path) -> Bytes:
    """BGR, or BGRA where it has alpha."""
    image: Bytes | None = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"{path} is no picture that OpenCV reads")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)) if image.ndim == 2 else image


def cutouts(folder: Path) -> list[Bytes]:
    """BGRA, without what is empty around them."""
    made = []
    for path in sorted(folder.glob("*.png"))[::2]:
        image = read(path)
        if image.shape[2] == 4:
            rows, columns = np.nonzero(image[:, :, 3] > 8)
            made.append(image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    return made


class Samples:
    """Pictures by rng.

    Args:
        photographs: BGR.
        cutouts: BGRA.
        seed: of the rng.
    """

    def __init__(self, photographs: list[Bytes], cutouts: list[Bytes], seed: int) -> None:
        self._photographs, self._cutouts, self._rng = photographs, cutouts, random.Random(seed)

    def _recoloured(self, cutout: Bytes) -> Bytes:
        hsv = cv2.cvtColor(cutout[:, :, :3], cv2.COLOR_BGR2HSV)
        hsv[:, :, 0] = (hsv[:, :, 0].astype(int) + self._rng.randrange(180)) % 180
        if self._rng.random() < 0.3:
            hsv[:, :, 1] = (hsv[:, :, 1] * self._rng.uniform(0.2, 1)).astype(np.uint8)
        return np.dstack([cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), cutout[:, :, 3]])

    def _cutout(self) -> Bytes:
        """A cut-out, or a piece of a photograph in the outline of one."""
        rng = self._rng
        cutout = rng.choice(self._cutouts)
        if rng.random() < 0.8:
            return self._recoloured(cutout) if rng.random() < 0.35 else cutout
        photograph, factor = rng.choice(self._photographs), rng.uniform(0.6, 2.5)
        height, width = cutout.shape[:2]
        tall, wide = (
            min(int(own * factor), most) for own, most in zip((height, width), photograph.shape, strict=False)
        )
        top, left = (
            rng.randrange(photograph.shape[0] - tall + 1),
            rng.randrange(photograph.shape[1] - wide + 1),
        )
        part = photograph[top : top + tall, left : left + wide]
        return np.dstack([cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), cutout[:, :, 3]])

    def _background(self) -> Floats:
        """A crop of a photograph, mostly enlarged and stretched, as a background is."""
        rng, photograph = self._rng, self._rng.choice(self._photographs)
        across = math.exp(rng.uniform(math.log(0.8), math.log(3.6)))
        down = across * math.exp(rng.uniform(-0.5, 0.5))
        wide, tall = math.ceil(SIDE / across) + 2, math.ceil(SIDE / down) + 2
        if wide > photograph.shape[1] or tall > photograph.shape[0]:
            factor = 1.05 * max(wide / photograph.shape[1], tall / photograph.shape[0])
            photograph = cv2.resize(photograph, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        top, left = (
            rng.randrange(photograph.shape[0] - tall + 1),
            rng.randrange(photograph.shape[1] - wide + 1),
        )
        how = rng.choice((cv2.INTER_CUBIC, cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4))
        part = photograph[top : top + tall, left : left + wide]
        background = cv2.resize(part, None, fx=across, fy=down, interpolation=how)[:SIDE, :SIDE]
        return np.asarray(background[:, ::-1] if rng.random() < 0.5 else background, np.float32)

    def _laid(self) -> tuple[Floats, float]:
        """(SIDE, SIDE, 4): one cutout somewhere, colours times coverage and coverage from 0 to 1; and its opacity."""
        rng, cutout = self._rng, self._cutout().astype(np.float32)
        cover = cutout[:, :, 3:] / 255
        layer = np.dstack([cutout[:, :, :3] * cover, cover])
        scale = math.exp(rng.uniform(math.log(0.2), math.log(2)))
        uneven = math.exp(rng.uniform(-0.25, 0.25)) if rng.random() < 0.2 else 1.0
        across, down = scale * uneven, scale / uneven
        height, width = cutout.shape[:2]
        if scale < 1:
            size = max(4, round(width * across)), max(4, round(height * down))
            layer, across, down = cv2.resize(layer, size, interpolation=cv2.INTER_AREA), 1.0, 1.0
            width, height = size
        turn = rng.uniform(0, math.tau)
        matrix = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) @ np.diag(
            [across, down]
        )
        if rng.random() < 0.3:
            matrix[:, 0] *= -1
        place = np.array([rng.uniform(-10, SIDE + 10), rng.uniform(-10, SIDE + 10)])
        moved = np.column_stack([matrix, place - matrix @ np.array([width / 2, height / 2])])
        made = cv2.warpAffine(layer, moved, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        blur = rng.uniform(0, 3) if rng.random() < 0.75 else 0.0
        if blur > 0.2:
            made = cv2.GaussianBlur(made, (0, 0), blur)
        return made, rng.uniform(0.45, 0.95) if rng.random() < 0.15 else 1.0

    def picture(self) -> tuple[Floats, Floats, Floats]:
        """(SIDE, SIDE, 3), 0 to 255; (SIDE, SIDE), 0 to 1: how much of a pixel was laid on it; and what a pixel counts, from 1.

        Small cutouts have few pixels and translucent ones are hard to see: theirs count more.
        """
        rng, made = self._rng, self._background()
        laid, counts = np.zeros((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4))):
            layer, opacity = self._laid()
            made = made * (1 - layer[:, :, 3:] * opacity) + layer[:, :, :3] * opacity
            laid = np.maximum(laid, layer[:, :, 3])
            worth = min(3.0, max(1.0, ORDINARY / math.sqrt(layer[:, :, 3].sum() + 1), 2.0 * (opacity < 1)))
            counts = np.maximum(counts, 1 + (worth - 1) * layer[:, :, 3])
        if rng.random() < 0.25:
            quality = [cv2.IMWRITE_JPEG_QUALITY, rng.randint(70, 97)]
            _, file = cv2.imencode(".jpg", made.clip(0, 255).astype(np.uint8), quality)
            made = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.float32)
        if rng.random() < 0.3:
            made = made * rng.uniform(0.7, 1.2) + rng.uniform(-20, 20)
        return np.round(made.clip(0, 255)), laid, counts


def halved(masks: Sequence[Floats]) -> torch.Tensor:
    """(n, 1, SIDE / 2, SIDE / 2)."""
    small = [cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for mask in masks]
    return torch.from_numpy(np.stack(small))[:, None]


def resume(net: Net, samples: Samples) -> None:
    """Take the weights of the file that is there, into which the normalising was folded, and normalise again what `samples` gives."""
    kept = [
        torch.from_numpy(onnx.numpy_helper.to_array(t).copy()) for t in onnx.load(TARGET).graph.initializer
    ]
    net.last.weight.data, net.last.bias.data, *folded = kept
    ups = [step for level in reversed(range(len(net.up))) for step in net.up[level]]
    steps = [net.first, *(step for level in net.down for step in level), *ups]
    seen: dict[Step, list[torch.Tensor]] = {step: [] for step in steps}
    hooks = []
    for step, weight, bias in zip(steps, folded[::2], folded[1::2], strict=True):
        step.convolution.weight.data = weight.contiguous(memory_format=torch.channels_last)
        step.norm.running_var.fill_(1 - step.norm.eps)
        step.norm.bias.data = bias
        hooks.append(
            step.convolution.register_forward_hook(
                lambda _, __, made, step=step: seen[step].append(made.transpose(0, 1).flatten(1))
            )
        )
    net.eval()
    with torch.no_grad():
        for _ in range(2):
            net(torch.from_numpy(packed(np.stack([samples.picture()[0] for _ in range(BATCH)]))))
    for step in steps:
        made = torch.cat(seen[step], 1)
        step.norm.running_mean, step.norm.running_var = made.mean(1), made.var(1)
        step.norm.weight.data = (step.norm.running_var + step.norm.eps).sqrt()
        step.norm.bias.data = step.norm.bias.data + step.norm.running_mean
    for hook in hooks:
        hook.remove()
    net.train()


def train(net: Net, samples: Samples, minutes: float, rate: float) -> None:
    """Train for so long; the rate falls along half a cosine."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)
    started, turn, lost = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - started) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (turn + 1) / 100) * (1 + math.cos(math.pi * done)) / 2 + 1e-5
        pictures, masks, counts = zip(*(samples.picture() for _ in range(BATCH)), strict=True)
        # Half a pixel's coverage is a half; a rim that is hardly seen is nothing.
        aim = (halved(masks) * 1.6 - 0.3).clamp(0, 1)
        given = torch.from_numpy(packed(np.stack(pictures))).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            odds = net(given)
        odds = odds.float()
        chance = torch.sigmoid(odds)
        dice = 1 - (2 * (chance * aim).sum() + 1) / (chance.sum() + aim.sum() + 1)
        loss = nn.functional.binary_cross_entropy_with_logits(odds, aim, halved(counts)) + 0.3 * dice
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        turn, lost = turn + 1, lost + loss.item()
        if turn % 50 == 0:
            print(f"{turn} turns, {done:.0%}: {lost / 50:.4f}", file=sys.stderr, flush=True)
            lost = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="real pictures; default: data")
    parser.add_argument(
        "--minutes",
        type=float,
        nargs="+",
        default=[30, 45, 19, 62, 36],
        help="of each run; the rate begins anew",
    )
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[4e-3, 3e-3, 2.5e-3, 3e-3, 2.5e-3], help="of each run"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the file that is there")
    parser.add_argument("--seed", type=int, default=0, help="of the first run; the next has the next")
    args = parser.parse_args()
    if len(args.minutes) != len(args.rates):
        parser.error(f"{len(args.minutes)} runs in --minutes, {len(args.rates)} in --rates: give as many")
    cv2.setNumThreads(1)
    photographs = [read(path)[:, :, :3] for path in sorted((args.data / "train").iterdir())[::2]]
    photographs += [
        read(path)[:, :, :3] for path in sorted((args.data / "segmentation" / "images").iterdir())
    ]
    objects = cutouts(args.data / "emoji" / "128")
    torch.manual_seed(0)
    net = Net().to(memory_format=torch.channels_last)
    if args.resume:
        resume(net, Samples(photographs, objects, args.seed))
    for seed, (minutes, rate) in enumerate(zip(args.minutes, args.rates, strict=True), args.seed):
        train(net, Samples(photographs, objects, seed), minutes, rate)
    sides = {2: "height", 3: "width"}
    torch.onnx.export(
        net.eval(),
        (torch.zeros(1, 12, 64, 64),),
        TARGET,
        input_names=["pixels"],
        output_names=["odds"],
        dynamic_axes={"pixels": sides, "odds": sides},
        opset_version=13,
        dynamo=False,
    )
    print(f"written: {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
