"""Drawing one layer: which part of it is computed, what that takes, and its pixels."""
