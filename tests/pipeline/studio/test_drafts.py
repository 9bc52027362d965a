"""Drafts: kept from change to change, found again after a crash, one a studio."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from haac import Scene, to_binary, to_script
from haac_repo import HaacError
from haac_studio._document import drafts
from haac_studio._document.drafts import Draft, state_folder
from haac_studio._server.sessions import Studio
from tests.pipeline.studio.studios import Browser, Command, png, scene_json, serving, shape, studio_of

REPOSITORY = "0" * 32


@pytest.fixture(autouse=True)
def elsewhere(folder: Path) -> Path:
    """The user's own drafts are left alone."""
    return folder


def test_a_draft_is_kept_and_given_back(client: Browser) -> None:
    scene = scene_json(
        {"element": "1", "hidden": True, "name": "a layer", "key": "k"}, anything=[1, {"x": None}]
    )
    saved = client.put("/api/draft", json={"scene": scene, "label": "Move"}).json()
    draft = client.get("/api/state").json()["draft"]
    assert draft == {"scene": scene, "label": "Move", "saved_at": saved["saved_at"]}
    assert client.delete("/api/draft").status_code == 200
    assert client.get("/api/state").json()["draft"] is None
    assert client.delete("/api/draft").status_code == 200


@pytest.mark.parametrize("sent", [{}, {"scene": 5}, {"scene": []}, {"scene": {}, "label": 4}])
def test_what_is_no_draft_is_refused(client: Browser, sent: dict[str, object]) -> None:
    client.put("/api/draft", json={"scene": scene_json(), "label": "kept"})
    assert client.put("/api/draft", json=sent).status_code == 400
    assert client.get("/api/state").json()["draft"]["label"] == "kept"


def test_a_scene_with_errors_is_kept_too(client: Browser) -> None:
    """It is somebody's work."""
    bad = scene_json({"element": "?", "opacity": 900})
    assert client.put("/api/draft", json={"scene": bad, "label": ""}).status_code == 200
    assert client.get("/api/state").json()["draft"]["scene"] == bad


def test_drafts_of_other_documents_are_others() -> None:
    one, other, third = Draft(REPOSITORY, "a"), Draft(REPOSITORY, "b"), Draft("1" * 32, "a")
    one.save({"width": 1}, "one")
    assert (other.load(), third.load()) == (None, None)
    for draft in (one, other, third):
        draft.close()


def test_a_second_studio_has_a_draft_of_its_own(filled: Path, folder: Path) -> None:
    with studio_of(filled, folder) as first, studio_of(filled, folder) as second:
        assert (first.draft.others, second.draft.others) == (False, True)
        for studio, label in ((first, "first"), (second, "second")):
            with serving(studio) as client:
                client.put("/api/draft", json={"scene": scene_json(), "label": label})
        found = [studio.draft.load() for studio in (first, second)]
        assert [each and each.label for each in found] == ["first", "second"]
    # Neither is lost: the newest comes first, then the other.
    labels = []
    for _ in range(2):
        draft = Draft(first.repository.id, str(folder))
        saved = draft.load()
        labels.append(saved and saved.label)
        draft.discard()
        draft.close()
    assert labels == ["second", "first"]


def test_the_first_draft_is_found_though_a_second_studio_runs(filled: Path, folder: Path) -> None:
    with studio_of(filled, folder) as first:
        first.draft.save({"width": 1}, "first")
        with studio_of(filled, folder) as second:
            assert second.draft.load() is None


def test_so_many_studios_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_SLOTS", 2)
    held = [Draft(REPOSITORY, "a"), Draft(REPOSITORY, "a")]
    with pytest.raises(HaacError, match="2 studios have a open"):
        Draft(REPOSITORY, "a")
    for draft in held:
        draft.close()
    Draft(REPOSITORY, "a").close()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1, "scene": 5}', b"[" * 100_000]
)
def test_a_damaged_draft_is_none(damage: bytes) -> None:
    draft = Draft(REPOSITORY, "a")
    draft.save({"width": 1}, "x")
    (path,) = state_folder().rglob("draft.json")
    path.write_bytes(damage)
    assert draft.load() is None
    draft.save({"width": 2}, "y")
    assert draft.load() == drafts.Saved({"width": 2}, "y", draft.load().saved_at)  # type: ignore[union-attr]
    draft.close()


def test_a_draft_that_cannot_be_written_leaves_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = Draft(REPOSITORY, "a")
    draft.save({"width": 1}, "before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        draft.save({"width": 2}, "after")
    monkeypatch.undo()
    saved = draft.load()
    assert saved is not None
    assert saved.label == "before"
    draft.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_only_the_user_may_read_drafts() -> None:
    draft = Draft(REPOSITORY, "a")
    draft.save({"width": 1}, "x")
    (path,) = state_folder().rglob("draft.json")
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    draft.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_the_folder_for_state_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/none")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "haac" / "studio"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "x"))
    assert state_folder() == tmp_path / "x" / "haac" / "studio"


def test_a_place_where_nothing_can_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(drafts, "state_folder", lambda: tmp_path / "file")
    with pytest.raises(HaacError, match="XDG_STATE_HOME"):
        Draft(REPOSITORY, "a")


def test_a_draft_survives_kill_9(filled: Path, folder: Path) -> None:
    (folder / "scene.haac").write_bytes(to_binary(Scene(64, 48)))
    command = Command(folder, filled, "scene.haac")
    scene = scene_json({"element": "3", "x": 7})
    for step in range(5):
        scene["layers"][0]["x"] = step
        assert (
            command.client.put("/api/draft", json={"scene": scene, "label": f"step {step}"}).status_code
            == 200
        )
    command.end(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    again = Command(folder, filled, "scene.haac")
    state = again.client.get("/api/state").json()
    assert state["draft"]["scene"] == scene
    assert state["draft"]["label"] == "step 4"
    assert state["notes"] == []
    other = Command(folder, filled, "scene.haac")
    assert "Another studio has this document open" in other.client.get("/api/state").json()["notes"][0]
    for each in (other, again):
        each.end(signal.SIGINT)


def test_what_is_traced_survives_kill_9(filled: Path, folder: Path) -> None:
    """Until it is traced no longer, or the draft is thrown away."""
    command = Command(folder, filled)
    first, picture = png(shape(0x102030)), png(shape(0x203040, 64))
    for name, data in (("first.png", first), ("second.png", picture)):
        command.client.post("/api/reference", params={"name": name}, content=data)
    command.end(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    again = Command(folder, filled)
    reference = again.client.get("/api/state").json()["reference"]
    assert (reference["name"], reference["width"]) == ("second.png", 64)
    assert again.client.get(reference["url"]).status_code == 200
    again.client.delete("/api/draft")
    assert again.client.get("/api/state").json()["reference"] == reference, (
        "a page that is loaded again shows it"
    )
    again.client.put("/api/draft", json={"scene": scene_json(), "label": "x"})
    again.end(signal.SIGINT)
    third = Command(folder, filled)
    reference = third.client.get("/api/state").json()["reference"]
    assert reference["name"] == "second.png", "what is made after saving is a draft again, with its picture"
    third.client.delete(reference["url"])
    third.end(signal.SIGINT)
    last = Command(folder, filled)
    assert last.client.get("/api/state").json()["reference"] is None
    last.end(signal.SIGINT)


def test_the_picture_of_the_command_line_is_traced_whatever_was_before(filled: Path, folder: Path) -> None:
    (folder / "photo.png").write_bytes(png(shape(0x102030)))
    command = Command(folder, filled, "photo.png")
    command.client.post("/api/reference", params={"name": "other.png"}, content=png(shape(0x203040, 64)))
    command.end(signal.SIGINT)
    again = Command(folder, filled, "photo.png")
    assert again.client.get("/api/state").json()["reference"]["name"] == "photo.png"
    again.end(signal.SIGINT)


@pytest.mark.parametrize(
    "kept",
    [b"", b"{", b'{"format": 2, "name": "a"}\n', b'{"format": 1}\n', b'{"format": 1, "name": "a"}\nno'],
)
def test_a_damaged_picture_is_traced_no_longer(filled: Path, folder: Path, kept: bytes) -> None:
    command = Command(folder, filled)
    command.client.post("/api/reference", params={"name": "a.png"}, content=png(shape(0x102030)))
    command.end(signal.SIGINT)
    (path,) = state_folder().glob("*/*/traced")
    path.write_bytes(kept)
    again = Command(folder, filled)
    assert again.client.get("/api/state").json()["reference"] is None
    again.end(signal.SIGINT)


def test_a_script_has_its_draft_too(filled: Path, folder: Path) -> None:
    scene = Scene(64, 48)
    scene.element("3").place(1, 2)
    (folder / "scene.py").write_text(to_script(scene))
    command = Command(folder, filled, "scene.py")
    command.client.put("/api/draft", json={"scene": scene_json(), "label": "x"})
    code, said = command.end(signal.SIGINT)
    assert (code, "Traceback" in said) == (0, False)
    again = Command(folder, filled, "scene.py")
    state = again.client.get("/api/state").json()
    assert (state["document"]["kind"], state["draft"]["label"]) == ("script", "x")
    again.end(signal.SIGINT)


def test_the_draft_stays_when_the_studio_ends(filled: Path, folder: Path, studio: Studio) -> None:
    studio.draft.save({"width": 1}, "x")
    studio.close()
    with studio_of(filled, folder) as again:
        saved = again.draft.load()
    assert saved is not None
    assert saved.label == "x"
