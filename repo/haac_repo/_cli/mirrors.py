"""The commands that publish a repository: publish and serve. (`sync` reads recipes, so it lives in the codec.)"""

from __future__ import annotations

from pathlib import Path

import click

from haac_repo._cli.console import Console, command, repo_option


@command("publish", "Mirrors")
@repo_option
def publish(console: Console, repo: Path) -> None:
    """Publish what was added and changed.

    Seals the open pack, writes the log's new segments and the file `head`. The folder can then be served as it stands
    by `haac serve` or any static file server, and fetched with `haac sync`.

    The bytes of withdrawn elements go (but for haac takedown --keep-bytes): packs that have them are replaced by ones without, and the
    old files are deleted.
    """
    from dataclasses import asdict

    from haac_repo import IntegrityError, Repository, publish, read_head
    from haac_repo._cli.packs import erased_lines
    from haac_repo._mirror.erase import Erased

    with Repository.open(repo) as repository:
        try:
            before = read_head(repo)
        except IntegrityError:
            before = None
        erased = Erased()

        def tell(done: Erased) -> None:
            nonlocal erased
            erased = done
            for line in erased_lines(done, repo):
                console.note(line)

        head = publish(repository, tell=tell)
    records = head.records - (before.records if before else 0)
    summary = (
        f"{repo}: nothing new; {head.elements} elements are published"
        if head == before
        else f"{repo}: published {records} new log records; {head.elements} elements in {len(head.packs)} packs"
    )
    value = {**asdict(head), "new_records": records, "changed": head != before, "erased": asdict(erased)}
    console.data(value, summary)


@command("serve", "Mirrors")
@repo_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on: 127.0.0.1 is this machine only, 0.0.0.0 everybody who can reach it.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="0 picks a free one."
)
def serve(console: Console, repo: Path, host: str, port: int) -> None:
    """Serve a published repository or mirror over HTTP.

    Only the head, the log and the packs can be fetched, nothing else in the folder. Ends with Ctrl-C.
    """
    import contextlib

    from haac_repo import RepositoryError, Server, read_head

    if not repo.is_dir():
        raise RepositoryError.missing(repo)
    if read_head(repo) is None:
        raise RepositoryError(
            f"{repo} publishes nothing yet: `haac publish` does, and `haac sync` completes a mirror that has only a part"
        )
    server = Server(repo, host, port, log=console.detail)
    if host not in ("127.0.0.1", "::1", "localhost"):
        console.warn(f"everybody who can reach {host} can fetch this repository")
    console.data({"url": server.url}, f"Serving {repo} at {server.url}")
    console.note(f"`haac sync {server.url} MIRROR` fetches it. Ctrl-C ends.")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
