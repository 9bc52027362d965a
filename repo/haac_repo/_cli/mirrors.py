"""The commands about published packs: serve and compact. (`sync` reads recipes, so it lives in the codec.)"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from haac_repo._cli.console import Console, command, counted, repo_option


@command("compact", "Mirrors")
@repo_option
@click.option("--dry-run", is_flag=True, help="Only say what would be merged.")
def compact(console: Console, repo: Path, dry_run: bool) -> None:
    """Merge small packs, of which publishing often makes many, into few.

    Packs that are less than half full become packs of about 16 MiB, in the order of the elements' ids. A full sync then takes fewer
    requests. Mirrors learn of it with the next publish, which also deletes the packs that were replaced; until then both take room.
    A mirror that has the old packs makes the new ones itself.
    """
    from haac_repo import IntegrityError, Repository, compact
    from haac_repo._cli.elements import format_size

    with Repository.open(repo) as repository:
        done = compact(repository, dry_run=dry_run)
    made = done.merged - (done.before - done.after)
    before = 1 + done.segments + done.before
    after = 1 + done.segments + done.published + done.after  # it takes a log segment to say so
    would = "would become" if dry_run else "became"
    text = (
        f"{repo}: {counted(done.merged, 'small pack')} {would} {made} ({format_size(done.bytes)}): {counted(done.after, 'pack')} instead of"
        f" {done.before}, and a full sync takes {after} requests instead of {before}"
        if done.merged
        else f"{repo}: nothing to do; of {counted(done.before, 'pack')} no two small ones can be merged"
    )
    value = {**asdict(done), "dry_run": dry_run, "requests_before": before, "requests_after": after}
    console.data(value, text)
    if dry_run and done.merged:
        console.note("Dry run: nothing was changed.")
    elif done.published:
        console.note(
            "Mirrors learn of it with the next `haac publish`, which deletes the packs that were replaced."
        )
    if done.damaged:
        raise IntegrityError(
            f"left as they are, since they are damaged: {'; '.join(done.damaged)}. `haac verify --repair` says what is lost"
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
@click.option("--no-page", is_flag=True, help="Leave out the page that shows the repository in a browser.")
def serve(console: Console, repo: Path, host: str, port: int, no_page: bool) -> None:
    """Serve a published repository or mirror over HTTP.

    Opened in a browser, its address shows what is published, and draws recipes (docs/web.md); the decoder for other pages is
    below it, as web/haac.js.

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
    server = Server(repo, host, port, log=console.detail, page=not no_page)
    if host not in ("127.0.0.1", "::1", "localhost"):
        console.warn(f"everybody who can reach {host} can fetch this repository")
    console.data({"url": server.url, "page": server.has_page}, f"Serving {repo} at {server.url}")
    if server.has_page:
        console.note(f"Open {server.url} in a browser to look at it.")
    signed = show_keys(repo)
    option = f" --root {signed.fingerprint}" if signed else ""
    console.note(f"`haac sync {server.url} MIRROR{option}` fetches it. Ctrl-C ends.")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
