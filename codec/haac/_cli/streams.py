"""Output into a pipe whose reader may go away (`haac search | head`): what is written then is dropped, and the command goes on."""

from __future__ import annotations

import io
import os
import stat
import sys


class PipeOutput(io.TextIOWrapper):
    """Standard output or standard error, where it is a pipe.

    An error in the middle of a command would cut its work short, and would hide how it ends: `haac verify | head` is to say what is
    wrong by its exit code.
    """

    reader_is_gone = False
    """Whether nobody reads what is written."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(
            stream.buffer,
            stream.encoding,
            stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()

    def write_bytes(self, data: bytes) -> None:
        """Write what is no text."""
        self.flush()
        try:
            self.buffer.write(data)
            self.buffer.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        """Let nothing hold what is in the buffers, and all that comes."""
        self.reader_is_gone = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        super().flush()


def forgive_closed_pipes() -> None:
    """Make standard output and standard error `PipeOutput` where they are pipes."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not isinstance(stream, PipeOutput) and _is_pipe(stream):
            stream.flush()
            setattr(sys, name, PipeOutput(stream))


def _is_pipe(stream: io.TextIOWrapper) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def write_bytes(data: bytes) -> None:
    """Write what is no text to standard output."""
    if isinstance(sys.stdout, PipeOutput):
        sys.stdout.write_bytes(data)
    else:
        sys.stdout.buffer.write(data)


def reader_is_gone() -> bool:
    """Whether nobody reads standard output any more, as far as anything was written."""
    sys.stdout.flush()
    return isinstance(sys.stdout, PipeOutput) and sys.stdout.reader_is_gone
