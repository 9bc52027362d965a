"""The mirror of the web decoder: what a repository publishes, synced by Node, with a server and without one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haac_repo import Repository, Server, create_keys, publish
from haac_repo._mirror.wire import HEAD_PATH, segment_path
from haac_repo._store.layout import published_folder
from tests.codec.web.mirror.mirrors import FETCH, HAAC, hashes, js, refused
from tests.repo.mirror.conftest import Origin, Rigged, add, grow, growing, origin, published, rigged

__all__ = ["grow", "growing", "origin", "published", "rigged"]


# What is honest


def test_all_elements_are_those_of_the_repository(published: Path) -> None:
    with Server(published) as server:
        told = js(
            f"""{FETCH}
            const told = [];
            const report = await repository.sync({{ packs: true, onProgress: (each) => told.push(each) }});
            const found = await hashes(await repository.elements(repository.numbers()));
            return {{ id: repository.id, print: repository.fingerprint, report, found, told,
                      third: repository.info(3), held: (await repository.held()).size }};
            """,
            url=server.url,
        )
    with Repository.open(published) as repository:
        assert told["id"] == repository.id
        assert told["print"] == repository.fingerprint
        third = repository.element(3)
    assert told["found"] == hashes(published)
    assert told["report"] == {"changed": False, "records": 30, "elements": 30}
    assert told["held"] == 30
    assert (third.name, list(third.tags), third.width) == tuple(
        told["third"][key] for key in ("name", "tags", "width")
    )
    assert told["third"]["id"] == "3"
    assert told["told"][-1]["done"] == told["told"][-1]["total"] > 0


def test_neighbours_come_in_one_request_and_only_what_is_needed(rigged: Rigged) -> None:
    got = js(f"{FETCH} return await hashes(await repository.elements([2, 3, 4, 8]));", url=rigged.url)
    assert sorted(got) == ["2", "3", "4", "8"]
    asked = rigged.asked("packs/")
    assert len(asked) == 2
    assert "all" not in asked


def test_a_server_without_ranges_is_asked_once_a_pack(rigged: Rigged) -> None:
    def whole(path: str, _headers: dict[str, str]) -> Iterator[bytes]:
        yield from rigged.honest(path, {})

    rigged.only_for("packs/", whole)
    got = js(f"{FETCH} return await hashes(await repository.elements(repository.numbers()));", url=rigged.url)
    assert got == hashes(rigged.origin.folder)
    assert len(rigged.asked("packs/")) == len(rigged.origin.packs)


def test_what_is_not_new_is_not_sent_again(published: Path) -> None:
    with Server(published) as server:
        first, then = js(
            f"""{FETCH}
            const first = repository.traffic;
            const {{ changed }} = await repository.sync();
            return [first, {{ ...repository.traffic, changed }}];""",
            url=server.url,
        )
    assert then == {"requests": first["requests"] + 1, "bytes": first["bytes"], "changed": False}


def test_pictures_that_share_elements_fetch_them_once(rigged: Rigged) -> None:
    got = js(
        f"""{FETCH}
        const [one, other] = await Promise.all([repository.elements([1, 2]), repository.elements([2, 1])]);
        return [await hashes(one), await hashes(other)];""",
        url=rigged.url,
    )
    assert got[0] == got[1]
    assert len(rigged.asked("packs/")) == 1


def test_an_element_that_was_published_since_is_found(
    growing: Origin, grow: Callable[..., None], tmp_path: Path
) -> None:
    with Server(growing.folder) as server:
        store = str(tmp_path / "store")
        code = "const repository = await Repository.open(given.url, { store: new FolderStore(given.store), pause });"
        js(code, url=server.url, store=store)
        grow(growing, [50])
        got = js(f"{code} return await hashes(await repository.elements([11]));", url=server.url, store=store)
        assert got == {"11": hashes(growing.folder)["11"]}
        refused(
            f"{code} await repository.elements([12]);",
            "element c is not in the repository .* its ids run from 1 to b",
            "ElementError",
            url=server.url,
            store=store,
        )


def test_takedown_reaches_what_is_here_and_its_bytes_go(growing: Origin) -> None:
    with Server(growing.folder) as server:
        code = f"""{FETCH}
        const {{ execFileSync }} = await import("node:child_process");
        await repository.sync({{ packs: true }});
        execFileSync(given.haac, ["takedown", "3", "--reason", "by request", "--repo", given.repo]);
        execFileSync(given.haac, ["publish", "--repo", given.repo]);
        const report = await repository.sync();
        const left = await hashes(await repository.elements(repository.numbers()));
        let error;
        try {{ await repository.elements([3]); }} catch (caught) {{ error = `${{caught.name}}: ${{caught.message}}`; }}
        return {{ report, left, error, held: [...await repository.held()].includes(3), withdrawn: repository.info(3).withdrawn }};
        """
        told = js(code, url=server.url, repo=str(growing.folder), haac=HAAC)
    assert told["error"] == "ElementError: element 3 was withdrawn: by request"
    assert told["withdrawn"] == "by request"
    assert told["report"]["changed"]
    assert told["report"]["elements"] == 9
    assert not told["held"]
    assert told["left"] == hashes(growing.folder)


def test_repacked_after_it_was_synced_the_packs_are_found(growing: Origin) -> None:
    """The state that is here names packs that are gone."""
    with Server(growing.folder) as server:
        told = js(
            f"""{FETCH}
            const {{ execFileSync }} = await import("node:child_process");
            execFileSync(given.haac, ["takedown", "3", "--reason", "no", "--repo", given.repo]);
            execFileSync(given.haac, ["publish", "--repo", given.repo]);
            return await hashes(await repository.elements([1, 2, 4, 5]));
            """,
            url=server.url,
            repo=str(growing.folder),
            haac=HAAC,
        )
    assert told == {number: sha for number, sha in hashes(growing.folder).items() if number in "1245"}


def test_a_log_with_repacks_from_the_start(growing: Origin, grow: Callable[..., None]) -> None:
    grow(
        growing,
        [20, 21],
        lambda writer: (writer.withdraw(2, "no"), writer.withdraw(7, "no", keep_bytes=True)),
    )
    grow(growing, [22], lambda writer: (writer.withdraw(12, "no"), writer.withdraw(7, "gone")))
    with Server(growing.folder) as server:
        told = js(
            f"{FETCH} await repository.sync({{ packs: true }}); return await hashes(await repository.elements(repository.numbers()));",
            url=server.url,
        )
    assert told == hashes(growing.folder)


def test_signed_repository_is_read_as_any_other(growing: Origin) -> None:
    with Repository.open(growing.folder) as repository:
        create_keys(repository)
        publish(repository)
    assert (growing.folder / "public" / "metadata" / "timestamp.json").exists()
    with Server(growing.folder) as server:
        assert len(js(f"{FETCH} return repository.numbers();", url=server.url)) == 10


def test_3000_elements_of_log_and_their_pages(tmp_path: Path) -> None:
    """More than one page of entries, kept and read again."""
    with Repository.create(tmp_path / "many") as repository:
        add(repository, range(1), per_pack=1)
        publish(repository)
    made = Origin(tmp_path / "many")
    (record,) = made.records()[0]
    many = [{**record, "seq": n, "id": n, "name": f"element {n}"} for n in range(1, 3001)]
    made.forge([many], elements=3000)
    for path in (HEAD_PATH, segment_path(1)):
        (published_folder(made.folder) / path).write_bytes(made.files[path])
    code = (
        "const repository = await Repository.open(given.url, { store: new FolderStore(given.store), pause });"
    )
    with Server(made.folder) as server:
        given = {"url": server.url, "store": str(tmp_path / "store")}
        js(code, **given)
    assert js(f"{code} return [repository.size, repository.info(2999).name];", **given) == [
        3000,
        "element 2999",
    ]
    assert len(json.loads((tmp_path / "store" / "state.json").read_bytes())["pages"]) == 3


# Without network


def test_what_is_here_is_used_when_the_server_is_gone(published: Path, tmp_path: Path) -> None:
    code = (
        "const repository = await Repository.open(given.url, { store: new FolderStore(given.store), pause });"
    )
    with Server(published) as server:
        given = {"url": server.url, "store": str(tmp_path)}
        js(f"{code} await repository.elements([1, 2]);", **given)
    got = js(
        f"""{code}
        let error;
        try {{ await repository.sync(); }} catch (caught) {{ error = caught.name; }}
        return {{ error, here: await hashes(await repository.elements([1, 2])) }};""",
        **given,
    )
    assert got["error"] == "TransportError"
    assert got["here"] == {n: hashes(published)[n] for n in ("1", "2")}
    refused(f"{code} await repository.elements([3]);", "cannot be reached", "TransportError", **given)
    refused(f"{code} await repository.elements([99]);", "its server cannot be asked", "ElementError", **given)


def test_damage_in_the_store_is_noticed_and_fetched_again(published: Path, tmp_path: Path) -> None:
    code = (
        "const repository = await Repository.open(given.url, { store: new FolderStore(given.store), pause });"
    )
    with Server(published) as server:
        given = {"url": server.url, "store": str(tmp_path)}
        js(f"{code} await repository.elements([5]);", **given)
        file = tmp_path / "elements" / "5.webp"
        file.write_bytes(file.read_bytes()[:-1] + b"?")
        assert js(f"{code} return await hashes(await repository.elements([5]));", **given) == {
            "5": hashes(published)["5"]
        }
        assert hashlib.sha256(file.read_bytes()).hexdigest() == hashes(published)["5"]


def test_a_commit_that_another_page_was_faster_with_begins_anew(growing: Origin) -> None:
    with Server(growing.folder) as server:
        told = js(
            """const store = new MemoryStore();
            const one = await Repository.open(given.url, { store, pause });
            const other = await Repository.open(given.url, { store, pause });
            const { execFileSync } = await import("node:child_process");
            execFileSync(given.haac, ["tag", "1", "--name", "first", "--repo", given.repo]);
            execFileSync(given.haac, ["publish", "--repo", given.repo]);
            await one.sync();
            await other.sync();
            return [one.info(1).name, other.info(1).name];""",
            url=server.url,
            repo=str(growing.folder),
            haac=HAAC,
        )
    assert told == ["first", "first"]


# Who publishes


def test_pinned_id(published: Path) -> None:
    with Repository.open(published) as repository:
        identity = repository.id
    with Server(published) as server:
        code = "const repository = await Repository.open(given.url, { id: given.id, pause }); return repository.id;"
        assert js(code, url=server.url, id=identity) == identity
        refused(code, "this page accepts 0{32} only", url=server.url, id="0" * 32)
        refused(code, "32 hex digits", url=server.url, id="cats")


def test_fingerprint_of_another_repository(published: Path) -> None:
    with Server(published) as server:
        code = f"{FETCH} repository.checkFingerprint({{ fingerprint: repository.fingerprint ^ given.flip }});"
        js(code, url=server.url, flip=0)
        refused(code, "made for a repository with the fingerprint", "RecipeError", url=server.url, flip=1)


def test_without_webcrypto_https_is_asked_for() -> None:
    refused(
        'Object.defineProperty(globalThis, "crypto", { value: {} }); await Repository.open("http://example.org/r");',
        "serve the page by https",
    )


@pytest.mark.parametrize(
    "address", ["ftp://example.org/", "https://a@example.org/", "https://example.org/?x", "cats"]
)
def test_what_is_no_address(address: str) -> None:
    refused("await Repository.open(given.url);", "address", "TransportError", url=address)
