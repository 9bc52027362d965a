"""Worker processes: cores, threads of numerical libraries, and what becomes of exceptions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from haac_pipeline._extra import need_matching
from haac_repo import HaacError, MissingExtraError
from haac_similar._internal import cores as cores


def limit_threads(threads: int) -> None:
    """Limit OpenMP and BLAS threads. They look at the environment when they load: call it before numpy is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def one_core(*, matching: bool = True, say: Callable[[str], None] = lambda _: None) -> None:
    """One thread a process: processes share the cores, small sums are quicker so, and come out the same on any machine.

    For before numpy loads (a repository that is opened loads it), and for workers.

    Args:
        matching: OpenCV and faiss too, which take no notice of the environment; and a place for compiled code.
        say: told where there is none that lasts.

    Raises:
        MissingExtraError: what matching needs is not installed.
    """
    limit_threads(1)
    if not matching:
        return
    need_matching()
    import cv2
    import faiss

    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    from haac_match import kernel_note  # before processes are started, which use the same place

    if kernel_note:
        say(kernel_note)


M = TypeVar("M")
N = TypeVar("N")


def attempt(work: Callable[[], M], failed: Callable[[str], N], where: object = "") -> M | N:
    """Call `work`; an exception becomes an outcome with its reason, so that one bad file never stops a run.

    Args:
        work: what may go wrong.
        failed: makes the outcome of a reason, a sentence for people.
        where: named where an error of the operating system names no file.

    Raises:
        MissingExtraError: it would be the same for every file.
    """
    try:
        return work()
    except MissingExtraError:
        raise
    except HaacError as error:
        reason = str(error)
    except OSError as error:
        place = error.filename or where
        reason = f"{error.strerror or error}: {place}" if place else f"{error.strerror or error}"
    except MemoryError:
        reason = "not enough memory for it"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    return failed(reason)
