"""The churn model: a chain of hazards, packed into plain files and back.

The chance to leave within w days is 1 − Π(1 − h_k) over the stages up to w, so p1 ≤ p7 ≤ p30 ≤ p90
holds by construction. Files are JSON and XGBoost's UBJ with their sha256 in the manifest; nothing
that could run code when read.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import xgboost as xgb
from pydantic import TypeAdapter, ValidationError

from shared.domain.churn_model import Manifest, ModelKind
from shared.domain.evaluation import HORIZONS
from shared.ml.calibration import expit
from shared.ml.features import Floats, Matrix, Space
from shared.ml.hazard import Hazard, Recency, Trees
from shared.ml.ledger import Ints
from shared.ml.logistic import Logistic, Scale

FORMAT: Final = 2
DIGITS: Final = 8
"""Of the digest in a version: two models of one date share it once in four thousand million."""
_POINTS, _WORTHS = np.polynomial.legendre.leggauss(12)
QUADRATURE: Final = ((_POINTS[:, None, None] + 1) / 2, _WORTHS[:, None, None] / 2)
"""Gauss and Legendre's points between 0 and 1, and what each is worth: (points, 1, 1)."""
MANIFEST: Final = "manifest.json"
STAGES: Final = "stages.json"


class ModelError(Exception):
    """The files are damaged, were tampered with, or are not for this code."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The hazard of (after, days]; `promoted` names the one in force among `hazards`.

    Without hazards (too few departures were known) the stage goes on at the pace of those before;
    where there are none before, it shares the pace of the first that has, which begins at 0.
    """

    after: int
    days: int
    promoted: ModelKind | None
    hazards: Mapping[ModelKind, Hazard]


@dataclass(frozen=True, slots=True)
class ChurnModel:
    """What training makes and serving uses; `columns` are the inputs' places in the space."""

    manifest: Manifest
    space: Space
    columns: Ints
    stages: tuple[Stage, ...]

    def probabilities(self, matrix: Matrix, kind: ModelKind | None = None) -> Floats:
        """Chance to leave within each horizon: (rows, 4), rising; `kind` instead of the promoted.

        `matrix` has all columns of the space.
        """
        inputs = self.inputs(matrix)
        margins = np.stack([hazard.margin(inputs) for hazard in self._known(kind)], axis=-1)
        return _chance(margins[:, None], self._shares(kind))

    def _known(self, kind: ModelKind | None) -> list[Hazard]:
        found = (chosen(stage, kind) for stage in self.stages)
        return [hazard for hazard in found if hazard is not None]

    def _shares(self, kind: ModelKind | None) -> Floats:
        """How often each horizon's log-survival counts that of each known stage: (4, known)."""
        known = [place for place, stage in enumerate(self.stages) if chosen(stage, kind)]
        shares = np.zeros((len(self.stages), len(known)))
        for place, stage in enumerate(self.stages):
            if place in known:
                shares[place] = shares[place - 1] if place > known[0] else 0.0
                shares[place, known.index(place)] = 1.0
            elif place > known[0]:
                shares[place] = shares[place - 1] * (stage.days / stage.after)
            else:
                shares[place, 0] = stage.days / self.stages[known[0]].days
        return shares

    def explained(self, matrix: Matrix, days: int) -> Floats:
        """What pushes the chance to leave within `days`: (rows, inputs + 1), the base last.

        A row sums to the log-odds of its probability. The base is what the stages' bases together
        say, alike for all. A stage's contributions are weighted by what its margin does to the
        log-odds, h_k / P, on average over the straight way from base to row: Aumann-Shapley
        (integrated gradients, Sundararajan et al. 2017), which leaves no rest.
        """
        inputs = self.inputs(matrix)
        shares = self._shares(None)[HORIZONS.index(days)]
        counted = [known for known, share in zip(self._known(None), shares, strict=True) if share]
        parts = np.stack([hazard.contributions(inputs) for hazard in counted], axis=-1)
        share = shares[shares > 0]
        base, change = parts[:, -1], parts[:, :-1].sum(axis=1)
        steps, worth = QUADRATURE
        weights = (worth * _pull(base + steps * change, share)).sum(axis=0)
        pushes = (parts[:, :-1] * weights[:, None]).sum(axis=-1)
        return np.column_stack([pushes, _log_odds(_log_survival(base, share))])

    def inputs(self, matrix: Matrix) -> Matrix:
        """The columns that the model looks at."""
        return np.ascontiguousarray(matrix[:, self.columns])


def chosen(stage: Stage, kind: ModelKind | None) -> Hazard | None:
    """The hazard of a stage that is asked for; None for a stage that goes on by itself."""
    name = kind or stage.promoted
    return stage.hazards.get(name) if name else None


def _log_survival(margins: Floats, shares: Floats) -> Floats:
    """Logarithm of the chance to be still there, of (..., known) margins.

    No matrix product: its rounding would depend on how many tutors are asked for at once.
    """
    return np.asarray(-(np.logaddexp(0.0, margins) * shares).sum(axis=-1))


def _chance(margins: Floats, shares: Floats) -> Floats:
    return np.asarray(-np.expm1(_log_survival(margins, shares)))


def _log_odds(log_survival: Floats) -> Floats:
    """Log-odds of leaving: ln((1 - S) / S), exact where S is nearly 1."""
    return np.asarray(np.log(-np.expm1(log_survival)) - log_survival)


def _pull(margins: Floats, share: Floats) -> Floats:
    """By how much the log-odds of leaving move with each stage's margin: (..., rows, known)."""
    return np.asarray(share * expit(margins) / _chance(margins, share)[..., None])


# --- files ---


def versioned(model: ChurnModel) -> ChurnModel:
    """The model under its version: until when it learned, and a digest of all that is in it.

    Such as 20260901T000000-1a2b3c4d. The manifest vouches for every file, so its digest is that of
    the whole model, evaluations included. Left out are the version itself and when it was trained:
    the same training tomorrow makes the same model. Whoever changes the manifest asks again.
    """
    content = pack(replace(model, manifest=model.manifest.content))
    digest = hashlib.sha256(content[MANIFEST]).hexdigest()[:DIGITS]
    version = f"{model.manifest.train_until:%Y%m%dT%H%M%S}-{digest}"
    return replace(model, manifest=replace(model.manifest, version=version))


def pack(model: ChurnModel) -> dict[str, bytes]:
    """The model as files by name; the manifest names the others' sha256."""
    files: dict[str, bytes] = {}
    stages = []
    for stage in model.stages:
        hazards = {}
        for kind, hazard in stage.hazards.items():
            about: dict[str, Any] = {"intercept": hazard.intercept, "slope": hazard.slope}
            if isinstance(hazard.model, Trees):
                name = f"trees_{stage.days}d.ubj"
                files[name] = bytes(hazard.model.booster.save_raw("ubj"))
                about |= {"trees": name, "curve": _curve_json(hazard.model.start)}
            elif isinstance(hazard.model, Recency):
                about |= {"column": hazard.model.column, "curve": _curve_json(hazard.model.curve)}
            elif isinstance(hazard.model, Logistic):
                about["curve"] = _curve_json(hazard.model)
            hazards[kind] = about
        stages.append({"after": stage.after, "days": stage.days, "promoted": stage.promoted,
                       "hazards": hazards})  # fmt: skip
    files[STAGES] = json.dumps(stages, allow_nan=False).encode()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    manifest = replace(model.manifest, files=digests)
    files[MANIFEST] = TypeAdapter(Manifest).dump_json(manifest, indent=1)
    return files


def unpack(files: Mapping[str, bytes], threads: int = 1) -> ChurnModel:
    """The model in some files; raises ModelError for whatever is not exactly what was packed."""
    manifest = _manifest(files)
    for name, digest in manifest.files.items():
        if name not in files:
            raise ModelError(f"{name} is missing")
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise ModelError(f"{name} is not the file that was stored")
    space = Space(frozenset(manifest.reported), manifest.subjects)
    known = {feature.name: place for place, feature in enumerate(space.features)}
    unknown = [name for name in manifest.features if name not in known]
    if unknown:
        raise ModelError(f"this code knows no feature {unknown[0]}")
    columns = np.array([known[name] for name in manifest.features], np.int64)
    try:
        stages = tuple(
            _stage(entry, files, len(columns), threads) for entry in json.loads(files[STAGES])
        )
    except (KeyError, TypeError, ValueError, xgb.core.XGBoostError) as error:
        raise ModelError(f"the stages cannot be read: {error}") from error
    if tuple(stage.days for stage in stages) != HORIZONS:
        raise ModelError("the stages are not those of the horizons")
    if not any(stage.promoted for stage in stages):
        raise ModelError("nothing is in force")
    return ChurnModel(manifest, space, columns, stages)


def _manifest(files: Mapping[str, bytes]) -> Manifest:
    try:
        manifest = TypeAdapter(Manifest).validate_json(files[MANIFEST])
    except KeyError as error:
        raise ModelError(f"{MANIFEST} is missing") from error
    except ValidationError as error:
        raise ModelError(f"{MANIFEST} cannot be read: {error.error_count()} faults") from error
    if manifest.format != FORMAT:
        raise ModelError(f"the model has format {manifest.format}, this code reads {FORMAT}")
    if STAGES not in manifest.files:
        raise ModelError(f"the manifest does not vouch for {STAGES}")
    return manifest


def _stage(
    entry: Mapping[str, Any], files: Mapping[str, bytes], inputs: int, threads: int
) -> Stage:
    hazards: dict[ModelKind, Hazard] = {
        kind: Hazard(_model(about, files, inputs, threads), about["intercept"], about["slope"])
        for kind, about in entry["hazards"].items()
    }
    if entry["promoted"] is not None and entry["promoted"] not in hazards:
        raise ValueError("what was promoted is not there")
    return Stage(entry["after"], entry["days"], entry["promoted"], hazards)


def _model(
    about: Mapping[str, Any], files: Mapping[str, bytes], inputs: int, threads: int
) -> Trees | Recency | Logistic:
    curve = _curve(about["curve"])
    if "column" in about:
        return Recency(about["column"], curve)
    if len(curve.scale.low) != inputs:
        raise ValueError("the regression was fitted to other features")
    if "trees" not in about:
        return curve
    booster = xgb.Booster({"nthread": threads})
    booster.load_model(bytearray(files[about["trees"]]))
    if booster.num_features() != inputs:
        raise ValueError("the trees were grown on other features")
    return Trees(curve, booster)


def _curve_json(curve: Logistic) -> dict[str, Any]:
    scale = curve.scale
    flat = np.where(np.isinf(scale.spread), 0.0, scale.spread)
    return {
        "intercept": curve.intercept,
        "weights": curve.weights.tolist(),
        "centre": curve.centre.tolist(),
        "low": scale.low.tolist(),
        "high": scale.high.tolist(),
        "mean": scale.mean.tolist(),
        "spread": flat.tolist(),
        "told": list(scale.told),
    }


def _curve(about: Mapping[str, Any]) -> Logistic:
    spread = _floats(about["spread"])
    scale = Scale(
        low=_floats(about["low"]),
        high=_floats(about["high"]),
        mean=_floats(about["mean"]),
        spread=np.where(spread == 0, np.inf, spread),
        told=tuple(about["told"]),
    )
    return Logistic(scale, about["intercept"], _floats(about["weights"]), _floats(about["centre"]))


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, float)
