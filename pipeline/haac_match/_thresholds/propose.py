"""Numbers of `_propose`: candidate generation."""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._thresholds.kinds import derived, noise_model, tuned


@dataclass(frozen=True, slots=True)
class ShapeThresholds:
    """Candidates by nearest shape descriptors, of whole regions and of covered ones."""

    rim_to_blur: float = tuned(2.3, "pixels that a blur adds around a region, in its standard deviations")
    core: int = tuned(9, "least pixels that are left of a region without what a blur added")
    clipped: float = noise_model(
        143.0, "levels from the middle one, 127.5, beyond which an un-blended colour is none"
    )
    clipped_share: float = tuned(0.1, "share of such pixels above which the opacity is wrong")
    contact_rim: int = tuned(3, "pixels around a region in which it touches what covers it")
    known: float = tuned(30.0, "least weight of the visible samples, of 256; larger: fewer, surer candidates")
    blur: float = tuned(1.0, "standard deviation that candidates for covered regions start with, pixels")
    whole: tuple[float, ...] = tuned(
        (1.0, 1.2),
        "extents assumed of an element whose centre is that of its visible part, in extents of that part",
    )
    along: tuple[float, ...] = tuned(
        (0.25, 0.5, 0.75, 1.0), "ways of its centre towards what covers it, in extents of the visible part"
    )
    extents: tuple[float, ...] = tuned(
        (1.1, 1.3, 1.55), "extents assumed there, in extents of the visible part"
    )
    aside_extent: float = tuned(1.3, "the same where its centre is aside from that way")


SHAPE = ShapeThresholds()


@dataclass(frozen=True, slots=True)
class WindowThresholds:
    """Window around a region of which a part may be covered."""

    reach: float = tuned(3.0, "room around the region, in its extents")
    least_contact: int = tuned(6, "least pixels in which a region touches what covers it")
    aside_along: tuple[float, ...] = tuned(
        (0.3, 0.7),
        "ways towards what covers it of assumed centres that are aside, in extents of the visible part",
    )
    aside: tuple[float, ...] = tuned((-0.4, 0.4), "how far aside from that way they are")


WINDOW = WindowThresholds()


@dataclass(frozen=True, slots=True)
class CorrelationThresholds:
    """Candidates by correlation of the residual with predicted residuals."""

    small_region: int = tuned(
        4000, "pixels of a region below which it is asked for too; larger: slower, more found"
    )
    rim: int = tuned(4, "pixels around a region in which a blurred element changes the picture a little")
    blur: float = tuned(1.5, "standard deviation assumed, pixels: small elements look alike from 0.5 to 3")
    blur_steps: int = tuned(10, "steps of an extent to which blurs are rounded; more: slower")


CORRELATION = CorrelationThresholds()


@dataclass(frozen=True, slots=True)
class OcclusionThresholds:
    """Candidates by masked normalised correlation under occlusion."""

    far: int = tuned(12, "levels by which a translucent layer changes what is behind it")
    veiled: float = tuned(
        0.1, "share of a region that is changed so, from which on it is also looked at without the layer"
    )
    contact_rim: int = tuned(4, "pixels around a region in which it touches what covers it")
    whole: tuple[float, ...] = tuned(
        (0.7, 0.85, 1.0),
        "extents assumed of an element whose centre is that of its visible part, in extents of that part",
    )
    along: tuple[float, ...] = tuned(
        (0.0, 0.25, 0.5, 0.75, 1.0),
        "ways of its centre towards what covers it, in extents of the visible part",
    )
    extents: tuple[float, ...] = tuned(
        (0.8, 1.0, 1.25, 1.5), "extents assumed there, in extents of the visible part"
    )
    aside_extent: float = tuned(1.1, "the same where its centre is aside from that way")
    visible: float = tuned(0.35, "least share of an element's predicted residual, squared, that is visible")
    faintest: float = tuned(0.35, "least opacity that the residual speaks for")
    strongest: float = tuned(1.3, "largest one")
    opaque: float = tuned(0.92, "opacity from which on a candidate is tried as opaque")


OCCLUSION = OcclusionThresholds()


@dataclass(frozen=True, slots=True)
class PastedThresholds:
    """Proposals from splice-likelihood regions. Likelihoods are 0 to 1."""

    maybe: float = tuned(
        0.1, "likelihood from which on parts of elements are looked for; larger: faster, fewer found"
    )
    maybe_around: int = tuned(15, "side of the square around such a pixel in which they are, pixels")
    background: float = tuned(0.2, "likelihood up to which a pixel shows the background")
    background_rim: int = tuned(7, "pixels around likelier ones that do not: a blur carries colours there")
    cuts: tuple[float, ...] = tuned(
        (0.4, 0.15, 0.7, 0.4, 0.4), "likelihoods from which on a pixel is of a region"
    )
    cut_joins: tuple[int, ...] = tuned(
        (0, 0, 0, 3, -4),
        "for each of them, half the width of gaps that are closed, or below 0 of bridges that are cut, pixels",
    )
    least: int = tuned(100, "pixels of a region")
    regions: int = tuned(6, "regions that are looked at for each step of effort, at a time")
    poses: int = tuned(4, "poses for each assumption, beside one for each step of effort")
    rims: tuple[int, ...] = tuned(
        (0, 2, 5, 0, 3), "pixels that a blur is assumed to add around a region, in turn"
    )
    opacities: tuple[float, ...] = tuned((1.0, 1.0, 1.0, 0.7, 0.7), "opacities assumed with them")
    alike: float = tuned(0.8, "share of their boxes, and of their areas, from which on two regions are one")
    beside: int = tuned(2, "pixels around layers that are there in which no region is")
    samples: int = tuned(12, "most pixels of the longer side of a cut-out by which its likelihood is sampled")


PASTED = PastedThresholds()


@dataclass(frozen=True, slots=True)
class PrefilterThresholds:
    """Coarse photometric prefilter."""

    opaque: int = tuned(215, "coverage, 0 to 255, from which on a sample counts", compiled=True)
    clear: int = tuned(64, "coverage below which a sample is beside the element", compiled=True)
    samples: int = tuned(16, "least opaque samples of an element, of 256", compiled=True)
    cover_power: int = tuned(4, "power of the coverage by which an opaque sample counts", compiled=True)
    clip: float = tuned(
        0.08,
        "squared colour distance, 0 to 3, above which an error counts no more: another layer may be there",
        compiled=True,
    )
    on_canvas: float = tuned(0.35, "least share of the opaque samples that are on the canvas", compiled=True)
    blur: float = tuned(
        0.3,
        "side of a pixel of the picture that is compared, in extents; descriptors are blurred by 0.12 of them",
    )
    coarsest: int = tuned(12, "half octaves by which a picture is made smaller at most")
    steps: tuple[float, ...] = tuned(
        (0.12, 0.12, 0.12, 0.08, 0.08),
        "first steps of position (extents), turn (radians), logarithm of the scale and of half the relation of both scales",
    )
    rounds: int = tuned(4, "rounds of the search; more: slower, closer", compiled=True)
    full_rounds: int = tuned(2, "of which take full steps", compiled=True)
    finer: float = tuned(0.5, "by which the others' are smaller", compiled=True)
    uneven: float = tuned(0.3, "largest logarithm of half the relation of both scales", compiled=True)
    hopeless: float = tuned(
        0.7,
        "share of the variation above which a pose is given up after full steps; smaller: faster, fewer found",
        compiled=True,
    )


PREFILTER = PrefilterThresholds()


@dataclass(frozen=True, slots=True)
class LookalikeThresholds:
    """Look-alikes of an element in its pose."""

    symmetric: tuple[int, ...] = derived(
        (15, 72),
        "degrees whose multiples are the turns of elements that are symmetric in 2, 3, 4, 5, 6, 8, 12 or 24 ways",
    )
    turn_steps: int = tuned(
        4, "steps of a radian to which turns are rounded where repeated poses are left out"
    )


LOOKALIKE = LookalikeThresholds()
