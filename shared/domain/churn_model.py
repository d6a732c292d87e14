"""A trained churn model as people read about it: what it is made of, and why it is in force."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from shared.domain.evaluation import Evaluation

ModelKind = Literal["xgboost", "logistic", "recency", "extended"]


@dataclass(frozen=True, slots=True)
class FeatureProfile:
    """How a feature was spread at training, which drift is measured against.

    `edges` cut the known values into bins, a bin holding what is above its lower and not above
    its upper edge; `shares` are of all rows, one for each bin and last the unknown values.
    `effective_rows` is how many independent rows the many rows of each tutor are worth.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    effective_rows: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a stored model says of itself.

    `version` is until when it learned and a digest of its content: 20260901T000000-1a2b3c4d.
    `kind` says by horizon in days which sort of model is in it. `rows` are tutor-moments trained
    on, between `train_from` and `train_until`. `features` are the model's inputs in their order,
    `reported` the sorts of report that the training data knew at all, `subjects` the subjects
    with a feature of their own. `files` gives the sha256 of every other file. `profile` says how
    each feature was spread, `base_rates` by horizon the share of closed rows that left.
    `evaluations` are on outcomes that closed after training. `format` grows when older code could
    not read the files.
    """

    version: str
    trained_at: datetime
    train_from: datetime
    train_until: datetime
    tutors: int
    rows: int
    kind: dict[int, ModelKind]
    features: tuple[str, ...]
    reported: tuple[str, ...]
    subjects: tuple[str, ...]
    library: str
    format: int
    files: dict[str, str] = field(default_factory=dict)
    profile: dict[str, FeatureProfile] = field(default_factory=dict)
    base_rates: dict[int, float] = field(default_factory=dict)
    evaluations: tuple[Evaluation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def content(self) -> "Manifest":
        """All of it but its name and moment of training: alike where the models are the same."""
        return replace(self, version="", trained_at=self.train_until)


@dataclass(frozen=True, slots=True)
class Champion:
    """Which model is in force since when; `earlier` were so before it, the newest first."""

    version: str
    since: datetime
    earlier: tuple[str, ...] = ()
    number: int = 1
    """Counts the changes, so that two people can not make one at once."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a challenger took over from the champion, and why, in sentences.

    `by` is "gate" for a night's decision and "rollback" for a person's.
    """

    decided_at: datetime
    challenger: str | None
    champion: str | None
    promoted: bool
    reasons: tuple[str, ...]
    evaluations: tuple[Evaluation, ...] = ()
    by: Literal["gate", "rollback"] = "gate"


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far a feature has moved since training: the population stability index.

    `noise` is the index that chance alone would exceed once in a hundred times at these sample
    sizes.
    """

    feature: str
    rows: int
    stability_index: float
    noise: float

    @property
    def drifted(self) -> bool:
        """Whether it moved by more than chance, and by enough to matter (0.2 by convention)."""
        return self.stability_index > max(self.noise, 0.2)


@dataclass(frozen=True, slots=True)
class Realised:
    """Predictions of the past held against what came: mean predicted and observed share.

    `low` and `high` bound the observed share with 95 %.
    """

    horizon_days: int
    rows: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Health:
    """How the model in force fares on newer data."""

    checked_at: datetime
    model_version: str
    drift: tuple[FeatureDrift, ...] = ()
    realised: tuple[Realised, ...] = ()
    notes: tuple[str, ...] = ()
