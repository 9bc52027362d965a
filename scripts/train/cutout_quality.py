"""Fits the quality of cut-outs to what a person judged: prints the numbers that stand in `pipeline/haac_pipeline/_segment/quality.py`.

    python -m scripts.train.cutout_quality FOLDER...

FOLDERs have the photographs. Only the cut-outs of the set `tune` are fitted to; a cross-validation over their photographs (ten folds)
says what to expect of others, and gives the thresholds.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
from scipy.optimize import minimize

from haac_pipeline._segment.models import OFFLINE
from haac_pipeline._segment.quality import features
from scripts.lib.judged_cutouts import Judged, again

RIDGE = 2.0  # penalty on the squared coefficients of standardised features
WRONGLY = 0.1  # share of the good ones that may be called doubtful
FOLDS = 10
ROUNDS = 6  # of the cross-validation, each with other folds; their odds are averaged


def fitted(table: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, float]:
    """Ridge-penalised logistic regression: coefficients of the features (n, features), and the constant."""
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    standard = (table - mean) / spread
    signs = np.where(good, 1.0, -1.0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = standard @ weights[1:] + weights[0]
        off = -signs / (1 + np.exp(signs * odds))
        value = np.logaddexp(0, -signs * odds).sum() + RIDGE / 2 * (weights[1:] ** 2).sum()
        return value, np.append(off.sum(), standard.T @ off + RIDGE * weights[1:])

    weights = minimize(loss, np.zeros(table.shape[1] + 1), jac=True).x
    coefficients = weights[1:] / spread
    return coefficients, float(weights[0] - (coefficients * mean).sum())


def found(odds: np.ndarray, good: np.ndarray) -> float:
    """Share of the bad ones below the threshold that `WRONGLY` of the good ones are below."""
    return float((odds[~good] < np.quantile(odds[good], WRONGLY)).mean())


def fit(name: str, judged: list[Judged]) -> None:
    """Fit one regression, and print it."""
    rows = [features(each.measures) for each in judged]
    table = np.array([list(row.values()) for row in rows])
    good = np.array([each.good for each in judged])
    # Cut-outs of one photograph have much in common, and go into one fold.
    photographs = sorted({each.photograph for each in judged})
    held = np.zeros((ROUNDS, len(judged)))
    for n, odds in enumerate(held):
        places = np.random.default_rng(n).permutation(len(photographs)) % FOLDS
        folds = dict(zip(photographs, places, strict=True))
        fold = np.array([folds[each.photograph] for each in judged])
        for k in range(FOLDS):
            coefficients, constant = fitted(table[fold != k], good[fold != k])
            odds[fold == k] = table[fold == k] @ coefficients + constant
    mean = held.mean(axis=0)
    coefficients, constant = fitted(table, good)
    print(f"{name} = Fit(\n    {{")
    for feature, value in {"1": constant, **dict(zip(rows[0], coefficients, strict=True))}.items():
        print(f'        "{feature}": {value:.3f},')
    print("    },")
    for threshold, share in (("good", WRONGLY), ("hopeless", WRONGLY / 4)):
        print(f"    {threshold}={100 / (1 + np.exp(-np.quantile(mean[good], share))):.1f},  # rounded down")
    print(f")\n{len(judged)} cut-outs, {good.sum()} of them good; bad ones found at {WRONGLY:.0%} wrongly:")
    print(
        f"fitted {found(table @ coefficients + constant, good):.3f}, cross-validated {found(mean, good):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    tune = [each for each in again(parser.parse_args().folders, {}) if each.set == "tune"]
    fit("NETWORK", [each for each in tune if each.model != OFFLINE])
    fit("EMBEDDED", [each for each in tune if each.model == OFFLINE])


if __name__ == "__main__":
    main()
