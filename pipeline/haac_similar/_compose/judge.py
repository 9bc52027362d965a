"""How like two pictures are, by their embeddings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haac_similar._kinds import of_kinds

Floats = npt.NDArray[np.float32]

CLASS_WEIGHT, KIND_WEIGHT = 0.7, 1.5


def likeness(
    features: Floats, probabilities: Floats | None, other_features: Floats, other_probabilities: Floats | None, mean: Floats
) -> Floats:
    """(n,) likeness of each of n pictures to one: cosine of centred features, plus affinities of classes and of kinds.

    The affinity of two distributions is the Bhattacharyya coefficient, the sum of sqrt(p q).

    Args:
        features: (d,) of the one.
        probabilities: (1000,) of the one, if the network has classes.
        other_features: (n, d).
        other_probabilities: (n, 1000).
        mean: (d,) that is subtracted: of the catalog.
    """
    one, many = features - mean, other_features - mean
    found = many @ one / (np.linalg.norm(many, axis=1) * np.linalg.norm(one) + 1e-9)
    if probabilities is not None and other_probabilities is not None:
        found = found + CLASS_WEIGHT * (np.sqrt(other_probabilities) @ np.sqrt(probabilities))
        kinds, own = of_kinds(other_probabilities), of_kinds(probabilities[None])[0]
        found = found + KIND_WEIGHT * (np.sqrt(kinds) @ np.sqrt(own))
    return np.asarray(found, np.float32)
