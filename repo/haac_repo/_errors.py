"""Every error that haac raises on purpose.

    HaacError
    |- DataError                 the data is bad
    |  |- RecipeError            a recipe that is malformed, or asks for more than the limits allow
    |  |- PictureError           a picture file that cannot be read, or is outside the limits
    |  |- IntegrityError         stored or received bytes that are not what their hash promises
    |  |- HistoryError           a publication that takes back, or rewrites, what was published before
    |  `- TrustError             a publication without the signatures that it must have, or with expired ones
    |- RepositoryError           the folder is not a usable repository
    |  `- RepositoryBusyError    another process is writing to it
    |- ElementError              an element that cannot be had
    |  |- ElementNotFoundError   the repository never gave out that id
    |  |- ElementWithdrawnError  it was taken down
    |  `- ElementMissingError    this mirror knows it but does not hold its bytes
    |- TransportError            the network, or the server at its other end, failed
    `- MissingExtraError         an optional dependency is not installed

A message says what was found, what is allowed and what to do. The command line prints it and exits with 1.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self


class HaacError(Exception):
    """Base of all errors that haac raises on purpose."""


class DataError(HaacError):
    """The data is bad."""

    evidence: Mapping[str, bytes] = MappingProxyType({})
    """What a server sent that was refused, by published path; empty if there is none."""


class RecipeError(DataError):
    """A recipe that is malformed, or asks for more than the limits allow."""


class PictureError(DataError):
    """A picture file that cannot be read, or is outside the limits."""


class IntegrityError(DataError):
    """Stored or received bytes that are not what their hash promises."""


class HistoryError(DataError):
    """A publication that takes back, or rewrites, what was published before."""


class TrustError(DataError):
    """A publication without the signatures that it must have, or with expired ones."""


class RepositoryError(HaacError):
    """The folder is not a usable repository."""

    @classmethod
    def missing(cls, folder: object) -> Self:
        """The error that there is no repository in `folder`."""
        return cls(f"there is no repository in {folder}: `haac init` makes one, --repo or HAAC_REPO names it")


class RepositoryBusyError(RepositoryError):
    """Another process is writing to the repository."""


class ElementError(HaacError):
    """An element that cannot be had."""


class ElementNotFoundError(ElementError):
    """The repository never gave out that id."""


class ElementWithdrawnError(ElementError):
    """The element was taken down."""


class ElementMissingError(ElementError):
    """This mirror knows the element but does not hold its bytes."""


class TransportError(HaacError):
    """The network, or the server at its other end, failed."""


class MissingExtraError(HaacError):
    """An optional dependency is not installed."""
