"""Element ids in the binary form: coded as a set, then the order of the layers (docs/format.md). It is the largest part of a recipe.

First the elements as a set, which takes log2(n!) bits less than a list of n; then, layer after layer, which of those that are left
comes. In a scene in ascending order (`_forms.layer_order`) that is always the next one, and soon costs next to nothing; in any other, the
order costs what the set saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from haac._inline import Inline
from haac._rans import Adaptive, Binomial, Coder, Table, Uniform
from haac_repo import RecipeError

_NEXT = Table(4, 8)


class Elements:
    """Multiset of the elements that are not yet given to a layer.

    Args:
        items: the different elements: inline ones in the order of their first use, then the others in ascending order.
        left: of each layer the index of its element, ascending.
    """

    def __init__(self, items: list[int | Inline], left: list[int]) -> None:
        self._items, self._left = items, left
        self._next = Adaptive(_NEXT)
        self._at = 0
        """Place in `left` of the one after the last."""

    def take(self, io: Coder, wanted: Callable[[], int | Inline]) -> int | Inline:
        """Code the element of the next layer."""
        at = io.joined("element", lambda: self._place(io, wanted), self._left.__getitem__)
        self._at = at
        return self._items[self._left.pop(at)]

    def _place(self, io: Coder, wanted: Callable[[], int | Inline]) -> int:
        """In `left`: that of the next one, or any other."""
        left = self._left
        following = self._at % len(left)
        if len(left) == 1:
            return 0
        if io.pick("", self._next, lambda: self._items[left[following]] == wanted()):
            return following
        place = io.pick(
            "", Uniform(len(left) - 1), lambda: _skipping(left.index(self._items.index(wanted())), following)
        )
        return place + (place >= following)


def _skipping(place: int, one: int) -> int:
    return place - (place > one)


def code_elements(
    io: Coder, new: int, again: int, bits: int, inlines: Sequence[Inline], wanted: Sequence[int | Inline]
) -> Elements:
    """Code the multiset of the layers' elements, without their order.

    Args:
        io: either direction.
        new: how many different elements of the repository there are.
        again: how many layers show an element that another layer shows, too.
        bits: of the largest number of an element.
        inlines: in the order of their first use.
        wanted: while encoding, the element of each layer.

    Raises:
        RecipeError: no encoder writes this.
    """
    numbers = sorted({element for element in wanted if isinstance(element, int)})
    found = io.joined("elements", lambda: _picks(io, new, bits, numbers), len)
    items: list[int | Inline] = [*inlines, *found]
    if len(set(items)) < len(items):
        raise RecipeError("the recipe is damaged: two of its different elements are the same")
    shown = sorted(map({item: n for n, item in enumerate(items)}.__getitem__, wanted))
    repeats = [n for before, n in zip([-1, *shown], shown, strict=False) if before == n]
    if again:
        room = (len(items) - 1).bit_length()
        repeats = io.joined("elements again", lambda: _picks(io, again, room, repeats), len)
        if repeats[-1] >= len(items):
            raise RecipeError("the recipe is damaged: it repeats an element that it does not have")
    return Elements(items, sorted([*range(len(items)), *repeats]))


def _picks(io: Coder, count: int, bits: int, wanted: Sequence[int]) -> list[int]:
    """Code an ascending list of numbers below 2^bits by halving: how many are in the lower half, then each half in the same way."""
    if count == 0 or bits == 0:
        return [0] * count
    if count == 1:
        return [io.pick("", Uniform(1 << bits), lambda: wanted[0])]
    half = 1 << (bits - 1)
    lower = io.pick("", Binomial(count), lambda: sum(number < half for number in wanted))
    below = _picks(io, lower, bits - 1, wanted[:lower])
    above = _picks(io, count - lower, bits - 1, [number - half for number in wanted[lower:]])
    return below + [half + number for number in above]
