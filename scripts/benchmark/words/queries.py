"""What people type, and what they mean by it: 60 queries, 20 each of plurals, misspellings and other words for the same.

They were written before anything was made for them. Every second one (`TUNE`) was looked at meanwhile, the others (`TEST`) were not.
"""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """One query."""

    kind: str
    words: str
    meant: str
    """Regular expression found in the plain name of each picture that is meant, of either set."""


_PLURALS = (
    ("cats", r"\bcat\b"),
    ("knives", r"\bknife\b"),
    ("strawberries", r"\bstrawberry\b"),
    ("mice", r"\bmouse\b"),
    ("foxes", r"\bfox\b"),
    ("wolves", r"\bwolf\b"),
    ("pizzas", r"\bpizza\b"),
    ("butterflies", r"\bbutterfly\b"),
    ("buses", r"\bbus\b"),
    ("geese", r"\bgoose\b"),
    ("tomatoes", r"\btomato\b"),
    ("red apples", r"\bred apple\b"),
    ("bananas", r"\bbanana\b"),
    ("snow leopards", r"\bsnow leopard\b"),
    ("violins", r"\bviolin\b"),
    ("teeth", r"\btooth\b"),
    ("watches", r"\bwatch\b"),
    ("sock", r"\bsocks?\b"),
    ("pyjama", r"\bpa?yjamas?\b|\bpajama\b"),
    ("leaves", r"\bleaf\b"),
)
_TYPOS = (
    ("girafe", r"\bgiraffe\b"),
    ("elefant", r"\belephant\b"),
    ("bannana", r"\bbanana\b"),
    ("umbrela", r"\bumbrella\b"),
    ("hambuger", r"\bhamburger\b"),
    ("volcanoe", r"\bvolcano\b"),
    ("pengiun", r"\bpenguin\b"),
    ("croccodile", r"\bcrocodile\b"),
    ("accordian", r"\baccordion\b"),
    ("tomatoe", r"\btomato\b"),
    ("strawbery", r"\bstrawberry\b"),
    ("guittar", r"\bguitar\b"),
    ("bicyle", r"\bbicycle\b"),
    ("octupus", r"\boctopus\b"),
    ("ambulence", r"\bambulance\b"),
    ("dolfin", r"\bdolphin\b"),
    ("brocoli", r"\bbroccoli\b"),
    ("golden retreiver", r"\bgolden retriever\b"),
    ("zerba", r"\bzebra\b"),
    ("microphon", r"\bmicrophone\b"),
)
_SYNONYMS = (
    ("lorry", r"\btruck\b"),
    ("bike", r"\bbicycle\b|\bmountain bike\b"),
    ("fries", r"\bfrench fries\b"),
    ("kitten", r"\bcat\b"),
    ("bunny", r"\brabbit\b"),
    ("aeroplane", r"\bairplane\b|\bairliner\b"),
    ("sofa", r"\bcouch\b"),
    ("fridge", r"\brefrigerator\b"),
    ("cop", r"\bpolice\b"),
    ("aubergine", r"\baubergine\b|\beggplant\b"),
    ("doctor", r"\bstaff of aesculapius\b|\bhealth worker\b|\bstethoscope\b"),
    ("christmas", r"\bchristmas\b|\bfather christmas\b"),
    ("cinema", r"\bcinema\b|\bmovie camera\b"),
    ("trousers", r"\bjeans?\b"),
    ("cooking knife", r"\bhocho\b"),
    ("sneaker", r"\bathletic shoe\b|\brunning shoe\b"),
    ("taxi", r"\btaxi\b|\bcab\b"),
    ("photograph", r"\bcamera\b"),
    ("telephone", r"\btelephone\b"),
    ("cash", r"\bbanknote\b|\bmoney\b"),
)

_ALL = tuple(
    Query(kind, words, meant)
    for kind, pairs in (("plurals", _PLURALS), ("misspellings", _TYPOS), ("other words", _SYNONYMS))
    for words, meant in pairs
)
TUNE, TEST = _ALL[::2], _ALL[1::2]
