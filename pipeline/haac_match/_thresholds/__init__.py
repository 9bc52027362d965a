"""All numbers that decide something in the matcher: a file for each room, frozen dataclasses, each field with where it comes from.

Code reads a field where it uses it (`GREEDY.votes`), so that `scripts/train/thresholds.py` can change it in a running process; compiled
kernels hold theirs as constants (`compiled=True`).
"""
