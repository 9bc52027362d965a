"""Elements under short ids: catalog, packs, log, publishing, mirrors."""

from haac_repo._element import Element, NewElement, Provenance
from haac_repo._errors import (
    DataError,
    ElementError,
    ElementMissingError,
    ElementNotFoundError,
    ElementWithdrawnError,
    HaacError,
    IntegrityError,
    MissingExtraError,
    PictureError,
    RecipeError,
    RepositoryBusyError,
    RepositoryError,
    TransportError,
)
from haac_repo._files import write_file
from haac_repo._ids import format_id, parse_id
from haac_repo._limits import LIMITS, Limits
from haac_repo._pixels import decode, encode, pixel_hash
from haac_repo._repository import Repository
from haac_repo._writer import Writer

__all__ = [
    "LIMITS",
    "DataError",
    "Element",
    "ElementError",
    "ElementMissingError",
    "ElementNotFoundError",
    "ElementWithdrawnError",
    "HaacError",
    "IntegrityError",
    "Limits",
    "MissingExtraError",
    "NewElement",
    "PictureError",
    "Provenance",
    "RecipeError",
    "Repository",
    "RepositoryBusyError",
    "RepositoryError",
    "TransportError",
    "Writer",
    "decode",
    "encode",
    "format_id",
    "parse_id",
    "pixel_hash",
    "write_file",
]
