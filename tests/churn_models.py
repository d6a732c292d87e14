"""A churn model small enough for a test: real trees, a real regression, grown on made-up rows."""

from collections.abc import Mapping

import numpy as np
import xgboost as xgb

from shared.domain.churn_model import Manifest, ModelKind
from shared.domain.evaluation import HORIZONS
from shared.ml import logistic
from shared.ml.features import Space
from shared.ml.hazard import RECENCY_FEATURE, Hazard, Trees
from shared.ml.ledger import Ledger
from shared.ml.model import FORMAT, ChurnModel, Stage, pack
from tests.builders import AS_OF, ago, log, logins, moved, steady

ROWS = 400


def small_model(version: str = "v1", *, seed: int = 1) -> ChurnModel:
    """Trees for 7 and 30 days, a regression for 1 and 90, of all features: silence is a risk."""
    space = Space.of([Ledger.of(log(*steady(30), moved(ago(1)), *logins(1, 30, 0)))])
    names = tuple(feature.name for feature in space.features)
    columns = np.arange(len(names), dtype=np.int64)
    drawn = np.random.default_rng(seed)
    matrix = drawn.uniform(0, 14, (ROWS, len(columns))).astype(np.float32)
    chance = 1 / (1 + np.exp(3 - matrix[:, names.index(RECENCY_FEATURE)] / 3))
    label = (drawn.uniform(size=ROWS) < chance).astype(float)
    line = logistic.fit(matrix, label, 3.0)
    shape = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 2, "seed": seed}
    rows = xgb.DMatrix(matrix, label, base_margin=line.margin(matrix), nthread=1)
    trees = Hazard(Trees(line, xgb.train(shape | {"nthread": 1}, rows, 10)))
    kinds: dict[int, ModelKind] = {1: "logistic", 7: "xgboost", 30: "xgboost", 90: "logistic"}
    stages = tuple(
        Stage(after, days, kinds[days], {"xgboost": trees, "logistic": Hazard(line, -2.0)})
        for after, days in zip((0, *HORIZONS), HORIZONS, strict=False)
    )
    manifest = Manifest(
        version=version,
        trained_at=AS_OF,
        train_from=ago(300),
        train_until=AS_OF,
        tutors=40,
        rows=ROWS,
        kind=kinds,
        features=names,
        reported=tuple(sorted(space.reported)),
        subjects=space.subjects,
        library=f"xgboost {xgb.__version__}",
        format=FORMAT,
    )
    return ChurnModel(manifest, space, columns, stages)


def packed(version: str = "v1", *, seed: int = 1) -> dict[str, bytes]:
    """The files of a small model."""
    return pack(small_model(version, seed=seed))


def of_another_format(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files as a later program might write them: whole, but not for this code."""
    manifest = files["manifest.json"].replace(b'"format": %d' % FORMAT, b'"format": 999')
    assert manifest != files["manifest.json"]
    return {**files, "manifest.json": manifest}
