"""Import this first: from then on numerical libraries that load use one thread, here and in child processes."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"


def settle() -> None:
    """The same for those that take no notice of the environment."""
    import cv2
    import faiss

    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
