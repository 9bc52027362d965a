"""`haac publish TARGET`: what was published goes to a bucket or a folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from haac_repo._cli.console import Console, counted


def send(console: Console, repo: Path, target: str, endpoint: str, jobs: int) -> tuple[dict[str, Any], str]:
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
