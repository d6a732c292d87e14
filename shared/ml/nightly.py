"""A night's learning: a challenger, the gate's decision, and how the model in force fares.

The challenger knows nothing of the newest outcomes: those decide between it and the champion. It
goes into force as it was tested, not trained once more on what tested it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.churn_model import Decision, Health, Realised
from shared.domain.evaluation import HEADLINE, HORIZONS, Evaluation
from shared.domain.log import Log, midnight
from shared.ml.calibration import reliability
from shared.ml.ceiling import Ceiling, best_possible
from shared.ml.drift import drift, health, realised
from shared.ml.features import Floats
from shared.ml.forecast import forecasts
from shared.ml.gate import LEAVERS_TO_JUDGE, Closed, decide
from shared.ml.labels import SILENCE_DAYS
from shared.ml.ledger import DAY, Ints, Ledger, instant, microseconds
from shared.ml.measure import lift, measures
from shared.ml.model import ChurnModel, versioned
from shared.ml.record_end import known_at, record_end
from shared.ml.sample import Sample, midnights, sample
from shared.ml.train import TrainingError, train

type Names = npt.NDArray[np.str_]

TEST_DAYS: Final = 28
"""Moments on which challenger and champion meet, the last of them closed just now."""
DAYS_BETWEEN: Final = 7
"""Asking every night anew would let chance in sooner or later: 5 % a night is 30 % a week."""
BANDS: Final = ((30.0, "under 30 days"), (180.0, "30 to 180 days"), (np.inf, "over 180 days"))


@dataclass(frozen=True, slots=True)
class InForce:
    """The model to challenge; `since` is when it was put in force or last stood a judgement."""

    model: ChurnModel
    since: datetime

    @property
    def version(self) -> str:
        return self.model.manifest.version


@dataclass(frozen=True, slots=True)
class Night:
    """What the night made; without a challenger `decision` says why there is none."""

    challenger: ChurnModel | None
    decision: Decision
    health: Health | None


def nightly(
    logs: Mapping[str, Log],
    champion: InForce | None,
    now: datetime,
    *,
    ceiling: Ceiling | None = None,
    threads: int = 1,
) -> Night:
    """Train on what was known before the test's first moment, test, decide.

    The challenger counts as trained at the night's midnight, so that a repeated night makes the
    same files to the bit, unless more is known by then: then it is another version.
    """
    ledgers = {name: Ledger.of(log) for name, log in logs.items()}
    end = _end(ledgers, now)
    first = _first(end)
    known = known_at(ledgers, microseconds(end))
    served = champion.model if champion else None
    try:
        challenger = train(known, first, threads=threads, trained_at=end)
    except TrainingError as error:
        why = f"Nothing was trained: {error}."
        decision = Decision(now, None, champion.version if champion else None, False, (why,))
        return Night(None, decision, health_of(known, served, end, now) if served else None)
    tested = rows_to_judge(known, challenger, end)
    found = evaluations(challenger, tested, ceiling or {})
    evaluated = replace(challenger.manifest, evaluations=found)
    challenger = versioned(replace(challenger, manifest=evaluated))
    decision = decided(known, challenger, champion, tested, now)
    serving = challenger if decision.promoted else served
    return Night(challenger, decision, health_of(known, serving, end, now) if serving else None)


def _end(ledgers: Mapping[str, Ledger], now: datetime) -> datetime:
    """The night's midnight; where the records end days before it, the one after their end.

    An outage must not look as if everybody had left.
    """
    covered = record_end(ledgers, now)
    last = midnight(instant(covered.at)) + timedelta(days=1) if covered else now
    return min(midnight(now), last)


def judging(now: datetime) -> list[datetime]:
    """The midnights that judge a night's challenger: those of which any outcome has closed."""
    end = midnight(now)
    last = end - timedelta(days=min(HORIZONS) + SILENCE_DAYS)
    return [instant(at) for at in _after(_first(end), last).tolist()]


def _first(end: datetime) -> datetime:
    """The midnight after which the test begins."""
    return end - timedelta(days=HEADLINE + SILENCE_DAYS + TEST_DAYS)


def _after(first: datetime, last: datetime) -> Ints:
    return midnights(microseconds(first) + DAY, microseconds(last))


def rows_to_judge(ledgers: Mapping[str, Ledger], model: ChurnModel, end: datetime) -> Sample:
    """Tutors at work at the midnights of a night's test, seen through a model's space."""
    return sample(ledgers, _after(_first(end), end), model.space, microseconds(end))


def evaluations(model: ChurnModel, tested: Sample, ceiling: Ceiling) -> tuple[Evaluation, ...]:
    """The model in force of each horizon beside the others, on outcomes that have closed.

    The best possible forecast is among them where it is known of every row: on other rows than
    theirs it would be no match.
    """
    return tuple(
        _evaluation(model, tested.take(tested.closed(days)), days, ceiling)
        for days in HORIZONS
        if tested.closed(days).any()
    )


def _evaluation(model: ChurnModel, rows: Sample, days: int, ceiling: Ceiling) -> Evaluation:
    place, label = HORIZONS.index(days), rows.label(days)
    forecast = {name: chances[:, place] for name, chances in forecasts(model, rows).items()}
    best = best_possible(ceiling, rows)[:, place]
    if not np.isnan(best).any():
        forecast["ceiling"] = best
    base_rate = model.manifest.base_rates.get(days)
    return Evaluation(
        horizon_days=days,
        measures={
            name: measures(label, chance, rows.tutor, base_rate)
            for name, chance in forecast.items()
        },
        reliability=reliability(label, forecast["promoted"], tutor=rows.tutor),
        lift=lift(label, forecast["promoted"], rows.tutor),
    )


def decided(
    ledgers: Mapping[str, Ledger],
    challenger: ChurnModel,
    champion: InForce | None,
    tested: Sample,
    now: datetime,
) -> Decision:
    """Whether a challenger takes over by the outcomes of `tested`, seen through its own space."""
    version, in_force, seen = challenger.manifest.version, None, None
    if champion is not None:
        in_force = champion.version
        tested = _unseen(champion.model, tested)
        if why := _too_soon(champion, tested, now):
            return Decision(now, version, in_force, False, (why,))
        seen = _seen_by(ledgers, champion.model, tested)
    closed = {
        days: _closed(ledgers, challenger, seen, tested, days)
        for days in HORIZONS
        if tested.closed(days).any()
    }
    if HEADLINE not in closed:
        why = f"No outcome of {HEADLINE} days has closed since the challenger was trained."
        return Decision(now, version, in_force, False, (why,))
    return decide(closed, version, in_force, now)


def _unseen(model: ChurnModel, rows: Sample) -> Sample:
    """The moments after all that a model learned from; one made by hand may know the newest."""
    return rows.take(rows.at > microseconds(model.manifest.train_until))


def _too_soon(champion: InForce, tested: Sample, now: datetime) -> str | None:
    """Why champion and challenger do not meet yet: too few outcomes that judged nobody before."""
    served = (now - champion.since) / timedelta(days=1)
    stays = f"{champion.version} stays in force: it was put there or judged {served:.0f} days ago"
    if served < DAYS_BETWEEN:
        return f"{stays}, and is challenged after {DAYS_BETWEEN} at the earliest."
    left = tested.take(tested.closed(HEADLINE) & tested.leaves_within(HEADLINE))
    new = left.at + left.ahead + SILENCE_DAYS * DAY > microseconds(champion.since)
    leavers = len(np.unique(left.tutor[new]))
    if leavers >= LEAVERS_TO_JUDGE:
        return None
    return (
        f"{stays}, and {leavers:,} tutors that it did not learn from have left for certain since "
        f"({LEAVERS_TO_JUDGE} are needed to judge anew)."
    )


def _seen_by(ledgers: Mapping[str, Ledger], champion: ChurnModel, tested: Sample) -> Floats:
    """The champion's probabilities of the same rows, through its own space."""
    own = sample(ledgers, np.unique(tested.at), champion.space, tested.end)
    return champion.probabilities(own.matrix)


def _closed(
    ledgers: Mapping[str, Ledger],
    challenger: ChurnModel,
    seen: Floats | None,
    tested: Sample,
    days: int,
) -> Closed:
    certain = tested.closed(days)
    rows, place = tested.take(certain), HORIZONS.index(days)
    return Closed(
        label=rows.label(days),
        tutor=rows.tutor,
        challenger=challenger.probabilities(rows.matrix)[:, place],
        champion=None if seen is None else seen[certain, place],
        base_rate=challenger.manifest.base_rates.get(days, float(rows.label(days).mean())),
        groups={"subject": _subjects(ledgers, rows), "tenure": _tenures(rows)},
    )


def _subjects(ledgers: Mapping[str, Ledger], rows: Sample) -> Names:
    """The first subject of each row's tutor."""
    first = [(*ledgers[name].subjects, "unknown")[0] for name in rows.names]
    return np.array(first)[rows.tutor]


def _tenures(rows: Sample) -> Names:
    """The tenure of each row, in bands."""
    column = [feature.name for feature in rows.space.features].index("tenure_days")
    days = rows.matrix[:, column]
    bands = np.array([*(name for _, name in BANDS), "unknown"])
    place = np.searchsorted([limit for limit, _ in BANDS], days, side="right")
    return bands[np.where(np.isnan(days), len(BANDS), np.minimum(place, len(BANDS) - 1))]


def health_of(
    ledgers: Mapping[str, Ledger], model: ChurnModel, end: datetime, now: datetime
) -> Health:
    """How tutors look tonight against training, and what came of what was predicted."""
    tonight = sample(ledgers, np.array([microseconds(end)]), model.space, microseconds(end))
    names = model.manifest.features
    past = _unseen(model, rows_to_judge(ledgers, model, end))
    came = (_came(model, past.take(past.closed(days)), days) for days in HORIZONS)
    return health(
        now,
        model.manifest.version,
        drift(model.manifest.profile, model.inputs(tonight.matrix).astype(float), names),
        tuple(each for each in came if each is not None),
    )


def _came(model: ChurnModel, rows: Sample, days: int) -> Realised | None:
    if not len(rows):
        return None
    chance = model.probabilities(rows.matrix)[:, HORIZONS.index(days)]
    return realised(days, rows.label(days), chance, rows.tutor)
