"""The command publish, and what it says of what becomes public, of withdrawn elements, of sending."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haac_repo._cli import completion
from haac_repo._cli.console import Console, command, counted, refuse, repo_option

if TYPE_CHECKING:
    from haac_repo import IntegrityError, Repository
    from haac_repo._publish.disclosure import Disclosure, SourceNames
    from haac_repo._publish.erase import Erased

_HEADINGS = {
    "source": "Names of sources",
    "name": "Names of elements",
    "tags": "Tags",
    "licence": "Licences",
    "attribution": "Attributions",
    "model": "Models",
    "software": "Software",
    "doubts": "Doubts",
    "reason": "Reasons of takedowns",
}


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
    from haac_repo import HaacError, Repository
    from haac_repo._trust.sign import warnings

    if target is None:
        refuse({"endpoint", "jobs"}, "goes with TARGET.")
    elif dry_run:
        raise click.UsageError(
            "--dry-run says what `haac publish` makes public in the repository: give no TARGET with it."
        )
    with Repository.open(repo) as repository:
        if target is not None and repository.role == "mirror":
            refuse({"source_names"}, "is for a repository of its own: a mirror tells what its origin told.")
            console.data(*_send(console, repo, target, endpoint, jobs))
            return
        if dry_run:
            from haac_repo._publish.disclosure import disclosure
            from haac_repo._publish.publish import check_room

            check_room(repository)
            found = disclosure(repository, source_names)
            console.data({"dry_run": True, **asdict(found)}, _disclosure_lines(found, repo))
            console.note("Dry run: nothing was published.")
            return
        value, summary, first, failure = _publish(console, repository, source_names)
    if target is None:
        console.data(value, summary)
    else:
        console.note(summary)
        try:
            sent, said = _send(console, repo, target, endpoint, jobs)
        except HaacError as error:
            if failure is None:
                raise
            raise type(error)(f"{failure}. Sending failed too: {error}") from error
        console.data({**value, "sent": sent}, said)
    for warning in warnings(repo):
        console.warn(warning)
    if value["root"]:
        console.note(f"Others make a mirror with: haac sync URL MIRROR --root {value['root']}")
    elif first:
        console.note(
            "It is not signed: `haac keys create` makes keys, so that others can tell that it is yours."
        )
    if failure is not None:
        raise failure


def _publish(
    console: Console, repository: Repository, source_names: SourceNames | None
) -> tuple[dict[str, Any], str, bool, IntegrityError | None]:
    """Publish; what --json says of it, a sentence, whether it was the first time, and what is damaged, if all else is published."""
    from haac_repo import IntegrityError, publish, read_head, show_keys
    from haac_repo._publish.erase import Erased

    repo = repository.path
    try:
        before = read_head(repo)
    except IntegrityError:
        before = None
    erased = Erased()

    def tell(done: Erased) -> None:
        nonlocal erased
        erased = done
        for line in _erased_lines(done, repo):
            console.note(line)

    failure = None
    try:
        head = publish(repository, source_names=source_names, tell=tell)
    except IntegrityError as error:
        published = read_head(repo) if erased.damaged else None
        if published is None:
            raise
        head, failure = published, error
    signed = show_keys(repo)
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
        "root": signed.fingerprint if signed else "",
        "erased": asdict(erased),
    }
    return value, summary, before is None, failure


def _erased_lines(done: Erased, repo: Path) -> Iterator[str]:
    """What publishing did about withdrawn elements, in sentences; none if nothing."""
    from haac_repo._cli.elements import format_size

    if done.elements or done.packs:
        packs = (
            f"Rewrote {counted(done.packs, 'pack')}"
            if done.packs
            else "No published pack had to be rewritten"
        )
        yield f"{packs}, without {counted(done.elements, 'withdrawn element')}; {format_size(done.bytes)} freed."
    if done.earlier:
        yield (
            f"{done.earlier} of them had been withdrawn by an earlier publish, with their bytes left in the packs:"
            " use `haac takedown --keep-bytes` if that is what you want."
        )
    for name in done.set_aside:
        yield f"Overwrote bytes of withdrawn elements in {repo / 'lost' / name}."
    for index, command_ in (("match", "haac index"), ("similar", "haac index --similar")):
        if done.elements and (repo / index / "index.npz").exists():
            yield f"The {index} index still says what they look like: `{command_}` takes them out."


def _disclosure_lines(found: Disclosure, repo: Path) -> Iterator[str]:
    """A line a fact, and one for each distinct text."""
    from haac_repo._cli.elements import format_size

    if not found.records:
        yield f"{repo}: nothing new would be published"
        return
    yield (
        f"{repo}: would publish {counted(found.records, 'log record')}: {counted(found.elements, 'element')}"
        f" ({format_size(found.bytes)}), {counted(found.withdrawn, 'takedown')};"
        f" the head {'is' if found.signed else 'is not'} signed"
    )
    yield (
        f"Names of sources are published as --source-names {found.source_names} says;"
        f" so are the SHA-256 hashes of {counted(found.source_hashes, 'source')}"
    )
    yield "Of each element: its pixels, their size, colour and hashes, its quality, the time when it was added; and"
    for key, texts in found.texts.items():
        yield f"{_HEADINGS[key]} ({len(texts):,}):"
        for text, count in texts.items():
            yield f"  {text}" + (f"  ({count:,} times)" if count > 1 else "")


def _send(console: Console, repo: Path, target: str, endpoint: str, jobs: int) -> tuple[dict[str, Any], str]:
    """Upload; what --json says of it, and a sentence."""
    from haac_repo import HaacError
    from haac_repo._cli.elements import format_size
    from haac_repo._upload.folder import FolderDestination
    from haac_repo._upload.s3 import S3Destination
    from haac_repo._upload.upload import upload

    if "://" in target and not target.startswith("s3://"):
        raise HaacError(f"{target[:200]}: publishing goes to a folder or to s3://BUCKET/PREFIX")
    destination = (
        S3Destination(target, endpoint) if target.startswith("s3://") else FolderDestination(Path(target))
    )
    with ExitStack() as bars:
        shown = 0
        advance: Callable[[int], None] | None = None

        def progress(done: int, total: int) -> None:
            nonlocal shown, advance
            if advance is None:
                advance = bars.enter_context(console.progress("Sending", total, "bytes"))
            advance(done - shown)
            shown = done

        report = upload(repo, destination, jobs=jobs, progress=progress)
    if not report.guarded:
        console.warn(
            f"the server of {target} takes no notice of conditions: two who publish there in the same moment may overwrite each other's"
            " head. Let one machine publish"
        )
    sent = (
        f"sent {counted(report.files, 'file')}, {format_size(report.bytes)}"
        if report.files
        else "nothing to send"
    )
    gone = f"; deleted {counted(report.deleted, 'pack')} that are published no more" if report.deleted else ""
    return {"target": target, **asdict(report)}, f"{target}: {sent}{gone}"
