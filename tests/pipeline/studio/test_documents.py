"""The document in the studio: state, forms, reading, writing, saving, pictures to trace."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from haac import (
    Colour,
    Layer,
    Scene,
    encode_inline,
    from_binary,
    from_text,
    gradient,
    read_recipe,
    render,
    run_script,
    to_binary,
    to_script,
    to_text,
)
from haac._internal import explain
from haac_repo import Repository
from haac_studio._document.scene_json import scene_from_json, scene_to_json
from haac_studio._limits import STUDIO_LIMITS
from haac_studio._server.sessions import Opened, Studio
from tests.pipeline.studio.studios import Browser, png, scene_json, serving, shape, studio_of


def example() -> Scene:
    scene = Scene(200, 150, background=gradient("#7fc4ee", "#fdf1d6"))
    scene.element("1").resize(60).rotate(12).place(10, 20)
    scene.element("3").flip().blur(1.5).opacity(0.5).place(80, -5)
    scene.element("1").resize(30, 50).crop(1, 1, 30, 30).brightness(1.2).place(150, 100)
    return scene


def sent(scene: Scene, **others: Any) -> dict[str, Any]:
    return {"scene": scene_to_json(scene), **others}


# State


def test_the_state_of_a_new_document(client: Browser, filled: Path) -> None:
    state = client.get("/api/state").json()
    with Repository.open(filled) as repository:
        assert state["repository"] == {
            "id": repository.id,
            "fingerprint": repository.fingerprint,
            "role": "writer",
            "path_name": "repo",
            "elements": 5,
            "published": False,
            "unpublished": 5,
        }
    assert state["document"] == {"name": "", "kind": "new", "scene": None}
    assert (state["draft"], state["reference"], state["notes"]) == (None, None, [])
    assert state["features"]["publish"] is True
    assert "no mirror" in state["features"]["sync"]


def test_the_state_of_a_recipe(filled: Path, folder: Path) -> None:
    opened = Opened("recipe", "a.haac", example())
    with studio_of(filled, folder, opened) as studio, serving(studio) as client:
        document = client.get("/api/state").json()["document"]
    assert (document["name"], document["kind"]) == ("a.haac", "recipe")
    assert scene_from_json(document["scene"]) == example()


# Forms


def test_all_forms_are_those_of_the_library(client: Browser) -> None:
    scene = example()
    found = client.post("/api/forms", json=sent(scene)).json()
    assert found["text"] == to_text(scene)
    assert base64.b64decode(found["binary"]) == to_binary(scene)
    assert found["bytes"] == len(to_binary(scene))
    assert found["script"] == to_script(scene)
    names = {1: "red circle (1)", 3: "blue cat (3)"}
    assert found["explain"] == explain(scene, lambda number: names[number])  # type: ignore[index]
    assert len(found["layers"]) == 3
    assert 0 < sum(layer["bits"] for layer in found["layers"]) < found["bits"] <= 8 * found["bytes"]
    assert found["unknown"] == []


def test_hidden_layers_are_not_in_the_recipe(client: Browser) -> None:
    scene = scene_to_json(example())
    scene["layers"][1] |= {"hidden": True, "name": "cat", "key": "k2", "locked": True, "anything": [1]}
    found = client.post("/api/forms", json={"scene": scene}).json()
    del scene["layers"][1]
    without = client.post("/api/forms", json={"scene": scene}).json()
    assert found["text"] == without["text"]
    assert found["layers"] == [without["layers"][0], {"bits": 0.0}, without["layers"][1]]


def test_a_broken_hidden_layer_does_no_harm(client: Browser) -> None:
    assert (
        client.post("/api/forms", json={"scene": scene_json({"hidden": True, "element": "?"})}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"width": 0}, "canvas width"),
        ({"width": 2.5}, "whole number"),
        ({"width": True}, "whole number"),
        ({"width": "200"}, "whole number"),
        ({"width": 10**30}, "canvas width"),
        ({"height": None}, "canvas height"),
        ({"background": 5}, "background"),
        ({"background": {"kind": "paint"}}, "kind"),
        ({"background": {"kind": ["colour"]}}, "kind"),
        ({"background": {"kind": "colour", "rgba": "nothing"}}, "colour"),
        ({"background": {"kind": "colour", "rgba": 4}}, "colour"),
        ({"background": {"kind": "gradient", "start": "#fff", "end": "#000", "angle": 1440}}, "angle"),
        ({"background": {"kind": "plate", "element": 3}}, "id"),
        ({"background": {"kind": "wash", "digits": "u"}}, "digit"),
        ({"background": {"kind": "wash", "digits": None}}, "digits"),
        ({"layers": {}}, "layers"),
        ({"layers": [3]}, "layer 1"),
        ({"layers": [{}]}, "layer 1: element"),
        ({"layers": [{"element": "1"}, {"element": "!"}]}, "layer 2"),
        ({"layers": [{"element": 1}]}, "element"),
        ({"layers": [{"element": "1", "opacity": 101}]}, "opacity"),
        ({"layers": [{"element": "1", "x": 1.5}]}, "layer 1: x"),
        ({"layers": [{"element": "1", "x": None}]}, "layer 1: x"),
        ({"layers": [{"element": "1", "flip": "x"}]}, "flip"),
        ({"layers": [{"element": "1", "flip": 1}]}, "flip"),
        ({"layers": [{"element": "1", "crop": [1, 2, 3]}]}, "crop"),
        ({"layers": [{"element": "1", "crop": [5, 0, 1, 9]}]}, "crop"),
        ({"layers": [{"element": "1", "crop": [0, 0, 4000, 9]}]}, "crop"),
        ({"layers": [{"element": "1", "scale": 500, "width": 20}]}, "scale"),
        ({"layers": [{"element": {"inline": "###"}}]}, "base64"),
        ({"layers": [{"element": {"inline": "AAAA"}}]}, "inline"),
        ({"layers": [{"element": {"inline": 7}}]}, "element"),
        ({"fingerprint": 70000}, "fingerprint"),
        ({"similar": True}, "similar"),
        ({"similar": 1}, "similar"),
        ({"layers": [{"element": "1", "width": 16000, "height": 16000}]}, "resized"),
    ],
)
def test_a_scene_with_errors_says_which(client: Browser, change: dict[str, Any], said: str) -> None:
    answer = client.post("/api/forms", json={"scene": scene_json() | change})
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_what_no_decoder_would_draw_is_refused(client: Browser) -> None:
    many = [{"element": "1", "width": 5000, "height": 5000, "blur": 1000} for _ in range(60)]
    answer = client.post("/api/forms", json={"scene": scene_json(*many, width=5000, height=5000)})
    assert answer.status_code == 400
    assert "work" in answer.json()["error"] or "time" in answer.json()["error"]


@pytest.mark.parametrize("scene", [None, [], 5, "haac1:", {}])
def test_what_is_no_scene_is_refused(client: Browser, scene: object) -> None:
    assert client.post("/api/forms", json={"scene": scene}).status_code == 400


def test_too_many_layers_are_refused(client: Browser) -> None:
    answer = client.post("/api/forms", json={"scene": scene_json(*[{"element": "1"}] * 4097)})
    assert (answer.status_code, "4097" in answer.json()["error"]) == (400, True)


def test_unknown_elements_are_named_and_do_not_end_the_work(client: Browser) -> None:
    found = client.post("/api/forms", json={"scene": scene_json({"element": "zz"}, {"element": "1"})}).json()
    assert found["unknown"] == ["zz"]
    assert "element zz" in found["explain"]


def test_a_paraphrase_says_that_it_is_one(client: Browser) -> None:
    found = client.post("/api/forms", json={"scene": scene_json({"element": "3"}, similar=True)}).json()
    assert found["similar"] is True
    assert "similar, not the same" in found["explain"].lower()
    assert found["text"].startswith("haac1:like:")


# Reading


def test_recipes_and_scripts_are_read(client: Browser) -> None:
    scene = example()
    for name, data in (
        ("a.haac", to_binary(scene)),
        ("a.txt", to_text(scene).encode()),
        ("a.haac", to_text(scene).encode()),
        ("a.py", to_script(scene).encode()),
    ):
        found = client.post("/api/read", params={"name": name}, content=data).json()
        assert found["name"] == name
        assert scene_from_json(found["scene"]) == scene


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.haac", b""),
        ("a.haac", b"\xa1\xff\x00"),
        ("a.txt", b"haac1:"),
        ("a.txt", b"haac9:1x1"),
        ("a.png", b"\x89PNG"),
        ("a.py", b"\xff"),
    ],
)
def test_what_is_no_recipe_is_refused(client: Browser, name: str, data: bytes) -> None:
    assert client.post("/api/read", params={"name": name}, content=data).status_code == 400


def test_a_script_with_code_is_not_run(client: Browser, folder: Path) -> None:
    code = (
        "import pathlib\npathlib.Path('owned').write_text('x')\nfrom haac import Scene\nscene = Scene(9, 9)\n"
    )
    answer = client.post("/api/read", params={"name": "evil.py"}, content=code.encode())
    assert answer.status_code == 400
    assert "haac studio evil.py" in answer.json()["error"]
    assert not list(folder.iterdir())


# Writing


def test_scenes_are_written_in_every_format(client: Browser, filled: Path, tmp_path: Path) -> None:
    scene = example()
    written = {
        kind: client.post("/api/write", json=sent(scene, format=kind)).content
        for kind in ("haac", "txt", "py", "png", "webp")
    }
    assert from_binary(written["haac"]) == scene
    assert from_text(written["txt"].decode()) == scene
    (tmp_path / "a.py").write_bytes(written["py"])
    assert run_script(tmp_path / "a.py") == scene
    with Repository.open(filled) as repository:
        drawn = render(scene, repository)
    for kind in ("png", "webp"):
        with Image.open(io.BytesIO(written[kind])) as image:
            assert image.convert("RGBA").tobytes() == drawn.tobytes()


@pytest.mark.parametrize("kind", ["jpg", "exe", "", None, 3, ["png"]])
def test_other_formats_are_refused(client: Browser, kind: object) -> None:
    assert client.post("/api/write", json=sent(example(), format=kind)).status_code == 400


def test_a_picture_of_unknown_elements_is_not_drawn(client: Browser) -> None:
    answer = client.post("/api/write", json={"scene": scene_json({"element": "zz"}), "format": "png"})
    assert answer.status_code == 404


def test_a_picture_of_another_repository_is_not_drawn(client: Browser, studio: Studio) -> None:
    other = studio.repository.fingerprint ^ 1
    answer = client.post(
        "/api/write", json={"scene": scene_json({"element": "1"}, fingerprint=other), "format": "png"}
    )
    assert (answer.status_code, "fingerprint" in answer.json()["error"]) == (400, True)


# Saving


def test_saving_writes_into_the_folder(client: Browser, folder: Path) -> None:
    scene = example()
    answer = client.post("/api/save", json=sent(scene, name="a.haac", overwrite=False)).json()
    assert answer == {"name": "a.haac", "bytes": len(to_binary(scene))}
    assert read_recipe((folder / "a.haac").read_bytes()) == scene
    assert client.post("/api/save", json=sent(scene, name="Bär é.txt")).status_code == 200
    assert read_recipe((folder / "Bär é.txt").read_bytes()) == scene


def test_a_file_that_is_there_is_not_overwritten_unasked(client: Browser, folder: Path) -> None:
    (folder / "a.txt").write_text("mine")
    answer = client.post("/api/save", json=sent(example(), name="a.txt", overwrite=False))
    assert (answer.status_code, (folder / "a.txt").read_text()) == (409, "mine")
    assert client.post("/api/save", json=sent(example(), name="a.txt", overwrite=True)).status_code == 200
    assert (folder / "a.txt").read_text().strip() == to_text(example())


def test_a_file_that_the_studio_has_not_read_is_told_first(client: Browser, folder: Path) -> None:
    """As of a document that was opened out of another folder, where a file here has the same name."""
    (folder / "a.txt").write_text("another")
    assert client.post("/api/save", json=sent(example(), name="a.txt", overwrite=True)).status_code == 409
    assert (folder / "a.txt").read_text() == "another"
    assert client.post("/api/save", json=sent(example(), name="a.txt", overwrite=True)).status_code == 200


def test_a_file_that_another_program_changed_is_told_once(client: Browser, folder: Path) -> None:
    assert client.post("/api/save", json=sent(example(), name="a.txt")).status_code == 200
    (folder / "a.txt").write_text("changed")
    answer = client.post("/api/save", json=sent(example(), name="a.txt", overwrite=True))
    assert (answer.status_code, answer.json()["changed"]) == (409, True)
    assert (folder / "a.txt").read_text() == "changed"
    assert client.post("/api/save", json=sent(example(), name="a.txt", overwrite=True)).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "../a.haac", "/tmp/a.haac", "a/b.haac", "a\\b.haac", "..", ".", "", None, 5, "C:a.haac", "a.haac:stream", ".hidden.haac",
        "a.haac.", "a.haac ", " a.haac", "nul.haac", "CON.txt", "com1.py", "LPT9.haac", "aux", "COM\u00b9.txt", "a\0.haac", "a\n.haac",
        "a?.haac", "x" * 250 + ".haac", "a.exe", "a", "a.sh", "a\u202egnp.haac", "\ud800.haac", "~/a*.haac",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(client: Browser, folder: Path, name: object) -> None:
    body = json.dumps(sent(example(), name=name, overwrite=True)).encode()
    answer = client.post("/api/save", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not list(folder.iterdir())
    assert not list(folder.parent.glob("*.haac"))


def test_links_and_folders_are_not_overwritten(client: Browser, folder: Path) -> None:
    outside = folder.parent / "outside.haac"
    outside.write_text("mine")
    (folder / "link.haac").symlink_to(outside)
    (folder / "folder.haac").mkdir()
    for name in ("link.haac", "folder.haac"):
        assert client.post("/api/save", json=sent(example(), name=name, overwrite=True)).status_code == 400
    assert outside.read_text() == "mine"


def test_a_scene_with_errors_is_not_saved(client: Browser, folder: Path) -> None:
    bad = scene_json({"element": "1", "opacity": 300})
    assert client.post("/api/save", json={"scene": bad, "name": "a.haac"}).status_code == 400
    assert not list(folder.iterdir())


# Pictures to trace


def test_a_reference_is_shown_upright(client: Browser) -> None:
    image = Image.new("RGB", (30, 20), "red")
    exif = Image.Exif()
    exif[0x112] = 6  # a quarter turn
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    told = client.post("/api/reference", params={"name": "../x/photo.jpg"}, content=buffer.getvalue()).json()
    assert (told["width"], told["height"], told["name"]) == (20, 30, "photo.jpg")
    answer = client.get(told["url"])
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert shown.size == (20, 30)
    assert client.delete(told["url"]).status_code == 200
    assert client.get(told["url"]).status_code == 404
    assert client.delete(told["url"]).status_code == 404


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(client: Browser, data: bytes) -> None:
    assert client.post("/api/reference", params={"name": "a.png"}, content=data).status_code == 400


def test_only_the_latest_references_are_kept(client: Browser) -> None:
    data = png(shape(0x102030))
    urls = [
        client.post("/api/reference?name=a", content=data).json()["url"]
        for _ in range(STUDIO_LIMITS.references + 1)
    ]
    assert [client.get(url).status_code for url in urls] == [404] + [200] * STUDIO_LIMITS.references


# The JSON of a scene


def test_every_scene_survives_the_way_to_the_browser_and_back(filled: Path) -> None:
    from haac import encode_wash

    with Repository.open(filled) as repository:
        picture = render(example(), repository)
    inline = encode_inline(shape(0x405060, 16))
    washed = encode_wash(picture, budget=60)
    scenes = [
        Scene(9, 7),
        Scene(9, 7, Colour(0x11223344)),
        example(),
        Scene(200, 150, washed, [Layer(inline, x=5), Layer(2), Layer(inline, x=9)], 0x1234),
    ]
    for scene in scenes:
        sent_ = json.loads(json.dumps(scene_to_json(scene)))
        assert scene_from_json(sent_) == scene
