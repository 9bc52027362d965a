"""Numbers of `_index`: descriptors of elements, and the lookup in them.

What describes an element is kept in the index file: with another value, `_index.store.FORMAT` has to be raised.
"""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._thresholds.kinds import derived, noise_model, tuned


@dataclass(frozen=True, slots=True)
class DescriptorThresholds:
    """Polar descriptor of a whole element."""

    reach: float = tuned(
        2.2,
        "radius of the outermost ring, in extents; larger: thin ends count, rings get coarser",
        compiled=True,
    )
    resolution: float = tuned(10.0, "pixels to an extent in which the rings are sampled", compiled=True)
    smoothing: float = tuned(1.2, "standard deviation of the blur before sampling, in those pixels")
    shrink: float = tuned(1.6, "pixels to one of those from which on a picture is halved first")
    thinnest: float = tuned(
        400.0,
        "largest relation of the second moments along both axes in the round frame; larger: thinner elements fit",
    )
    visible: int = tuned(12, "alpha above which a pixel belongs to the element")
    photograph: int = tuned(250, "alpha that all pixels of a photograph exceed")
    stretch: float = tuned(
        1.2, "factor by which elements are described wider, and narrower, for covered regions"
    )
    colour_noise: float = tuned(
        0.003,
        "squared distance of colours, 0 to 1, that says nothing; larger: flat places tell less",
        compiled=True,
    )


DESCRIPTOR = DescriptorThresholds()


@dataclass(frozen=True, slots=True)
class KeypointThresholds:
    """Keypoints with RootSIFT and colours."""

    an_element: int = tuned(96, "strongest keypoints that are kept of an element; more: a larger index")
    padding: int = tuned(12, "pixels of grey around an element, so that its outline has keypoints too")
    colour_weight: float = tuned(0.5, "of the colours, beside the root of SIFT")
    colour_cell: float = tuned(1.2, "side of a cell of the colour grid, in sizes of the keypoint")
    colour_size: float = tuned(
        2.0, "size of a keypoint, pixels, whose colours are sampled in the full picture"
    )
    colour_levels: int = tuned(6, "times that the picture is halved at most for the colours of larger ones")
    colour_blur: float = tuned(
        1.0, "standard deviation of the blur before colours are sampled, pixels of the level"
    )
    colour_scale: float = derived(
        6.0, "brings weighted colours to 0 to 1, as the root of SIFT is: grid / weight"
    )


KEYPOINT = KeypointThresholds()


@dataclass(frozen=True, slots=True)
class VoteThresholds:
    """Hough voting of matched keypoints."""

    least_weight: float = tuned(0.02, "weight of a match that is as far as the last of its neighbours")
    matches: int = tuned(
        80, "matches of an element that are compared with each other; more: slower, more found"
    )
    apart: float = tuned(
        0.2, "distance of the centres that agree, in longer sides of the element in its pose"
    )
    scale: float = tuned(0.3, "difference of the logarithms of the scales that agree")
    turn: float = tuned(0.35, "difference of the turns that agree, radians")
    clusters: int = tuned(3, "votes that an element gets at most, a mirrored one as many")
    distinct: float = tuned(0.5, "score that each keypoint of the picture after the first adds")


VOTE = VoteThresholds()


@dataclass(frozen=True, slots=True)
class SegmentThresholds:
    """Colour segments and their descriptors."""

    reach: float = tuned(2.4, "radius of the outermost ring, in extents of the segment", compiled=True)
    smoothing: float = tuned(0.2, "standard deviation of the blur before sampling, in extents")
    halving: float = noise_model(
        0.08, "variance that halving a picture adds, squared pixels of the smaller one"
    )
    least_blur: float = tuned(0.2, "standard deviation up to which a blur is left out, pixels")
    calm: int = tuned(
        5, "side of the square in which the change is least at a seed of the rest of a picture, pixels"
    )
    calm_above: int = tuned(2, "levels above those of a flat place by which such a seed changes at least")
    flat: tuple[int, ...] = tuned((1, 4), "levels by which neighbours in a flat place of an element differ")
    flat_area: int = tuned(20, "least pixels of a flat place of an element")
    share: float = tuned(0.01, "least share of an element that a segment takes")
    repeated: float = tuned(0.12, "difference of centre and extent, in extents, of segments that are one")
    inside: int = derived(128, "coverage, 0 to 255, from which on more than half of a sample is inside")
    an_element: int = tuned(8, "largest segments that are kept of an element; more: a larger index")
    opaque: float = tuned(0.95, "coverage, 0 to 1, from which on a sample's colour is the element's")
    known_weight: float = tuned(
        12.0, "least weight of opaque samples with which colours alone tell something"
    )
    unknown: float = derived(
        9.0, "share of the variation that is taken where they do not: more than any real one"
    )
    outline: float = tuned(
        0.2, "squared distance of colours, 0 to 1, that a sample counts which is inside of one outline only"
    )
    outline_weight: float = tuned(40.0, "weight of the outline where noise is added")


SEGMENT = SegmentThresholds()


@dataclass(frozen=True, slots=True)
class InvertedIndexThresholds:
    """Inverted file with product quantisation over keypoints."""

    exact: int = tuned(
        20_000, "keypoints up to which each is compared, without quantisation; larger: slower, exact"
    )
    sample: int = tuned(60_000, "keypoints from which the quantisers learn, more with many lists")
    sample_a_list: int = tuned(40, "keypoints for each list from which they learn at least")
    enough: int = tuned(1_000, "keypoints of the elements up to the step from which they can learn")
    lists: float = tuned(2.0, "lists, in roots of the number of keypoints; more: faster, fewer found")
    most_lists: int = tuned(2**16, "lists of the inverted file at most")
    searched: int = tuned(24, "lists that are searched; more: slower, more found")
    first_step: int = tuned(64, "number of the element up to which the first quantisers learn")


INVERTED = InvertedIndexThresholds()
