"""What a new mirror is told to trust: a root's file, its fingerprint, or whatever the server shows first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from haac_repo._errors import TrustError
from haac_repo._files import StrPath
from haac_repo._limits import LIMITS
from haac_repo._trust.layout import is_sha256


@dataclass(frozen=True, slots=True)
class Pin:
    """The root that a mirror is given: one of the two, or neither to trust the first one that the server shows."""

    root: bytes = b""
    """A root's file, of any version."""
    sha256: str = ""
    """SHA-256 of the first root, 64 hex digits: the fingerprint that `haac keys show` and `haac publish` print."""

    @property
    def on_first_use(self) -> bool:
        """Whether it names no root."""
        return not (self.root or self.sha256)

    @classmethod
    def parse(cls, text: StrPath) -> Self:
        """The pin for what a user names: 64 hex digits, or a file.

        Raises:
            TrustError: neither.
        """
        digits = str(text).strip().lower().replace(" ", "")
        if is_sha256(digits):
            return cls(sha256=digits)
        try:
            with Path(text).open("rb") as file:
                data = file.read(LIMITS.root_bytes + 1)
        except (OSError, ValueError) as error:
            raise TrustError(
                f"{text} is neither a fingerprint (64 hex digits) nor a file that can be read: `haac keys show` prints the"
                " fingerprint, and metadata/1.root.json is the file"
            ) from error
        if not data or len(data) > LIMITS.root_bytes:
            raise TrustError(
                f"{text} is not the root of a haac repository: that has up to {LIMITS.root_bytes} bytes"
            )
        return cls(root=data)


class NotPinnedError(TrustError):
    """The repository is signed, and nothing says by whom; `fingerprint` is what the server shows."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(
            "the repository is signed, and this mirror was not told whose signatures to trust: name its root with --root"
            " FILE or --root SHA256, which the publisher's `haac keys show` prints, or take this server's word once with"
            f" --trust-on-first-use (it shows {fingerprint})"
        )
        self.fingerprint = fingerprint
