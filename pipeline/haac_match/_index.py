"""What is known of all elements' looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from haac_match._ground import thumbnail
from haac_match._local import Features, Vote, features, votes
from haac_match._region import RingTable, describe, frames
from haac_match._search import Things, frame_row

if TYPE_CHECKING:
    from haac_repo import Repository


@dataclass(frozen=True, slots=True)
class Index:
    """What is known of all elements' looks."""

    things: Things
    thumbnails: npt.NDArray[np.uint8]
    photographs: npt.NDArray[np.int64]
    places: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64]
    words: Any

    def votes(self, query: Features, neighbours: int) -> list[Vote]:
        """Where the keypoints of a picture put elements, the strongest first."""
        made: list[Vote] = []
        if not len(query.places):
            return made
        for mirrored in (False, True):
            looks = query.mirrored() if mirrored else query.looks
            distances, found = self.words.search(np.ascontiguousarray(looks), neighbours)
            made += votes(
                query.places, found, distances, self.places, self.owners, self.things.sizes, mirrored
            )
        return sorted(made, key=lambda vote: -vote.score)


def load(repository: Repository) -> Index:
    """Read or make."""
    import faiss

    cache = repository.path / "match.npz"
    if not cache.exists():
        made = make(repository)
        looks = made.pop("looks")
        count = len(looks)
        lists = max(1, min(1024, int(4 * count**0.5)))
        words = faiss.index_factory(looks.shape[1], f"PCA80,IVF{lists},PQ16x8" if count > 20000 else "Flat")
        words.train(looks[np.random.default_rng(1).permutation(count)[:60000]])
        words.add(looks)
        faiss.write_index(words, str(repository.path / "match.faiss"))
        np.savez(cache, **made)
    d = np.load(cache)
    words = faiss.read_index(str(repository.path / "match.faiss"))
    if hasattr(words, "chain") or "PreTransform" in type(words).__name__:
        faiss.extract_index_ivf(words).nprobe = 24
    even, round_ = RingTable(d["even_rings"]), RingTable(d["round_rings"])
    return Index(
        Things(
            d["numbers"],
            d["sizes"],
            d["even"],
            d["round"],
            even,
            round_,
            {1.0: even, 1.2: even.stretched(1.2), 1 / 1.2: even.stretched(1 / 1.2)},
            {int(number): row for row, number in enumerate(d["numbers"])},
        ),
        d["thumbnails"],
        d["photographs"],
        d["places"],
        d["owners"],
        words,
    )


def make(repository: Repository) -> dict[str, npt.NDArray[Any]]:
    rows: dict[str, list[Any]] = {
        k: []
        for k in (
            "numbers",
            "sizes",
            "even",
            "round",
            "even_rings",
            "round_rings",
            "thumbnails",
            "photographs",
        )
    }
    places, looks, owners = [], [], []
    for element in repository.elements():
        image = np.asarray(repository.image(element.number).convert("RGBA"))
        if image[:, :, 3].min() > 250:
            rows["thumbnails"].append(thumbnail(image[:, :, :3]))
            rows["photographs"].append(element.number)
        alpha = image[:, :, 3:].astype(np.float32) / 255
        premultiplied = np.concatenate([image[:, :, :3] * alpha, alpha], axis=2)
        both = frames(image[:, :, 3] > 12)
        if both is None:
            continue
        on_grey = (premultiplied[:, :, :3] + 128 * (1 - alpha) + 0.5).astype(np.uint8)
        pad = 12
        on_grey = np.pad(on_grey, ((pad, pad), (pad, pad), (0, 0)), constant_values=128)
        found = features(on_grey, most=96)
        found.places[:, :2] -= pad
        places.append(found.places)
        looks.append(found.looks)
        owners += [len(rows["numbers"])] * len(found.places)
        rows["numbers"].append(element.number)
        rows["sizes"].append((element.width, element.height))
        for name, frame in zip(("even", "round"), both):
            rows[name].append(frame_row(frame))
            rows[f"{name}_rings"].append(
                np.round(describe(premultiplied, frame) * 255).clip(0, 255).astype(np.uint8)
            )
    types = {
        "numbers": np.int64,
        "photographs": np.int64,
        "sizes": np.int32,
        "even": np.float32,
        "round": np.float32,
    }
    made = {k: np.array(v, types.get(k, np.uint8)) for k, v in rows.items()}
    return made | {
        "places": np.concatenate(places),
        "looks": np.concatenate(looks),
        "owners": np.array(owners, np.int64),
    }
