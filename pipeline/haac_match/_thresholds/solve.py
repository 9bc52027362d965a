"""Numbers of `_solve`: which hypotheses become layers."""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._thresholds.kinds import derived, noise_model, tuned


@dataclass(frozen=True, slots=True)
class SolveThresholds:
    """Which solver a picture gets."""

    doubtful: float = tuned(
        0.75, "share of the picture below which a noisy background may be part of a photograph"
    )
    doubtful_exact: float = tuned(0.5, "the same of an exact one: white in a photograph, or the sky")
    coarse_noise: float = tuned(6.0, "levels of noise from which on a doubtful background is given up")
    trial: int = tuned(6, "candidates on which a doubtful background is tried as part of a photograph")
    unknown_background: int = tuned(
        40, "levels by which a wash may be off where it is said to explain a picture"
    )


SOLVE = SolveThresholds()


@dataclass(frozen=True, slots=True)
class SelectThresholds:
    """From candidates to a layer, and whether it is accepted."""

    batch: int = tuned(16, "poses that are fitted before the best of them go to the grid")
    to_grid: int = tuned(3, "of each batch so many go to the grid")
    most_to_grid: int = tuned(6, "poses of one region that go to the grid in all")
    least_share: float = tuned(0.5, "share of the error that a rough fit must take away to go to the grid")
    same_element: int = tuned(3, "poses of one element and mirroring that are kept of lists of candidates")
    prefiltered: int = tuned(48, "poses that are kept of lists of candidates")
    prefilter_side: int = tuned(24, "pixels of the window in which more than these are fitted first")
    prefilter_steps: int = tuned(2, "and steps of that fit")
    lookalikes: int = tuned(24, "look-alikes that are compared with a layer, for each step of effort")
    lookalikes_photo: int = tuned(8, "the same on a photograph")
    lookalikes_kept: int = tuned(24, "of those so many after a first look")
    side: int = tuned(44, "pixels of the window of a first look")
    fine_side: int = tuned(
        64, "pixels of the window of a closer look: degradation leaves less to tell them apart by"
    )
    finest_side: int = tuned(128, "pixels of the window of the closest look")
    kept: int = tuned(6, "look-alikes that get the closest look")
    kept_degraded: int = tuned(8, "the same in a degraded picture")
    likely: int = tuned(3, "look-alikes that go to the grid")
    symmetric_share: float = tuned(
        0.8, "of its share that a layer must have, otherwise turned, to be symmetric"
    )
    flipped_price: float = tuned(
        500.0, "squared error that a mirrored layer must take away besides, in a degraded picture"
    )
    flipped_share: float = tuned(0.01, "and so much of its cost")
    exact_share: float = tuned(
        0.9, "share of a layer's nearly right pixels that must be exact: else it is a look-alike"
    )
    exact_share_photo: float = tuned(0.95, "the same on a photograph")
    least_exact: float = tuned(0.25, "share of a layer's pixels that must be exact")
    least_exact_pixels: int = tuned(30, "and so many of them")
    least_good: float = tuned(0.6, "share of a layer's pixels that must be right, in a degraded picture")
    least_shown: int = tuned(80, "pixels that it must show")
    layer_bytes: int = tuned(8, "bytes that a layer takes, about: its error must be worth them")
    stretches: tuple[float, ...] = tuned(
        (0.75, 0.87, 1.15, 1.35, 1.5), "factors by which a partly right layer is stretched"
    )
    stretch_side: int = tuned(48, "pixels of the window in which these are fitted")
    stretch_steps: int = tuned(3, "and steps of that fit")


SELECT = SelectThresholds()


@dataclass(frozen=True, slots=True)
class GreedyThresholds:
    """Layers on a known background, region by region."""

    rounds: int = tuned(
        3, "times that solving begins anew: after degradation was assumed, or layers were refitted"
    )
    off_by_little: int = noise_model(2, "levels up to which a pixel is off by degradation")
    off_by_much: int = noise_model(8, "levels from which on a pixel shows an element")
    noisy: float = tuned(0.2, "of the latter so many must be the former for the picture to be degraded")
    near_misses: int = tuned(
        2, "regions nearly explained, and none explained, after which degradation is assumed"
    )
    assumed: tuple[tuple[tuple[int, float], ...], ...] = tuned(
        (((0, 1.0),), ((2, 1.0), (4, 1.0), (7, 1.0)), ((0, 0.8), (0, 0.6), (3, 0.8), (3, 0.6), (6, 0.7))),
        "rim of a blur (pixels) and opacity that are assumed of a region, in turn, until an element fits",
    )
    assumed_occluded: tuple[float, ...] = tuned(
        (1.0, 0.75, 0.55), "opacities that are assumed under occlusion"
    )
    unexplained_share: float = tuned(
        0.7, "share of a region that must still be unexplained when its turn comes"
    )
    closings: tuple[int, ...] = tuned((0, 3, 8), "pixels between parts that are looked at as one region")
    least_region: int = tuned(40, "pixels of a region")
    least_region_degraded: int = tuned(150, "the same in a degraded picture")
    candidates: int = tuned(8, "candidates of each kind ...")
    candidates_an_effort: int = tuned(2, "... and so many more for each step of effort")
    first_poses: int = tuned(64, "poses that are kept of the first stage")
    more_poses: int = tuned(160, "of each later one")
    occluded_poses: int = tuned(384, "and under occlusion")
    good: float = tuned(
        0.5, "share of a layer's pixels that must be right for no other assumption to be tried"
    )
    good_degraded: float = tuned(0.9, "the same in a degraded picture")
    near_miss: float = tuned(
        0.95, "share of the error that a rejected layer takes away if it was a near miss"
    )
    near_miss_inexact: float = tuned(0.9, "the same where hardly a pixel is exact")
    inexact: float = tuned(0.3, "share of exact pixels below which that is so")
    least_residual: int = tuned(
        500, "pixels of a region that is looked at by its residual, in a degraded picture"
    )
    most_residual: int = tuned(40_000, "and at most so many, in any picture")
    keypoint_rim: int = tuned(
        9, "pixels of the square by which the unexplained is widened where keypoints are looked for"
    )
    keypoint_neighbours: int = tuned(8, "keypoints of the index that vote for each of the picture's")
    votes: int = tuned(60, "poses that keypoints may propose ...")
    votes_an_effort: int = tuned(20, "... and so many more for each step of effort")
    faint: float = tuned(0.7, "opacity that is assumed of what is sought behind others")
    keypoint_fits: int = tuned(60, "fits of them that are looked at")
    keypoint_to_grid: int = tuned(12, "that go to the grid")
    keypoint_near: float = tuned(0.25, "extents around a failed pose in which none is tried again")
    keypoint_share: float = tuned(0.15, "share of the error that a rough fit must take away")
    keypoint_gain: float = tuned(0.5, "of its gain that must be left without blur")
    keypoint_steps: int = tuned(3, "steps of that fit")
    keypoint_found: float = tuned(
        0.3, "share of the error from which on look-alikes are compared, and failures noted"
    )
    stretch: float = tuned(0.4, "share of the error from which on a layer behind others is tried stretched")
    patience: int = tuned(2, "of the local search when a layer is refitted")
    recompare_side: int = tuned(64, "pixels of the window in which layers are fitted for a last comparison")
    same_region: float = tuned(0.8, "overlap of boxes from which on a region is one that failed before ...")
    same_area: float = tuned(0.7, "... and share of its pixels")
    scrap: float = tuned(0.3, "share of a failed region's pixels below which what is left of it is a scrap")


GREEDY = GreedyThresholds()


@dataclass(frozen=True, slots=True)
class PhotoThresholds:
    """Layers on a photograph: proofs instead of residuals."""

    to_grid: int = tuned(48, "candidates that go to the grid at most")
    in_vain: int = tuned(20, "candidates in a row of which none was accepted, after which it ends")
    least_own: float = tuned(0.4, "share of the error where an element is that it must take away")
    least_right: float = tuned(
        0.2, "share of what shows it that must be nearly right: translucent ones are first taken for opaque"
    )
    least_worth: float = tuned(0.06, "the least that a rough fit is worth (`PhotoProposals.worth`)")
    thorough: int = tuned(
        8, "effort from which on parts of elements are looked for where nothing seems to be pasted"
    )
    fair: float = tuned(
        0.55, "share of what shows a well fitted element that must be nearly right to go to the grid"
    )
    same_place: float = tuned(0.2, "extents between two candidates at one place")
    at_a_place: int = tuned(5, "elements that are tried at a place where others failed")
    likely: float = tuned(0.45, "share of nearly right pixels from which on look-alikes are compared")
    likely_exact: float = tuned(0.1, "share of exact pixels from which on they are")
    likely_soft: float = tuned(0.6, "the same where hardly a pixel is opaque")
    likely_faint: float = tuned(0.5, "of what a translucent layer needs to be accepted")
    faint: float = tuned(0.8, "score of a translucent layer beside an opaque one that explains as much")
    edges_share: float = tuned(
        0.25, "share of the steps between neighbouring pixels that a translucent layer must take away"
    )
    edges: int = tuned(2500, "and levels of them in all")
    stretch: float = tuned(0.3, "share of exact pixels from which on a layer is tried stretched")
    rounds: int = tuned(3, "times that the residual is looked at again")
    soft_weight: float = tuned(
        0.2, "what pixels that are right for the estimated background count beside opaque ones"
    )
    soft_pixels: int = tuned(8, "independent pixels that a layer without opaque ones must have")
    soft_share: float = tuned(0.9, "and share of them that must be right")
    mostly: float = tuned(0.9, "share of exact pixels that proves a layer of which others cover the rest ...")
    many: int = tuned(200, "... of so many opaque ones")
    taken: float = tuned(0.85, "share of an element's place that shows others, from which on it is not tried")
    core: float = tuned(0.7, "of its reach that is looked at for that")
    most_blur: float = tuned(6.0, "pixels: what is blurred more cannot be proved")
    side: int = tuned(48, "pixels of the window in which a candidate is fitted once more")
    steps: int = tuned(2, "and steps of that fit")
    alone: int = tuned(2, "failures at a place from which on look-alikes are not compared there")


PHOTO = PhotoThresholds()


@dataclass(frozen=True, slots=True)
class SegmentLook:
    """How segments are cut and compared.

    Args:
        cuts: how much neighbouring pixels in a segment may differ, levels, how many must be alike, and by how much the picture is
            enlarged before: small segments hardly have a pixel that is not at their edge.
        blur: extents by which elements are blurred before.
        tolerance: levels by which colours may differ.
        elements: so many are tried for each segment ...
        poses: ... and so many poses kept for each step of effort.
    """

    cuts: tuple[tuple[int, int, int], ...]
    blur: float
    tolerance: int
    elements: int
    poses: int


@dataclass(frozen=True, slots=True)
class PhotoProposalThresholds:
    """Candidates on a photograph: segments, keypoints, pasted regions."""

    looks: tuple[SegmentLook, ...] = tuned(
        (
            SegmentLook(((1, 12, 1), (3, 16, 1)), 0.0, 14, 12, 500),
            SegmentLook(((1, 12, 2),), 0.0, 14, 12, 400),
            SegmentLook(((3, 16, 1), (6, 20, 1), (10, 20, 1)), 0.5, 18, 16, 1500),
        ),
        "for plain and shaded segments, for small and for blurred ones",
    )
    small: float = tuned(10.0, "pixels of extent up to which segments are looked for in an enlarged picture")
    most_small: int = tuned(1200, "of these so many")
    largest: int = tuned(4, "part of the picture's pixels that a segment may take is one over this")
    unlike: float = tuned(
        0.75, "share of the variation around a segment above which a resemblance is worthless"
    )
    keypoints: int = tuned(8000, "keypoints of the picture")
    neighbours: int = tuned(8, "keypoints of the index that vote for each of them")
    votes: int = tuned(600, "poses that keypoints may propose for each step of effort")
    first: int = tuned(
        100, "of each kind so many are fitted whatever the prefilter says: it does not see thin elements"
    )
    fitted: int = tuned(400, "of the prefiltered so many")
    distinct_of: int = tuned(8, "times as many are looked at for those that are distinct")
    of_a_region: int = tuned(80, "poses that are fitted of what one region looks like")
    full: float = tuned(0.6, "share of its box that an element takes, about")
    telling: float = tuned(8.0, "independent pixels with which a fit counts half")
    not_pasted: float = tuned(0.25, "what a fit is worth where nothing seems to be pasted")
    few: int = tuned(200, "proposals that are enough to see whether there is anything")
    least_scale: float = tuned(0.03, "scale of an element on a photograph, at least")
    most_scale: float = tuned(6.0, "scale of an element on a photograph, at most")
    side: int = tuned(32, "pixels of the window in which proposals are fitted")
    steps: int = tuned(5, "and steps of that fit")
    same_place: float = tuned(0.1, "extents between two poses of one element that are one")
    same_turn: float = tuned(0.2, "and radians")


PHOTO_PROPOSALS = PhotoProposalThresholds()


@dataclass(frozen=True, slots=True)
class RescaledThresholds:
    """Whether a picture was rescaled after it was composed, and from which size."""

    layers: int = tuned(2, "layers from which on the original's size is looked for, and that must prove it")
    asked: int = tuned(10, "layers that are asked for it, the largest")
    fits: float = tuned(0.9, "share of the error in its window that such a layer must take away")
    side: int = tuned(200, "pixels of the windows in which they are fitted")
    least_factor: float = tuned(0.5, "the original may be so much smaller")
    most_factor: float = tuned(3.0, "the original may be so much larger")
    usual: tuple[int, ...] = tuned(
        (20, 24, 30, 36, 40, 42, 45, 48, 50, 54, 80, 90, 120),
        "sixtieths: factors that pictures are often scaled by, 1/3, 0.4, 1/2, 0.6, 2/3, 0.7, 3/4, 0.8, 5/6, 0.9, 4/3, 3/2, 2",
    )
    usual_bonus: float = tuned(0.05, "grid steps that layers may be farther from the grid for one of these")
    size_price: float = tuned(
        0.02, "grid steps for each time that the original is larger: twice the size fits as well"
    )
    off_grid: float = tuned(
        0.12,
        "root mean square distance from the grid, in its steps, up to which a size is tried; of any other it is 0.2",
    )
    off_grid_side: float = tuned(1.4, "times that for one side")
    near_grid: float = tuned(
        0.75, "share of the layers that must be near the grid: others may be look-alikes"
    )
    sizes: int = tuned(6, "sizes that are tried")
    tests: int = tuned(4, "layers that are drawn to prove one")
    large: int = tuned(
        8000, "pixels of a layer's box from which on it is drawn last: it takes longer and proves no more"
    )
    again: int = tuned(2, "sizes that are tried with other filters ...")
    again_error: float = tuned(60.0, "... if the mean squared error of the first layers is no more")
    resembling: float = tuned(
        0.5, "share of a layer that must be right but for rounding, or the size is given up"
    )
    promising: float = tuned(5.0, "mean squared error up to which a layer's neighbours on the grid are tried")
    proven: float = tuned(0.95, "share of a layer's pixels that must be right but for rounding")
    shown: int = tuned(200, "pixels that such a layer must have")
    rounds: int = tuned(3, "Gauss-Newton steps for such a layer")
    window: float = tuned(1.1, "of its reach: the window in which it is compared")
    fine_side: int = tuned(
        200, "pixels of the window in which layers are fitted once the original's size is known"
    )


RESCALED = RescaledThresholds()


@dataclass(frozen=True, slots=True)
class JpegPolishThresholds:
    """Layers and background under a known JPEG round trip."""

    rounds: int = tuned(2, "times that all layers are looked at")
    room: int = derived(8, "pixels around a layer: a block of JPEG")
    look_again: float = tuned(1.0, "mean squared error from which on look-alikes are compared")
    lookalikes: int = tuned(40, "look-alikes in each of two frames")
    lookalikes_to_grid: int = tuned(2, "of which so many go to the grid")
    looks: int = tuned(4, "layers that get such a look")
    nearly: int = noise_model(27, "squared distance of pixels that are nearly right")
    mostly: float = tuned(0.65, "share of what shows a layer that must be nearly right, or it goes")
    colour_steps: int = tuned(2, "levels by which colours of the background are tried")


JPEG_POLISH = JpegPolishThresholds()


@dataclass(frozen=True, slots=True)
class ResidualThresholds:
    """When a pixel, a layer or a picture is right."""

    proof: int = tuned(200, "pixels that cannot be right by chance")
    wrong_rounded: float = noise_model(0.01, "share of a rescaled layer's pixels that rounding may put off")
    wrong_degraded: float = noise_model(0.1, "share of a layer's pixels that degradation may put off")
    needed: float = tuned(
        0.1, "share of its pixels that a layer must make right in a degraded picture, or it is pruned"
    )


RESIDUAL = ResidualThresholds()
