"""Numbers of `_rate`: what is worth its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._thresholds.kinds import tuned


@dataclass(frozen=True, slots=True)
class RateThresholds:
    """Rate-distortion selection."""

    price: float = tuned(
        1000.0, "lambda: squared error, summed over pixels and channels, that a byte must take away"
    )
    unexplained: float = tuned(0.04, "share of the picture without explanation from which on a wash is tried")
    unexplained_off: int = tuned(24, "levels from which on a pixel counts as unexplained there")
    wash_bytes: int = tuned(300, "bytes that a wash may take where neither a budget nor a quality is given")
    least_wash: int = tuned(40, "bytes below which no wash is tried under layers")
    covered_weight: float = tuned(0.02, "weight of a wash's errors under opaque layers")
    opaque: int = tuned(250, "alpha from which on a wash under a layer counts as covered")
    smaller_budget: float = tuned(
        0.75, "share of the budget of the wash by which the price of the last bytes is told"
    )
    lower_quality: int = tuned(7, "how much lower the quality of that wash is")
    inline_shares: tuple[float, ...] = tuned(
        (0.3, 0.6, 0.85, 1.0), "shares of a budget that inline elements may take"
    )
    inline_rest: int = tuned(24, "bytes that the rest of a recipe takes at least")


RATE = RateThresholds()
