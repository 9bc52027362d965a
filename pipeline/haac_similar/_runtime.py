"""onnxruntime and what a process may take of it: loading without telemetry, threads, sessions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from haac_repo import MissingExtraError


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def numeric_threads() -> int:
    """Threads that the environment leaves to this process's numerical libraries; without a limit, one a core."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else cores()


def load_runtime() -> Any:
    """Import onnxruntime.

    Raises:
        MissingExtraError: it cannot be loaded.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            f"onnxruntime cannot be loaded ({error}): pip install 'haac[ingest]', or 'haac[similar]' for similar elements alone"
        ) from None
    return onnxruntime


def open_session(model: Path | bytes) -> Any:
    """A session of a network in ONNX, from a file or from bytes, on this process's threads.

    Raises:
        MissingExtraError: onnxruntime cannot be loaded.
    """
    runtime = load_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = numeric_threads()
    options.inter_op_num_threads = (
        1  # these networks are one chain: operators have nothing to do side by side
    )
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    # The plan of one run's memory that it makes for the next runs is used beside what that run took: u2netp peaks at 540 MiB with
    # it and at 346 without, in the same time.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return runtime.InferenceSession(source, sess_options=options, providers=_providers(runtime))


def _providers(runtime: Any) -> list[str]:
    there = runtime.get_available_providers()
    wanted = ("CUDAExecutionProvider", "ROCMExecutionProvider", "CPUExecutionProvider")
    return [name for name in wanted if name in there]
