"""Photographs told by similar elements: embeddings, their index, retrieval, placement, and when to trust it."""

__all__: list[str] = []
