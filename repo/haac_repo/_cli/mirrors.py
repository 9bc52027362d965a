"""The commands that publish a repository: publish and serve. (`sync` reads recipes, so it lives in the codec.)"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haac_repo._cli import completion
from haac_repo._cli.console import Console, command, refuse, repo_option

if TYPE_CHECKING:
    from haac_repo._publish.disclosure import SourceNames


@command("publish", "Mirrors")
@repo_option
@click.argument("target", required=False, metavar="[TARGET]", shell_complete=completion.files)
@click.option(
    "--source-names",
    type=click.Choice(["full", "base", "none"]),
    help="What is told of the names of the pictures that elements came from: the whole path or address, its last part, or nothing."
    " Addresses never with user, password and what follows a '?'. It is remembered for the repository; at first it is base.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would become public, every text of it.")
@click.option(
    "--endpoint",
    default="",
    metavar="URL",
    help="Address of the S3 server, if it is not Amazon's. [also: AWS_ENDPOINT_URL]",
)
@click.option(
    "--jobs", type=click.IntRange(1, 32), default=4, show_default=True, help="Files at a time, to TARGET."
)
def publish(
    console: Console,
    repo: Path,
    target: str | None,
    source_names: SourceNames | None,
    dry_run: bool,
    endpoint: str,
    jobs: int,
) -> None:
    """Publish what was added and changed; with TARGET, send it there.

    Seals the open pack, writes the log's new segments, signs the head and writes it. Signatures that are near their end are renewed,
    also if nothing is new: run it every few weeks. The folder `public` can then be served as it stands by `haac serve` or any static file
    server, and fetched with `haac sync`. What is published once cannot be taken back, only withdrawn.

    The bytes of withdrawn elements go (but for haac takedown --keep-bytes): packs that have them are replaced by ones without, and the
    old files are deleted.

    TARGET is a bucket, s3://BUCKET/PREFIX, or a folder on a disk or a share. Packs are sent first, the head last; what is there
    already is not sent again, and packs that are published no more are deleted there. Credentials are taken from the environment
    (AWS_ACCESS_KEY_ID and so on). A mirror can be sent too, as it stands.
    """
    from dataclasses import asdict

    from haac_repo import IntegrityError, Repository, publish, read_head, show_keys
    from haac_repo._cli.packs import erased_lines
    from haac_repo._publish.erase import Erased
    from haac_repo._trust.sign import warnings

    if target is None:
        refuse({"endpoint", "jobs"}, "goes with TARGET.")
    elif dry_run:
        raise click.UsageError(
            "--dry-run says what `haac publish` makes public in the repository: give no TARGET with it."
        )
    with Repository.open(repo) as repository:
        if target is not None and repository.role == "mirror":
            from haac_repo._cli.upload import send

            console.data(*send(console, repo, target, endpoint, jobs))
            return
        if dry_run:
            from haac_repo._cli.dry_run import disclosure_json, disclosure_lines
            from haac_repo._publish.disclosure import disclosure

            found = disclosure(repository, source_names)
            console.data(disclosure_json(found), disclosure_lines(found, repo))
            console.note("Dry run: nothing was published.")
            return
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

        head = publish(repository, source_names=source_names, tell=tell)
    signed = show_keys(repo)
    root = signed.fingerprint if signed else ""
    records = head.records - (before.records if before else 0)
    summary = (
        f"{repo}: nothing new; {head.elements} elements are published"
        if head == before
        else f"{repo}: published {records} new log records; {head.elements} elements in {len(head.packs)} packs"
    )
    value = {
        **asdict(head),
        "new_records": records,
        "changed": head != before,
        "root": root,
        "erased": asdict(erased),
    }
    if target is None:
        console.data(value, summary)
    else:
        from haac_repo._cli.upload import send

        console.note(summary)
        sent, said = send(console, repo, target, endpoint, jobs)
        console.data({**value, "sent": sent}, said)
    for warning in warnings(repo):
        console.warn(warning)
    if root:
        console.note(f"Others make a mirror with: haac sync URL MIRROR --root {root}")
    elif before is None:
        console.note(
            "It is not signed: `haac keys create` makes keys, so that others can tell that it is yours."
        )


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

    Only what is published can be fetched, nothing else in the folder; by web pages too, wherever they are from. With -v, each request
    is shown: time (UTC), client, method, path, status, bytes, seconds. Ends with Ctrl-C. docs/hosting.md has the limits, and how
    to serve with nginx, Caddy or out of a bucket.
    """
    import contextlib

    from haac_repo import RepositoryError, Server, read_head, show_keys
    from haac_repo._serve.admission import Bounds
    from haac_repo._serve.descriptors import raise_limit

    if not repo.is_dir():
        raise RepositoryError.missing(repo)
    if read_head(repo) is None:
        raise RepositoryError(
            f"{repo} publishes nothing yet: `haac publish` does, and `haac sync` completes a mirror that has only a part"
        )
    raise_limit(Bounds())
    server = Server(repo, host, port, log=console.detail)
    if host not in ("127.0.0.1", "::1", "localhost"):
        console.warn(f"everybody who can reach {host} can fetch this repository")
    console.data({"url": server.url}, f"Serving {repo} at {server.url}")
    signed = show_keys(repo)
    option = f" --root {signed.fingerprint}" if signed else ""
    console.note(f"`haac sync {server.url} MIRROR{option}` fetches it. Ctrl-C ends.")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
