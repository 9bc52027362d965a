"""Numbers of `_picture`: the canvas, backgrounds, borders, and what JPEG and rescaling do to a picture."""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._thresholds.kinds import derived, noise_model, tuned


@dataclass(frozen=True, slots=True)
class PictureThresholds:
    """The canvas, poses, and comparisons with a degraded picture."""

    dense: int = tuned(
        230,
        "alpha from which on a layer hides what is behind it; more: colours are un-blended from less light",
    )
    shows: int = tuned(
        9, "alpha from which on a pixel shows a layer; less: pixels count that it hardly changes"
    )
    blur_reach: int = derived(3, "standard deviations that a Gaussian reaches", compiled=True)
    even: float = tuned(0.06, "difference of the logarithms of two scales below which they are taken for one")
    opaque: float = tuned(0.97, "fitted opacity from which on a layer is taken for an opaque one")
    clean_tolerance: float = tuned(2.0, "levels by which a right pixel of a clean picture may be off")
    degraded_tolerance: float = noise_model(12.0, "levels by which one of a degraded picture may be off")
    tolerance_per_noise: float = tuned(2.0, "levels more for each level of the background's noise")

    def noisy_tolerance(self, noise: float) -> float:
        """Levels by which a right pixel may be off in a degraded picture whose background has so much noise, levels."""
        return self.degraded_tolerance + self.tolerance_per_noise * noise

    rescaled_slack: int = noise_model(1, "levels by which a part that is rescaled differs from the whole")
    ringing: float = tuned(
        0.05,
        "share of the background beside elements that may be on the wrong side of it; more: JPEG is missed",
    )
    ringing_far: int = tuned(40, "levels from the background from which on a pixel is an element's")
    ringing_near: int = tuned(12, "levels up to which a pixel is the background's, degraded or not")
    ringing_side: int = noise_model(5, "pixels of the square in which an edge rings")
    ringing_pixels: int = tuned(300, "pixels beside elements that are needed to tell")
    chroma_side: int = noise_model(5, "pixels over which chroma is averaged: JPEG halves its resolution")
    luma_side: int = noise_model(3, "pixels over which luma is smoothed")
    reach_side: int = noise_model(
        3, "pixels of the square whose values an edge may take that is off by a part"
    )


PICTURE = PictureThresholds()


@dataclass(frozen=True, slots=True)
class BackgroundThresholds:
    """What counts as the background of a picture: a colour, a gradient, a photograph."""

    least_share: float = tuned(0.12, "share of the picture that a background explains at least")
    most_noise: float = noise_model(15.0, "levels of noise from which on nothing is a background")
    levels: tuple[int, ...] = noise_model(
        (0, 2, 5, 12), "levels by which pixels of a background may be off, tried in turn"
    )
    wider: int = tuned(2, "how many times as far a pixel may be off to count for the noise, ...")
    wider_by: int = tuned(2, "... and levels besides")
    settled: float = tuned(0.9, "share of those that are explained already if the level is the right one")
    noise_quantile: float = tuned(0.9, "quantile of the differences that is called the noise")
    better: float = tuned(1.02, "how many times as much a gradient or photograph explains as a colour, ...")
    better_by: float = tuned(0.01, "... and share of the picture besides")
    colour_near: int = noise_model(6, "levels from the commonest colour within which the median is taken")
    colour_samples: int = tuned(200_000, "pixels for that; more: slower")
    colour_exact: float = tuned(0.5, "share of them that have the commonest colour if it is taken as it is")
    photographs: int = tuned(4, "photographs of the catalog that are drawn in full; more: slower")
    thumbnail_clip: int = tuned(
        40, "levels above which a pixel of a thumbnail counts no more: an element hides it"
    )
    thumbnail_off: float = tuned(34.0, "mean difference of thumbnails, levels, above which none is drawn")
    photograph_share: float = tuned(
        0.2, "share that a photograph explains; less: it is taken for another one"
    )
    photograph_noisy_share: float = tuned(0.4, "the same where there is noise: dark photographs look alike")
    photograph_noise: float = noise_model(10.0, "levels of noise from which on it is not that photograph")
    photograph_near: int = noise_model(
        12, "levels within which a pixel of a degraded photograph is explained"
    )
    photograph_off: int = noise_model(26, "levels above which a pixel says nothing of its noise")
    photograph_busy: float = tuned(
        0.1, "share of the picture that it explains beside what has the commonest colour"
    )
    busy: int = tuned(16, "levels from the commonest colour from which on a pixel has another one")


BACKGROUND = BackgroundThresholds()


@dataclass(frozen=True, slots=True)
class BorderThresholds:
    """The plain border of a screenshot or window."""

    near: int = noise_model(8, "levels by which a border may differ from its corner")
    row_share: float = tuned(0.5, "share of a row of the border that has its colour: windows have buttons")
    plain: float = tuned(0.85, "the same of all of the border")
    least_inside: float = tuned(0.3, "share of the picture that is inside")
    lines: int = tuned(3, "rows of another colour that a border may end with, as a frame is drawn")
    line_end: float = tuned(0.9, "share of a row that has another colour than the line beside it")
    explained: float = tuned(
        0.5, "share of the picture from which on a background needs no look for a border"
    )
    worth: float = tuned(0.5, "share of the border that must be explained besides")
    outline_off: int = noise_model(16, "levels by which a background may be off along the sides of a picture")
    outline_share: float = tuned(0.5, "share of the sides from which on it is")


BORDER = BorderThresholds()


@dataclass(frozen=True, slots=True)
class GradientThresholds:
    """RANSAC over flat blocks, then an integer search on the recipe's grid."""

    least_side: int = tuned(16, "pixels of a side below which no gradient is sought")
    blocks: int = tuned(32, "blocks along the shorter side")
    least_block: int = tuned(4, "pixels of their sides at least")
    most_block: int = tuned(16, "pixels at most")
    flat: float = noise_model(2.0, "standard deviation of a flat block, levels, ...")
    flat_times: float = tuned(3.0, "... or so many times that of the flattest ones, ...")
    flat_quantile: float = tuned(0.1, "... which are this share of all")
    least_places: int = tuned(12, "flat blocks that must agree")
    least_agreeing: float = tuned(0.1, "share of them that must agree")
    draws: int = tuned(200, "draws of three places; more: slower, and surer")
    least_spread: float = tuned(
        2000.0, "twice the area of three places, pixels, below which they tell no plane"
    )
    agrees: float = noise_model(1.5, "levels by which a place may be off the plane")
    refits: int = tuned(3, "least-squares fits to those that agree")
    refit_off: float = noise_model(1.0, "levels by which they may be off then, ...")
    refit_times: float = tuned(2.5, "... or so many times the median")
    samples: int = tuned(600, "places that the integer search looks at; more: slower")
    samples_each: int = tuned(8, "pixels around each of them")
    sample_reach: int = tuned(2, "how far they are from it at most")
    angle_steps: tuple[int, ...] = tuned((16, 4, 1), "quarter degrees from angle to angle, in turn")
    angle_reach: int = tuned(4, "so many such steps to each side")
    end_reach: int = tuned(1, "levels around the least-squares ends that are tried")


GRADIENT = GradientThresholds()


@dataclass(frozen=True, slots=True)
class JpegThresholds:
    """JPEG ghosts: which quality changes a picture least."""

    side: int = tuned(256, "pixels of the part of a picture that is looked at; more: slower")
    least_pixels: int = tuned(4096, "pixels of it, not clipped, that are needed")
    lowest: int = tuned(30, "quality that is tried first")
    highest: int = tuned(98, "quality that is tried last; above it the change drowns in rounding")
    apart: int = tuned(
        2, "qualities that are compared are so far apart: nearer ones often encode the same way"
    )
    dip: float = tuned(
        0.6,
        "share of the change at the qualities beside it that the right one leaves; more: JPEG is found where none is",
    )
    chroma_dip: float = tuned(0.3, "the same for chroma, if it has the full resolution")
    dip_digits: int = tuned(3, "decimals by which dips are told apart")
    flat: float = tuned(0.001, "mean squared change below which there is nothing to compare")
    left: float = noise_model(0.5, "mean squared change that the right quality leaves at most, ...")
    left_times: float = tuned(2.0, "... and so many times the least of all, ...")
    left_by: float = tuned(0.01, "... and so much besides")


JPEG = JpegThresholds()
