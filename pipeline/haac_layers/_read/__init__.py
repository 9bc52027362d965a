"""Readers of layered files: each gives a `Document`."""
