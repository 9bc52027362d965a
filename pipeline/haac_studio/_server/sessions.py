"""What one run of the studio knows: the repository, the folder it was started in, what is open, and what the browser gave it to look at."""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from haac import Scene
from haac_repo import Repository
from haac_studio._document.drafts import Draft
from haac_studio._jobs.finding import Finding
from haac_studio._jobs.jobs import Jobs
from haac_studio._jobs.reviews import Cutting, Review
from haac_studio._limits import STUDIO_LIMITS

if TYPE_CHECKING:
    from PIL import Image

Kind = Literal["new", "picture", "recipe", "script"]
V = TypeVar("V")
BY_HAND = ""
"""Instead of a SHA-256: a script that has more in it than the scene it makes, which saving would lose."""


class Shelf(Generic[V]):
    """Values under short names, of which the oldest goes when there are too many. Used by several threads."""

    def __init__(self, most: int) -> None:
        # No name comes again in a later run: browsers keep what they had under it.
        self._most, self._count, self._run = most, 0, secrets.token_hex(4)
        self._held: OrderedDict[str, V] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, value: V) -> str:
        """Keep a value; its name."""
        with self._lock:
            self._count += 1
            name = f"{self._run}-{self._count}"
            self._held[name] = value
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return name

    def get(self, name: str) -> V | None:
        """The value of that name, if it is still kept."""
        with self._lock:
            return self._held.get(name)

    def remove(self, name: str) -> V | None:
        """Keep it no longer."""
        with self._lock:
            return self._held.pop(name, None)


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture to trace."""

    name: str
    data: bytes
    """Of its file, as it came."""
    png: bytes
    """Upright, sRGB, not larger than is shown."""
    width: int
    """Of the picture, upright, in pixels; what is shown may be smaller."""
    height: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The document that the studio was started with."""

    kind: Kind = "new"
    name: str = ""
    scene: Scene | None = None
    reference: str = ""
    """Name of the reference it is; empty if it is no picture."""


@dataclass(slots=True)
class Studio:
    """One run of the studio."""

    repository: Repository
    folder: Path
    """Where it was started: what is saved goes there."""
    draft: Draft
    opened: Opened = field(default_factory=Opened)
    notes: list[str] = field(default_factory=list)
    """What the person should know when the page opens."""
    jobs: Jobs = field(default_factory=Jobs)
    finding: Finding = field(init=False)
    cutting: Cutting = field(default_factory=Cutting)
    references: Shelf[Reference] = field(default_factory=lambda: Shelf(STUDIO_LIMITS.references))
    reviews: Shelf[Review] = field(default_factory=lambda: Shelf(STUDIO_LIMITS.reviews))
    traced: str = ""
    """Name of the reference that the page shows; empty if it shows none."""
    fixed: bool = False
    """Whether the address is the same in every run, so that browsers may have kept something of another repository under it."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the files of this folder as this studio last read or wrote them, by name; or BY_HAND."""

    def __post_init__(self) -> None:
        self.finding = Finding(self.repository)
        self.jobs.at_end(self.finding.close)
        self.jobs.at_end(self.cutting.close)

    def trace(self, reference: Reference) -> str:
        """Keep a picture to trace; its name."""
        self.traced = self.references.add(reference)
        return self.traced

    def keep_picture(self) -> None:
        """Keep the picture that is traced beside the draft, but for the one that the command line names.

        Raises:
            OSError: it cannot be written.
        """
        reference = self.references.get(self.traced)
        if reference is not None and self.traced != self.opened.reference and not self.draft.has_picture():
            self.draft.save_picture(reference.name, reference.data)

    def close(self) -> None:
        """End all jobs; the draft stays."""
        self.jobs.close()
        self.draft.close()
        self.repository.close()


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def reference_of(name: str, data: bytes) -> Reference:
    """Read a picture to trace.

    Raises:
        PictureError: it is none, or outside the limits.
    """
    from haac._internal import read_picture

    read = read_picture(data)
    image = read.image if read.has_alpha else read.image.convert("RGB")
    width, height = image.size
    return Reference(name, data, _png(_shown(image)), width, height)


def _shown(image: Image.Image) -> Image.Image:
    from PIL import Image

    scale = STUDIO_LIMITS.reference_side / max(image.size)
    if scale >= 1:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # it travels within the machine only
    return buffer.getvalue()


def reference_json(name: str, reference: Reference) -> dict[str, Any]:
    """What the page is told of a reference."""
    return {
        "id": name,
        "width": reference.width,
        "height": reference.height,
        "name": reference.name,
        "url": f"/api/reference/{name}",
    }
