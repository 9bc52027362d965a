"""Scripts read without running them: all that are written by haac, plain variations, and nothing that would do something."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haac import Colour, Gradient, Layer, Plate, Scene, encode_inline, encode_wash, run_script, to_script
from haac_repo import RecipeError
from haac_studio._document.script_reader import read_script
from tests.pipeline.studio.studios import shape

INLINES = [encode_inline(shape(colour, 12)) for colour in (0x102030, 0xE0E0E0)]
WASH = encode_wash(shape(0x405060, 64), budget=40)
numbers = st.integers(1, 2**40 - 1)
colours = st.integers(0, 0xFFFFFFFF)
per_cent = st.just(100) | st.integers(0, 400)
lengths = st.none() | st.integers(1, 16383)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    left, top = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    scale = draw(st.none() | st.integers(1, 16000))
    return Layer(
        draw(numbers | st.sampled_from(INLINES)),
        crop=draw(
            st.none() | st.just((left, top, left + draw(st.integers(1, 9)), top + draw(st.integers(1, 9))))
        ),
        flip=draw(st.sampled_from(["", "h", "v", "hv"])),
        brightness=draw(per_cent),
        contrast=draw(per_cent),
        saturation=draw(per_cent),
        width=None if scale else draw(lengths),
        height=None if scale else draw(lengths),
        scale=scale,
        rotation=draw(st.integers(0, 1439)),
        blur=draw(st.just(0) | st.integers(0, 1000)),
        opacity=draw(st.just(100) | st.integers(0, 100)),
        x=draw(st.integers(-(2**30), 2**30)),
        y=draw(st.integers(-(2**30), 2**30)),
    )


backgrounds = (
    st.none()
    | st.builds(Colour, colours)
    | st.builds(Gradient, colours, colours, st.integers(0, 1439))
    | st.builds(Plate, numbers)
    | st.just(WASH)
)
scenes = st.builds(
    Scene,
    st.just(64),
    st.just(64),
    backgrounds,
    st.lists(layers(), max_size=6),
    st.none() | st.integers(0, 0xFFFF),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(scenes)
def test_what_haac_writes_is_read_as_it_would_run(tmp_path: Path, scene: Scene) -> None:
    script = to_script(scene)
    path = tmp_path / "scene.py"
    path.write_text(script)
    assert read_script(script.encode(), "scene.py") == run_script(path) == scene


VARIATIONS = {
    "comments and blank lines": '# a scene\nfrom haac import Scene\n\n"""A picture."""\nscene = Scene(64, 48)  # small\n',
    "the module": 'import haac\nscene = haac.Scene(64, 48, background=haac.colour("red"))\n',
    "another name": "import haac as h\nfrom haac import Scene as S\npicture = S(64, 48)\n",
    "keywords": 'from haac import Scene\nscene = Scene(height=48, width=64)\nscene.element(id="7").place(y=3, x=-4)\n',
    "a variable of a layer": (
        "from haac import Scene\nscene = Scene(64, 48)\n"
        'sun = scene.element("7")\nsun.scale(0.5)\nsun.rotate(-3).place(1, 2)\n'
    ),
    "arithmetic": (
        "from haac import Scene\nW = 64\nH = W * 3 // 4\nscene = Scene(W, H)\n"
        'scene.element("7").place(scene.width // 2 - 5, -(H - 1))\n'
    ),
    "attributes": (
        "from haac import Scene, gradient\nscene: Scene = Scene(64, 48)\n"
        'scene.background = gradient("#fff", "navy", 90)\nscene.fingerprint = 0x12ab\n'
    ),
    "several scenes": "from haac import Scene\nother = Scene(9, 9)\nscene = Scene(64, 48)\n",
    "the same scene twice": "from haac import Scene\nscene = Scene(64, 48)\nalias = scene\n",
    "a byte order mark": "\ufefffrom haac import Scene\nscene = Scene(64, 48)\n",
}


@pytest.mark.parametrize("variation", VARIATIONS)
def test_plain_variations_are_read_as_they_would_run(tmp_path: Path, variation: str) -> None:
    path = tmp_path / "scene.py"
    path.write_text(VARIATIONS[variation], encoding="utf-8")
    assert read_script(path.read_bytes(), "scene.py") == run_script(path)


HEAD = "from haac import Scene, wash, inline\nscene = Scene(64, 48)\n"
CODE = {
    "import": "import os",
    "another module": "from os import system",
    "an inner module": "from haac._internal import draw",
    "everything": "from haac import *",
    "another function": "from haac import run_script",
    "call": "print(scene)",
    "dunder": "__import__('os').system('touch owned')",
    "attribute": "scene.__class__",
    "attribute of the module": "import haac\nhaac._cli",
    "method": "scene.check()",
    "inner method": "scene.element('1')._set(x=5)",
    "mutation": "scene.layers.append(1)",
    "layers": "Scene(4, 4, layers=scene)",
    "loop": "for n in range(3):\n    scene.element('1')",
    "endless": "while True:\n    pass",
    "function": "def f():\n    pass",
    "class": "class A:\n    pass",
    "lambda": "f = lambda: 1",
    "comprehension": "a = [scene.element('1') for n in (1, 2)]",
    "condition": "if scene:\n    pass",
    "with": "with open('x') as f:\n    pass",
    "try": "try:\n    pass\nfinally:\n    pass",
    "power": "a = 9 ** 9 ** 9",
    "shift": "a = 1 << 999999999",
    "text times number": "a = 'x' * 999999999",
    "star": "scene.element(*'1')",
    "two stars": "scene.element(**scene)",
    "f-string": "scene.element(f'{1}')",
    "file": "scene.element(open('/etc/passwd').read())",
    "delete": "del scene",
    "walrus": "scene.element((a := '1'))",
    "shadowed name": "Scene = scene\nScene(3, 4)",
    "assignment to a method": "scene.element = scene",
    "several targets": "a = b = 1",
    "decorated": "@scene\ndef f():\n    pass",
}


@pytest.mark.parametrize("code", CODE)
def test_a_script_with_code_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"evil\.py, line \d+.*haac studio evil\.py"):
        read_script((HEAD + CODE[code] + "\n").encode(), "evil.py")
    assert not list(tmp_path.iterdir())


WRONG: dict[str, tuple[str | bytes, str]] = {
    "no scene": ("x = 1\n", "leaves no scene"),
    "two scenes": ("from haac import Scene\na = Scene(1, 1)\nb = Scene(2, 2)\n", "several scenes"),
    "syntax": ("scene = (\n", "line 1"),
    "outside the limits": ("from haac import Scene\nscene = Scene(0, 5)\n", "line 2: the canvas width"),
    "no id": (HEAD + "scene.element('!')\n", "line 3"),
    "a number as id": (HEAD + "scene.element(7)\n", "format_id"),
    "too few arguments": ("from haac import Scene\nscene = Scene(1)\n", "line 2: TypeError"),
    "no such option": (HEAD + "scene.element('1').place(z=3)\n", "line 3: TypeError"),
    "a word for a number": (HEAD + "scene.element('1').scale('big')\n", "line 3"),
    "zero": ("a = 1 // 0\n", "divided by zero"),
    "a huge number": ("a = 999999999999 * 999999999999\n", "larger"),
    "not a number": ("a = 1e999\nb = a - a\n", "larger"),
    "too many layers": (HEAD + "scene.element('1')\n" * 4100, "4096 layers"),
    "many washes": (HEAD + "a = wash(8, 8, '0')\n" * 5, "more than 4 times"),
    "similar to nothing": (HEAD + "scene.similar = True\n", "similar"),
    "another background": (HEAD + "scene.background = 5\n", "background"),
    "NUL": ("a = '\0'\n", "null"),
    "not UTF-8": (b"a = '\xff'\n", "UTF-8"),
    "brackets": ("(" * 100_000, "nested"),
    "deep": ("a = 1" + " + 1" * 100_000 + "\n", "deep"),
    "long": ("#" * (2**21 + 1), "bytes"),
    "minus": ("a = " + "-" * 500_000 + "1\n", "script"),
    "unused name": ("scene = Scene(4, 4)\n", "Scene"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_script_is_said_once(case: str) -> None:
    script, said = WRONG[case]
    with pytest.raises(RecipeError) as error:
        read_script(script if isinstance(script, bytes) else script.encode(), "bad.py")
    assert "bad.py" in str(error.value)
    assert said in str(error.value)
