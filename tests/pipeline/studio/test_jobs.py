"""Jobs: their events, cancelling, what goes wrong; finding, publishing, syncing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from haac import Scene, gradient, read_recipe, render
from haac_pipeline._internal import MATCHING, limit_threads, missing
from haac_repo import HaacError, Repository, publish, sync
from haac_studio._jobs.jobs import BusyError, CancelledJobError, Job, Jobs
from haac_studio._jobs.processes import Process, Request, Say
from haac_studio._server.jobs import compress_options
from haac_studio._server.sessions import Studio
from tests.pipeline.studio.studios import Browser, fill, outcome, png, serving, shape, studio_of

needs_matching = pytest.mark.skipif(bool(missing(*MATCHING)), reason="matching is not installed")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def ended(jobs: Jobs, name: str) -> Job:
    job = jobs.get(name)
    assert job is not None
    done = threading.Event()
    job.listen(lambda: done.set() if job.ended else None)
    assert job.ended or done.wait(60)
    return job


def said(job: Job) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, event.data) for _, event in job.events(0)]


# The registry


def test_a_job_tells_its_progress_and_its_result(jobs: Jobs) -> None:
    def work(job: Job) -> dict[str, Any]:
        job.progress(0, 2, "one")
        job.progress(1, 2, "two")
        return {"made": 3}

    assert said(ended(jobs, jobs.start(work))) == [
        ("progress", {"done": 0, "total": 2, "text": "one"}),
        ("progress", {"done": 1, "total": 2, "text": "two"}),
        ("result", {"made": 3}),
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (HaacError("it is full"), "it is full"),
        (OSError(28, "No space left"), "No space left"),
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("oh"), "fault of haac"),
    ],
)
def test_what_goes_wrong_is_the_last_event(jobs: Jobs, error: Exception, told: str) -> None:
    def work(_: Job) -> dict[str, Any]:
        raise error

    (name, data), *_ = said(ended(jobs, jobs.start(work)))
    assert name == "error"
    assert told in data["error"]
    assert "Traceback" not in data["error"]


def test_of_many_events_only_the_last_of_a_kind_is_remembered(jobs: Jobs) -> None:
    def work(job: Job) -> dict[str, Any]:
        for n in range(1, 1001):
            job.progress(n, n, "counting")
        return {}

    events = said(ended(jobs, jobs.start(work)))
    assert events[0] == ("progress", {"done": 1000, "total": 1000, "text": "counting"})
    assert len(events) == 2


def test_a_job_that_is_cancelled_says_so(jobs: Jobs) -> None:
    begun = threading.Event()

    def work(job: Job) -> dict[str, Any]:
        begun.set()
        while True:
            time.sleep(0.01)
            job.check()

    name = jobs.start(work)
    begun.wait(10)
    job = jobs.get(name)
    assert job is not None
    job.cancel()
    assert said(ended(jobs, name)) == [("error", {"error": "it was cancelled", "cancelled": True})]


def test_what_a_cancelled_job_uses_is_ended(jobs: Jobs) -> None:
    begun, stop = threading.Event(), threading.Event()

    def work(job: Job) -> dict[str, Any]:
        with job.cancelling(stop.set):
            begun.set()
            stop.wait(60)
            raise ValueError("what it used is gone")

    name = jobs.start(work)
    begun.wait(10)
    job = jobs.get(name)
    assert job is not None
    job.cancel()
    assert said(ended(jobs, name))[-1][1]["cancelled"] is True


def test_too_many_jobs_are_refused_and_all_end_with_the_studio() -> None:
    jobs, go = Jobs(), threading.Event()

    def work(job: Job) -> dict[str, Any]:
        while not go.wait(0.01):
            job.check()
        return {}

    names = [jobs.start(work) for _ in range(8)]
    with pytest.raises(BusyError, match="8 jobs"):
        jobs.start(work)
    jobs.close()
    assert all(ended(jobs, name).ended for name in names)
    with pytest.raises(BusyError):
        jobs.start(work)


# Worker processes


def echo(data: bytes, say: Say) -> tuple[bytes, int]:
    say(1, 2, "echoing")
    return data, os.getpid()


def fail(_: bytes, __: Say) -> None:
    raise HaacError("no such luck")


def die(_: bytes, __: Say) -> None:
    os._exit(3)


def sleep(_: bytes, say: Say) -> None:
    say(0, 0, "sleeping")
    time.sleep(600)


@pytest.fixture
def process() -> Iterator[Process]:
    made = Process(partial(limit_threads, 1), "it crashed")
    yield made
    made.close()


def test_a_process_answers_and_is_kept(process: Process) -> None:
    job = Job()
    data, first = process.run(job, Request(b"x", echo), 1)
    _, second = process.run(job, Request(b"y", echo), 1)
    _, third = process.run(job, Request(b"y", echo), 2)
    assert (data, first == second, second == third) == (b"x", True, False)
    assert first != os.getpid()
    assert said(job)[0] == ("progress", {"done": 1, "total": 2, "text": "echoing"})


def test_errors_of_a_process_are_raised_here(process: Process) -> None:
    with pytest.raises(HaacError, match="no such luck"):
        process.run(Job(), Request(b"", fail))
    with pytest.raises(HaacError, match="it crashed"):
        process.run(Job(), Request(b"", die))
    assert process.run(Job(), Request(b"x", echo))[0] == b"x"


def test_cancelling_ends_the_process_at_once_and_the_next_job_goes_on(process: Process) -> None:
    job, error = Job(), []

    def run() -> None:
        try:
            process.run(job, Request(b"", sleep))
        except CancelledJobError as cancelled:
            error.append(cancelled)

    thread = threading.Thread(target=run)
    thread.start()
    while not said(job):
        time.sleep(0.01)
    job.cancel()
    thread.join(60)
    assert len(error) == 1
    assert process.run(Job(), Request(b"x", echo))[0] == b"x"


def test_a_job_that_waits_for_another_can_be_cancelled(process: Process) -> None:
    first, second = Job(), Job()
    cancelled = []

    def run(job: Job) -> None:
        try:
            process.run(job, Request(b"", sleep))
        except CancelledJobError:
            cancelled.append(job)

    threads = [threading.Thread(target=run, args=(job,)) for job in (first, second)]
    threads[0].start()
    while not said(first):
        time.sleep(0.01)
    threads[1].start()
    while not said(second):
        time.sleep(0.01)
    assert said(second)[0][1]["text"] == "waiting for another job"
    for job, thread in ((second, threads[1]), (first, threads[0])):
        job.cancel()
        thread.join(60)
    assert cancelled == [second, first]


# Over HTTP


def test_events_come_from_where_a_browser_left_off(client: Browser, studio: Studio) -> None:
    name = studio.jobs.start(lambda job: job.progress(1, 2, "half") or {"made": 1})  # type: ignore[func-returns-value]
    progress, last, data = outcome(client, name)
    assert (progress, last, data) == ([{"done": 1, "total": 2, "text": "half"}], "result", {"made": 1})
    again = client.get(f"/api/jobs/{name}/events", headers={"last-event-id": "1"}).text
    assert "half" not in again
    assert "result" in again
    assert client.get(f"/api/jobs/{name}/events", headers={"last-event-id": "2"}).status_code == 204


def test_events_come_while_the_job_runs_and_others_are_answered(client: Browser, studio: Studio) -> None:
    go = threading.Event()

    def work(job: Job) -> dict[str, Any]:
        job.progress(0, 2, "first")
        go.wait(60)
        return {}

    name = studio.jobs.start(work)
    with client.stream("GET", f"/api/jobs/{name}/events") as events:
        lines = events.iter_lines()
        assert [next(lines) for _ in range(3)][1] == "event: progress"
        assert client.get("/api/state").status_code == 200
        go.set()
        assert "event: result" in list(lines)


def test_a_job_is_cancelled_over_http(client: Browser, studio: Studio) -> None:
    def work(job: Job) -> dict[str, Any]:
        while True:
            time.sleep(0.01)
            job.check()

    name = studio.jobs.start(work)
    assert client.delete(f"/api/jobs/{name}").status_code == 200
    assert outcome(client, name)[2]["cancelled"] is True


def test_a_job_that_is_not_there_is_404(client: Browser) -> None:
    assert client.get("/api/jobs/99/events").status_code == 404
    assert client.delete("/api/jobs/99").status_code == 404


@pytest.mark.parametrize(
    "options",
    [
        5,
        [],
        {"budget": 0},
        {"budget": "x"},
        {"budget": True},
        {"effort": 10},
        {"effort": 1.5},
        {"max_layers": -1},
        {"only_tags": "x"},
        {"quality": 101},
        {"quality": 50, "budget": 300},
    ],
)
def test_options_that_make_no_sense_are_refused(client: Browser, options: object) -> None:
    reference = client.post("/api/reference?name=a.png", content=png(shape(1))).json()["id"]
    answer = client.post("/api/jobs/compress", json={"reference": reference, "options": options})
    assert answer.status_code == 400


def test_options_have_the_defaults_of_the_command() -> None:
    usual = {
        "similar": False,
        "people": False,
        "always": False,
        "inline": None,
        "budget": None,
        "quality": None,
        "effort": 5,
        "max_layers": None,
        "only_tags": (),
    }
    assert compress_options({}) == usual


@pytest.mark.parametrize("reference", [None, 5, "nothing"])
def test_a_picture_that_is_not_kept_is_404(client: Browser, reference: object) -> None:
    for kind in ("compress", "suggest"):
        assert client.post(f"/api/jobs/{kind}", json={"reference": reference}).status_code == 404


@pytest.mark.parametrize(
    "box",
    [None, [1, 2, 3], [0, 0, 0, 5], [5, 5, 1, 1], [0, 0, 49, 10], [-1, 0, 5, 5], [0, 0, 1.5, 2], "0,0,1,1"],
)
def test_a_box_outside_the_picture_is_refused(client: Browser, box: object) -> None:
    reference = client.post("/api/reference?name=a.png", content=png(shape(1))).json()["id"]
    answer = client.post("/api/jobs/suggest", json={"reference": reference, "box": box, "count": 3})
    assert answer.status_code == 400
    assert "box" in answer.json()["error"]


@needs_matching
def test_a_picture_is_traced_and_cancelling_leaves_the_next_alone(tmp_path: Path, folder: Path) -> None:
    fill(tmp_path / "own")
    scene = Scene(160, 120, background=gradient("#7fc4ee", "#fdf1d6"))
    scene.element("3").resize(60).place(20, 30)
    with studio_of(tmp_path / "own", folder) as studio, serving(studio) as client:
        picture = png(render(scene, studio.repository))
        reference = client.post("/api/reference?name=a.png", content=picture).json()["id"]
        asked = {"reference": reference, "options": {}}
        cancelled = client.post("/api/jobs/compress", json=asked).json()["job"]
        client.delete(f"/api/jobs/{cancelled}")
        assert outcome(client, cancelled)[2]["cancelled"] is True
        progress, last, data = outcome(client, client.post("/api/jobs/compress", json=asked).json()["job"])
        assert last == "result", data
        assert progress
        assert data["exact"] is True
        made = read_recipe(data["text"].encode())
        assert (made.width, made.elements()) == (160, {3})
        assert data["scene"]["layers"][0]["element"] == "3"
        tight = client.post(
            "/api/jobs/compress", json={"reference": reference, "options": {"budget": 2}}
        ).json()["job"]
        _, last, data = outcome(client, tight)
        assert (last, "budget" in data["error"]) == ("error", True)
        none = {"reference": reference, "options": {"only_tags": ["warm", "animal", "flat"]}}
        _, last, data = outcome(client, client.post("/api/jobs/compress", json=none).json()["job"])
        assert (last, "no element has the tag" in data["error"]) == ("error", True)


@needs_matching
def test_what_no_element_shows_is_carried_as_the_command_does(tmp_path: Path, folder: Path) -> None:
    fill(tmp_path / "own")
    stripes = np.zeros((60, 80, 3), np.uint8)
    stripes[::3, :, 1] = stripes[:, ::5, 0] = 255
    with studio_of(tmp_path / "own", folder) as studio, serving(studio) as client:
        picture = png(Image.fromarray(stripes))
        reference = client.post("/api/reference?name=a.png", content=picture).json()["id"]

        def found(**options: object) -> dict[str, Any]:
            asked = {"reference": reference, "options": options}
            _, last, data = outcome(client, client.post("/api/jobs/compress", json=asked).json()["job"])
            assert last == "result", data
            return data

        carried, washed = found(), found(inline=False)
    assert "WebP" in carried["carried"]
    assert (carried["exact"], carried["percent_lost"]) == (True, 0.0)
    assert "WebP" not in (washed["carried"] or "")
    assert not washed["exact"]


def test_similar_elements_need_an_index(client: Browser) -> None:
    reference = client.post("/api/reference?name=a.png", content=png(shape(1))).json()["id"]
    for kind, more in (
        ("suggest", {"box": [0, 0, 9, 9], "count": 3}),
        ("compress", {"options": {"similar": True}}),
    ):
        answer = client.post(f"/api/jobs/{kind}", json={"reference": reference, **more})
        assert answer.status_code == 400
        assert "haac index --similar" in answer.json()["error"] or "pip install" in answer.json()["error"]


# Publishing and syncing


def test_publishing_and_syncing(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from another folder than the one in which the mirror was made."""
    fill(tmp_path / "own")
    with studio_of(tmp_path / "own", folder) as studio, serving(studio) as client:
        _, last, data = outcome(client, client.post("/api/jobs/publish", json={}).json()["job"])
        assert (last, data["elements"], data["new_records"], data["changed"]) == ("result", 5, 5, True)
        known = client.get("/api/state").json()["repository"]
        assert (known["published"], known["unpublished"]) == (True, 0)
        _, _, again = outcome(client, client.post("/api/jobs/publish", json={}).json()["job"])
        assert (again["new_records"], again["changed"]) == (0, False)
        assert client.post("/api/jobs/sync", json={}).status_code == 400
    monkeypatch.chdir(tmp_path)
    sync(Path("own", "public"), tmp_path / "mirror")
    monkeypatch.chdir(folder)
    with Repository.open(tmp_path / "own") as repository:
        with repository.writer() as writer:
            writer.withdraw(2, "by mistake")
        publish(repository)
    with studio_of(tmp_path / "mirror", folder) as studio, serving(studio) as client:
        assert client.get("/api/elements/2").status_code == 200
        _, last, data = outcome(client, client.post("/api/jobs/sync", json={}).json()["job"])
        assert (last, data["elements"]) == ("result", 4), data
        assert client.get("/api/elements/2").status_code == 404


def test_a_mirror_is_read_only(tmp_path: Path, folder: Path) -> None:
    fill(tmp_path / "own")
    with Repository.open(tmp_path / "own") as repository:
        publish(repository)
    sync(tmp_path / "own" / "public", tmp_path / "mirror")
    with studio_of(tmp_path / "mirror", folder) as studio, serving(studio) as client:
        features = client.get("/api/state").json()["features"]
        assert features["sync"] is True
        for name, path in (("publish", "/api/jobs/publish"), ("ingest", "/api/jobs/ingest?name=a.png")):
            assert "mirror" in features[name]
            assert "mirror" in features["reasons"][name]
            answer = client.post(path, content=b"{}")
            assert (answer.status_code, answer.json()["error"]) == (400, features[name])


def test_a_repository_that_is_being_written_to_is_busy(
    client: Browser, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haac_studio._jobs import sharing

    monkeypatch.setattr(sharing, "publish", partial(publish, wait=0))
    with studio.repository.writer():
        _, last, data = outcome(client, client.post("/api/jobs/publish", json={}).json()["job"])
    assert last == "error"
    assert "being written to" in data["error"]
