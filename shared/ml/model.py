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
        survival = self._log_survival(self.inputs(matrix), kind)
        return np.asarray(-np.expm1(survival))

    def _log_survival(self, inputs: Matrix, kind: ModelKind | None) -> Floats:
        """Logarithm of the chance to be still there after each horizon."""
        total = np.zeros((len(inputs), len(self.stages)))
        first = next(place for place, stage in enumerate(self.stages) if chosen(stage, kind))
        for place, stage in enumerate(self.stages[first:], first):
            before = total[:, place - 1] if place > first else np.zeros(len(inputs))
            hazard = chosen(stage, kind)
            if hazard is None:
                total[:, place] = before * (stage.days / stage.after)
            else:
                total[:, place] = before - np.logaddexp(0.0, hazard.margin(inputs))
        for place, stage in enumerate(self.stages[:first]):
            total[:, place] = total[:, first] * (stage.days / self.stages[first].days)
        return total

    def explained(self, matrix: Matrix, days: int) -> Floats:
        """What pushes the chance to leave within `days`: (rows, inputs + 1), the base last.

        The stages' margins are weighted by what each does to ln(1 − P): the hazard itself
        (DESIGN, Chosen parts), scaled so that the weights sum to 1. A row sums to its margin.
        """
        inputs = self.inputs(matrix)
        known = [stage for stage in self.stages if chosen(stage, None)]
        stages = [stage for stage in known if stage.days <= days] or known[:1]
        parts = [_in_force(stage).contributions(inputs) for stage in stages]
        weights = np.stack([expit(part.sum(axis=1)) for part in parts]) + 1e-12
        weights /= weights.sum(axis=0)
        return np.asarray(sum(w[:, None] * part for w, part in zip(weights, parts, strict=True)))

    def inputs(self, matrix: Matrix) -> Matrix:
        """The columns that the model looks at."""
        return np.ascontiguousarray(matrix[:, self.columns])


def chosen(stage: Stage, kind: ModelKind | None) -> Hazard | None:
    """The hazard of a stage that is asked for; None for a stage that goes on by itself."""
    name = kind or stage.promoted
    return stage.hazards.get(name) if name else None


def _in_force(stage: Stage) -> Hazard:
    hazard = chosen(stage, None)
    if hazard is None:
        raise ModelError(f"nothing is in force for {stage.days} days")
    return hazard


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
