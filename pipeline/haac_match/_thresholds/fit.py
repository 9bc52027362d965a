"""Numbers of `_fit`: from a candidate pose to the layer on the recipe's grid.

Those that are compiled are constants of kernels, which numba keeps in its cache by the kernel's own file: after a change of one here, the
caches (`__pycache__/*.nb?`, or the folder NUMBA_CACHE_DIR) must go.
"""

from __future__ import annotations

from dataclasses import dataclass

from haac_match._thresholds.kinds import noise_model, tuned


@dataclass(frozen=True, slots=True)
class FitThresholds:
    """Levenberg-Marquardt on a warped element in a window, and the background inpainted around it."""

    clip: int = tuned(
        45, "colour distance, levels, above which an error counts no more: another layer may be there"
    )
    body: float = tuned(0.3, "coverage from which on a pixel shows an element well", compiled=True)
    guess: float = tuned(40.0, "levels by which an inpainted background is off")
    slack: float = noise_model(6.0, "levels by which a pixel is off that is nearly right, ...")
    small_slack: float = noise_model(2.0, "... and how many times as many in a small window, ...")
    small: int = tuned(64, "... which is one of so many pixels at most, the longer side")
    uncovered: float = tuned(0.1, "share of a window's pixel that layers above may cover if it counts")
    covered: float = tuned(0.99, "share that layers below must cover if its background is known")
    own: float = tuned(0.5, "coverage from which on a pixel is the element's own", compiled=True)
    grown: float = tuned(
        1.06, "how many times as large an element is taken for before what is beside it is inpainted"
    )
    grown_blur: float = tuned(0.5, "pixels of the window by which its blur is taken for larger")
    clear: float = tuned(0.02, "coverage below which the background shows", compiled=True)
    blur_share: float = tuned(
        0.06, "share of an element's diagonal that a blur may be: anything looks like a blot", compiled=True
    )
    blur_more: int = tuned(3, "pixels of blur besides", compiled=True)
    least_scale: float = tuned(0.02, "scale below which no element is sought", compiled=True)
    most_scale: int = tuned(16, "scale above which none is", compiled=True)
    stretch: float = tuned(
        1.0, "difference of the logarithms of both scales above which none is", compiled=True
    )
    least_opacity: float = tuned(0.05, "opacity that a step leads to at least", compiled=True)
    resampled: float = noise_model(
        0.18, "variance of the blur that resampling alone makes, square pixels", compiled=True
    )
    level_blur: float = tuned(
        1.5, "pixels of blur that a level of the pyramid may have; more: finer levels, slower", compiled=True
    )
    sharp: float = tuned(
        0.3, "pixels of blur below which an enlarged element is drawn without", compiled=True
    )
    blur_parts: int = tuned(
        8,
        "parts of a pixel that blurs are told apart by; more: elements are blurred anew more often",
        compiled=True,
    )
    step_turn: float = tuned(0.5, "radians of one step at most", compiled=True)
    step_scale: float = tuned(0.4, "logarithm of the scales of one step at most", compiled=True)
    damping: float = tuned(1e-2, "damping of the first step", compiled=True)
    least_damping: float = tuned(1e-4, "damping at least", compiled=True)
    most_damping: float = tuned(1e3, "damping above which no step is tried", compiled=True)
    damping_down: int = tuned(4, "what it is divided by after a good step", compiled=True)
    damping_up: int = tuned(10, "what it is multiplied by after a bad one", compiled=True)
    settled: float = tuned(
        0.995, "share of the error above which a step has led nowhere; less: more steps", compiled=True
    )


FIT = FitThresholds()


@dataclass(frozen=True, slots=True)
class FitterThresholds:
    """The stages of a fit, and what of its outcomes is accepted."""

    room: float = tuned(
        1.15, "size of a window over that of the pose in it; more: slower, and farther poses are caught"
    )
    grid_room: float = tuned(1.1, "the same on the grid")
    least_window: int = tuned(3, "pixels of a window at least")
    shared_parts: int = tuned(
        8, "parts of a window by which its sides are rounded, so that near poses share it"
    )
    shared_multiple: int = tuned(8, "pixels of which such a part is a multiple")
    shared_least: int = tuned(4, "pixels of such a part at least")
    coarse_side: int = tuned(44, "pixels of the longer side of a window of the coarse fit; more: slower")
    coarse_steps: int = tuned(5, "steps of the coarse fit at most")
    coarse_blur: float = tuned(0.8, "pixels of blur that it begins with")
    fine_side: int = tuned(128, "pixels of the longer side of a window of the fine fit; more: slower")
    fine_steps: int = tuned(10, "steps of the fine fit at most")
    photo_steps: int = tuned(6, "steps before the background is inpainted once more")
    loose_steps: int = tuned(6, "steps with both scales free")
    loose_gain: float = tuned(1.002, "how many times as much an even element must gain by that")
    faint_share: float = tuned(
        0.985, "share of the error that is taken away, below which translucency is tried"
    )
    faint_opacity: float = tuned(0.85, "opacity that it begins with")
    faint_steps: int = tuned(8, "steps with the opacity free")
    faint_most: float = tuned(0.95, "opacity from which on the layer stays opaque")
    faint_gain: float = tuned(0.1, "share of the rest of the error that translucency must take away")
    near_left: float = tuned(
        150.0,
        "mean squared error under JPEG from which on the grid is not searched: the layer is not the one",
    )
    near_good: float = tuned(0.4, "share of right pixels from which on it is, without JPEG")
    near_partly: float = tuned(0.1, "the same while overlapping layers are missing")
    near_photo: float = tuned(0.45, "the same on a photograph")
    near_photo_few: float = tuned(0.2, "the same there, with few opaque pixels")
    near_photo_faint: float = tuned(0.05, "share of the edges that a translucent layer takes away there")
    partly_clip: int = tuned(
        12, "colour distance above which an error counts no more while overlapping layers are missing"
    )
    other_cost: float = tuned(
        0.98, "share of the best cost that the other aspect ratio must be below to be polished"
    )
    sure: float = tuned(0.97, "share of a layer's pixels that are right bit for bit if it is the one")
    sure_left: float = noise_model(
        8.0, "mean squared error under JPEG below which it is; the nearest shades of backgrounds leave five"
    )
    sure_shown: int = tuned(100, "pixels that must show it there")
    sure_good: float = tuned(0.9, "share within the tolerance if a picture is degraded some other way, ...")
    sure_share: float = tuned(0.85, "... with this share of the error taken away, ...")
    surer_good: float = tuned(0.97, "... or this share of pixels within the tolerance, ...")
    surer_mended: float = tuned(0.7, "... and this share that would not be without the layer")
    least_opacity: int = tuned(35, "per cent of opacity below which a layer is a veil that hides an error")
    least_side: int = tuned(8, "pixels of a side below which it is a crumb that hides an error")
    most_stretch: float = tuned(
        0.65, "logarithm of the change of its aspect ratio from which on it is neither"
    )


FITTER = FitterThresholds()


@dataclass(frozen=True, slots=True)
class GridThresholds:
    """Gauss-Newton on rendered differences and local search, on the grid of the recipe."""

    steps: int = tuned(6, "Gauss-Newton steps at most")
    damping: float = tuned(1e-4, "share of the diagonal that is added to it")
    most_move: float = tuned(8.0, "differences that one step is long at most")
    parts: tuple[float, ...] = tuned((1.0, 0.5), "parts of a step that are tried")
    turn_pixels: int = tuned(120, "pixels of width over which a difference of a quarter degree shows")
    most_turn: int = tuned(8, "quarter degrees of a difference at most")
    sharp_blur: int = tuned(2, "quarter pixels of a difference of the blur where there is none")
    opacity: int = tuned(3, "per cent of a difference of the opacity")
    rounds: int = tuned(3, "rounds of the local search on the grid")
    degraded_rounds: int = tuned(2, "the same in a degraded picture")
    rests: int = noise_model(150, "of so many values of a rescaled picture, one may be off by a level")


GRID = GridThresholds()


@dataclass(frozen=True, slots=True)
class PhotoGridThresholds:
    """The same on an estimated background, where opaque pixels that are right bit for bit speak for a layer."""

    near: int = tuned(144, "squared distance from which on an opaque pixel is wrong", compiled=True)
    right: int = tuned(48, "squared distance that one is worth that is right bit for bit", compiled=True)
    beside: int = tuned(
        10, "how many times less an error counts where more of the background shows", compiled=True
    )
    far: int = tuned(400, "squared distance above which such an error counts no more", compiled=True)
    off: float = tuned(
        5.0,
        "how many times as far as an opaque one a pixel may be off that shows the background alone, plus one",
        compiled=True,
    )
    steep: int = tuned(4, "power of the coverage by which pixels weigh", compiled=True)
    telling: int = tuned(40, "opaque pixels from which on those that are right tell whether a layer is")
    tight: int = tuned(27, "squared distance by which a pixel that is nearly right is off")
    soon: int = tuned(15, "trials after which ...")
    soon_right: float = tuned(0.03, "... this share of the opaque pixels must be right, ...")
    some_right: float = tuned(
        0.1, "... and this share after all of them; more: faster, and some layers are missed"
    )
    many: int = tuned(600, "opaque pixels above which patience costs much, ...")
    gained: float = tuned(0.05, "... so that this share more of them must be right after each round")
    trials: int = tuned(600, "layers drawn for one candidate at most")
    pixels: int = tuned(30_000_000, "pixels drawn for one candidate at most")
    blurs: tuple[int, ...] = tuned((1, -1, 2, -2, 3, -3), "steps of the blur that are tried")
    opacities: tuple[int, ...] = tuned((2, -2, 4, -4, 9, -9), "steps of the opacity, ...")
    opacity_blurs: tuple[int, ...] = tuned((0, 1, -1, 2, -2), "... each with these of the blur")
    sides: tuple[int, ...] = tuned((-1, 1, -2, 2), "steps of a side around the centre, ...")
    side_blurs: tuple[int, ...] = tuned((0, -1, 1), "... each with these of the blur")


PHOTO_GRID = PhotoGridThresholds()
