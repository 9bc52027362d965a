"""Query expansion over the vocabulary of the full-text index: other forms of a word (stemming), and the nearest spelling.

The index holds words as they are written, so that the beginning of a word finds it. What else a word may mean is looked up in the words
that elements have when somebody searches: an index made by any version of haac will do, and one that cannot be written to.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_CANDIDATES = 4_096
"""So many words with the same beginning are stemmed."""
_FORMS = 64
"""So many forms of a word go into a query."""
_SHORTEST = 3
"""Letters that a word needs to have other forms."""
_PAIRS = {
    "child": "children",
    "die": "dice",
    "foot": "feet",
    "goose": "geese",
    "louse": "lice",
    "mouse": "mice",
    "ox": "oxen",
    "person": "people",
    "tooth": "teeth",
}
_IRREGULAR = _PAIRS | {plural: singular for singular, plural in _PAIRS.items()}
_owns = re.compile("\\w['\N{RIGHT SINGLE QUOTATION MARK}]s\\W*$", re.IGNORECASE).search
_ENDINGS = (("ves", "f"), ("ves", "fe"), ("men", "man"), ("ses", "s"))
"""Plurals that the stemmer does not know: knives, wolves, snowmen, buses."""


def words_of(text: str) -> list[str]:
    """The words of a query, without quotes; what is no text, such as bytes of an argument in another encoding, becomes a question mark."""
    plain = text.encode("utf-8", "replace").decode()
    terms = [word.replace('"', "") for word in plain.replace("\0", " ").split()]
    return [term for term in terms if term]


def match_expression(db: Database, text: str, *, exact: bool = False) -> str:
    """The FTS5 expression that finds the elements with all words of `text`; '' if it has none.

    Args:
        db: The catalog.
        text: Words, apart by white space. Each is taken as a beginning, or any of its forms that elements have.
        exact: Each is taken as it is written.
    """
    words = words_of(text)
    if exact:
        return " ".join(f'"{word}"' for word in words)
    plain, groups = [], []
    # FTS5 takes what has neither letter nor digit for a word that nobody has, but beside others for none.
    said = [word for word in words if any(map(str.isalnum, word))] or words
    for word in said:
        others = forms(db, word)
        if others:
            groups.append("(" + " OR ".join([f'"{word}"*', *(f'"{other}"' for other in others)]) + ")")
        else:
            plain.append(f'"{word}"*')
    return " AND ".join(([" ".join(plain)] if plain else []) + groups)


def forms(db: Database, word: str) -> list[str]:
    """The words of elements that are other forms of a word, and do not begin with it: 'cat' of 'cats', 'knife' of 'knives'.

    Of one with punctuation in it the last part counts: 't shirt' of 't-shirts', 'dog' of 'dogs,' and of 'dog's'.

    English only: irregular plurals, and the Porter stemmer that comes with SQLite.

    Source: M. F. Porter, "An algorithm for suffix stripping" (1980).
    """
    before, folded, own = _parts(word)
    if len(folded) < _SHORTEST or not folded.isalpha():
        return []
    start = folded[: max(2, len(folded) // 2)]
    near = [term for term, _ in _terms(db, start, last=_CANDIDATES)]
    found = dict.fromkeys(_same_stem(folded, near))
    irregular = _irregular(folded)
    found |= dict.fromkeys(
        term for other in irregular for term, _ in _terms(db, other, last=1) if term == other
    )
    if own:
        found |= dict.fromkeys(term for term in near if term == folded)
    others = [term for term in found if own or not term.startswith(folded)]
    return [" ".join([*before, term]) for term in others[:_FORMS]]


def _parts(word: str) -> tuple[list[str], str, bool]:
    """What the index makes of a word: its parts but for the last, the last, which may have other forms, and whether it owned something.

    'dogs,' is 'dogs', 't-shirts' is 't' and 'shirts', 'dog's' is 'dog' and owns something.
    """
    parts = _tokens(word)
    if len(parts) > 1 and parts[-1] == "s" and _owns(word):
        return parts[:-2], parts[-2], True
    return parts[:-1], parts[-1] if parts else "", False


def _tokens(word: str) -> list[str]:
    """The words that the index has of one with punctuation, folded."""
    return "".join(letter if letter.isalnum() else " " for letter in _folded(word)).split()


def nearest(db: Database, text: str) -> str:
    """The query with each word that no element has replaced by the nearest one that elements have.

    Near is what few insertions, deletions, substitutions and transpositions make of it: one in a word of 4 or 5 letters, two in a longer
    one whose first letter is right. Of words that are equally near the one that most elements have counts.

    Returns:
        The corrected query; '' if elements have all its words, or if there is nothing near to one of them.
    """
    words = words_of(text)
    corrected = []
    for word in words:
        tokens = _tokens(word)
        folded = tokens[0] if tokens else ""
        if len(tokens) != 1 or _terms(db, folded, last=1) or forms(db, word):
            corrected.append(word)
        elif other := _nearest(db, folded):
            corrected.append(other)
        else:
            return ""
    return "" if corrected == words else " ".join(corrected)


def _nearest(db: Database, word: str) -> str:
    most = 0 if len(word) < 4 else 1 if len(word) < 6 else 2
    if most == 0:
        return ""
    letters = set(word)
    # Who mistypes a word seldom mistypes its first letter, and only a part of the words is read then.
    for start, edits in ((word[0], most), ("", 1)):
        best: list[tuple[int, int, str]] = []
        for term, elements in _terms(db, start, lengths=(len(word) - edits, len(word) + edits)):
            if len(letters.symmetric_difference(term)) > 2 * edits:
                continue
            distance = edit_distance(word, term, edits)
            if distance <= edits:
                best.append((distance, -elements, term))
        if best:
            return min(best)[2]
    return ""


def edit_distance(one: str, other: str, most: int) -> int:
    """Edit distance with transpositions of neighbours (optimal string alignment); any number above `most` if it is more.

    Source: F. J. Damerau, "A technique for computer detection and correction of spelling errors" (1964).
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: Sequence[int] = ()
    row: Sequence[int] = range(len(other) + 1)
    for i, letter in enumerate(one, 1):
        new = [i]
        for j, against in enumerate(other, 1):
            cost = min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            new.append(cost)
        if min(new) > most:
            return most + 1
        before, row = row, new
    return row[-1]


def _irregular(word: str) -> list[str]:
    found = [_IRREGULAR[word]] if word in _IRREGULAR else []
    for plural, singular in _ENDINGS:
        if word.endswith(plural):
            found.append(word.removesuffix(plural) + singular)
        if word.endswith(singular):
            found.append(word.removesuffix(singular) + plural)
    return found


def _same_stem(word: str, terms: Iterable[str]) -> list[str]:
    """Those of the terms that have the stem of `word`: SQLite is asked, in a table in memory."""
    listed = list(terms)
    if not listed:
        return []
    with contextlib.closing(sqlite3.connect(":memory:")) as stems:
        stems.execute("create virtual table stem using fts5 (word, content='', tokenize='porter unicode61')")
        stems.executemany("insert into stem (rowid, word) values (?, ?)", enumerate(listed))
        rows = stems.execute("select rowid from stem where stem match ? order by rowid", [f'"{word}"'])
        return [listed[row] for (row,) in rows]


def _terms(
    db: Database, start: str, *, last: int = -1, lengths: tuple[int, int] = (1, 1_000)
) -> list[tuple[str, int]]:
    """Words of the elements that begin with `start`, in order, and how many elements have each.

    Args:
        db: The catalog.
        start: Folded as the index folds it; '': all.
        last: So many at most; -1: all.
        lengths: Letters that a word has, from and to.
    """
    db.execute(
        "create virtual table if not exists temp.vocabulary using fts5vocab ('main', 'element_fts', 'row')"
    )
    # Nothing that begins with it comes after it and the highest code point.
    rows = db.execute(
        "select term, doc from temp.vocabulary where term >= ? and term <= ? and length(term) between ? and ? limit ?",
        [start, start + "\U0010ffff", *lengths, last],
    )
    return rows.fetchall()


def _folded(word: str) -> str:
    """A word as the index has it: lower case, without diacritics."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))
