"""What a catalog costs, and after how many pictures it pays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_GB: Final = 1e9
_DAYS_A_MONTH: Final = 365 / 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What is paid for, and how much of it there is.

    Args:
        stored: of a GB (10^9 bytes) that is kept for a month; any currency.
        transferred: of a GB that is sent.
        pictures_a_day: new ones; each is stored until the end, and sent once.
        days: of the whole reckoning.
        clients: who fetch the catalog, each once.
    """

    stored: float = 0.023
    transferred: float = 0.09
    pictures_a_day: int = 1000
    days: int = 365
    clients: int = 10

    @property
    def pictures(self) -> int:
        """Of the whole time."""
        return self.pictures_a_day * self.days


def cost(prices: Prices, picture_bytes: float, catalog_bytes: float = 0) -> float:
    """Price of pictures, and of the catalog that they need.

    The catalog is stored all the time, and sent to each client once; a picture is stored for half the time, on average, and sent once.

    Args:
        prices: of storing and sending, and how much of both.
        picture_bytes: mean of a picture's file or recipe.
        catalog_bytes: that a client mirrors; 0 where none is needed.
    """
    months = prices.days / _DAYS_A_MONTH
    stored = catalog_bytes * months + prices.pictures * picture_bytes * months / 2
    sent = catalog_bytes * prices.clients + prices.pictures * picture_bytes
    return (stored * prices.stored + sent * prices.transferred) / _GB


def break_even(picture_bytes: float, other_bytes: float, catalog_bytes: float) -> int | None:
    """Pictures from which on a catalog, sent once, and its recipes are fewer bytes than the same pictures in another format.

    Returns:
        None where they never are: a recipe is no smaller.
    """
    saved = other_bytes - picture_bytes
    return math.ceil(catalog_bytes / saved) if saved > 0 else None
