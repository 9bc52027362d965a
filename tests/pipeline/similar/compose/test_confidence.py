"""When an element may stand for an object, and what is said where it may not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from haac import Layer
from haac_similar import SimilarElement
from haac_similar._compose import people
from haac_similar._compose.choice import Choice
from haac_similar._compose.confidence import doubt, hopeless
from haac_similar._options import SalientObject
from haac_similar._place.place import Placed

OBJECT = SalientObject(np.full((4, 4), 255, np.uint8), (0, 0, 4, 4), 0.3, 0.0)
SURE = Choice(
    SimilarElement(1, "dog", 1.0, 5, 5, (0, 0, 4, 4)), OBJECT, Placed(Layer(1), 0.9), "dog", 0.9, False
)


def test_what_is_sure_may_be_told() -> None:
    assert doubt(SURE, people=False) == doubt(SURE, people=True) == ""


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (replace(SURE, sure=0.49), "cannot be told for sure"),
        (replace(SURE, element=replace(SURE.element, kind="")), "cannot be told for sure"),
        (replace(SURE, element=replace(SURE.element, agree=2)), "different kinds (2 of 5 agree)"),
        (replace(SURE, kind="cat"), "like a cat, and the element that would tell it is like a dog"),
        (replace(SURE, salient=replace(OBJECT, share=0.019)), "too small"),
        (replace(SURE, person=True), "--people"),
    ],
)
def test_each_doubt_is_told(choice: Choice, said: str) -> None:
    assert said in doubt(choice, people=False)


@pytest.mark.parametrize("sure", [0.49, 0.5])
@pytest.mark.parametrize("agree", [2, 3])
@pytest.mark.parametrize("share", [0.019, 0.02])
def test_what_is_hopeless_is_doubted_whichever_element_is_taken(
    sure: float, agree: int, share: float
) -> None:
    salient = replace(OBJECT, share=share)
    choices = [
        replace(SURE, sure=sure, salient=salient, element=replace(SURE.element, agree=each))
        for each in range(agree + 1)
    ]
    doubted = all(doubt(choice, people=False) for choice in choices)
    assert hopeless(sure, agree, salient) == doubted


def test_people_only_lift_the_doubt_about_people() -> None:
    assert doubt(replace(SURE, person=True), people=True) == ""
    assert doubt(replace(SURE, person=True, sure=0.1), people=True)


def test_animals_are_never_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_has_face", lambda _: True)
    picture = Image.new("RGB", (30, 30))
    assert not any(people.may_show_person(picture, kind) for kind in people.ANIMALS)
    assert people.may_show_person(picture, "furniture")
    assert people.may_show_person(picture, "")


def test_what_is_worn_is_a_person_without_a_face() -> None:
    picture = Image.new("RGB", (5, 300))
    assert all(people.may_show_person(picture, kind) for kind in people.WORN)
    assert not people.may_show_person(picture, "furniture")
