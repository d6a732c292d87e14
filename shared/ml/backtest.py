"""A backtest: what would have been predicted then, held against what came.

The model learns from what was known at one moment and is asked about midnights from another on,
none of which it saw. A row counts at a horizon only once its outcome is certain.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

import numpy as np

from shared.domain.evaluation import HEADLINE, HORIZONS, Agreement, Evaluation, Measures, within
from shared.domain.log import Log
from shared.domain.marketplace import Reference
from shared.ml.against_score import disagreements, worth
from shared.ml.calibration import reliability
from shared.ml.ceiling import Ceiling, best_possible
from shared.ml.features import Floats
from shared.ml.forecast import KINDS, REPORTS, Forecasts, drivers, forecasts, missing
from shared.ml.gate import LEAVERS_TO_JUDGE
from shared.ml.goal import level_goals
from shared.ml.hindsight import sentence
from shared.ml.labels import SILENCE_DAYS, Kind, activity_drops, certain_until
from shared.ml.ledger import DAY, NEVER, NOTICE_DAYS, PROFILE, Ints, Ledger, instant, microseconds
from shared.ml.measure import agreement, auc, lift, measures, paired_difference, ranking
from shared.ml.model import ChurnModel
from shared.ml.record_end import (
    RecordEnd,
    closures,
    known_at,
    left_out,
    record_end,
    standstill,
)
from shared.ml.reliance import followed
from shared.ml.sample import WARM_UP_DAYS, Sample, days_at_work, first_seen, midnights, sample
from shared.ml.scored import Scored, reference_at, scored
from shared.ml.train import TrainingError, train
from shared.ml.verdict import (
    BacktestReport,
    Comparison,
    LabelKind,
    ScorePartWorth,
    Setting,
    WrongLabel,
)
from shared.ml.wrong_label import tempting

MOST_LOST: Final = 0.01
"""Of the sessions; more that are missing would show in every figure."""
CUT_DAYS: Final = 30
"""As many days with word of something were to be expected where there is none."""
MOST_ROWS: Final = 100_000
"""More daily rows than this are thinned."""
MOST_BEFORE: Final = 3_000
"""Rows of training on which the churn score's parts are looked at."""
RATE_MOVED: Final = 1.25
"""A base rate that changed by this factor is told of."""


class BacktestError(ValueError):
    """It can not be done as asked; `argument` names what to change."""

    def __init__(self, argument: str, sentence: str) -> None:
        super().__init__(f"{argument}: {sentence}")
        self.argument = argument


@dataclass(frozen=True, slots=True)
class Split:
    """What is learned from and what is asked about; without `test_until` as far as is known.

    `test_until` is the last moment asked about.
    """

    train_until: datetime
    test_from: datetime
    test_until: datetime | None = None

    def __post_init__(self) -> None:
        if self.test_from < self.train_until:
            raise BacktestError(
                "TEST_FROM",
                f"{self.test_from:%Y-%m-%d} is before TRAIN_UNTIL, {self.train_until:%Y-%m-%d}: "
                "the model would be tested on what it learned from",
            )
        if self.test_until is not None and self.test_until < self.test_from:
            raise BacktestError(
                "TEST_UNTIL",
                f"{self.test_until:%Y-%m-%d} is before TEST_FROM, {self.test_from:%Y-%m-%d}",
            )


@dataclass(frozen=True, slots=True)
class Backtest:
    """The report, and what it rests on: every row tested and what each model said of it."""

    report: BacktestReport
    model: ChurnModel
    tested: Sample
    said: Forecasts


@dataclass(frozen=True, slots=True)
class _Trial:
    """A trained model before its judges."""

    logs: Mapping[str, Log]
    ledgers: Mapping[str, Ledger]
    split: Split
    end: RecordEnd
    made_at: datetime
    model: ChurnModel
    tested: Sample
    said: Forecasts
    best: Floats
    reference: Reference
    scored: Scored
    threads: int

    @property
    def horizons(self) -> list[int]:
        """Those of which any outcome has closed."""
        return [days for days in HORIZONS if self.tested.closed(days).any()]

    @property
    def blind_to(self) -> list[str]:
        """Fields of the profile that are known but not looked at."""
        known = {name for ledger in self.ledgers.values() for name in ledger.profile}
        return [name for name in PROFILE if name in known - self.model.space.reported]

    def looks_at(self, first: int, last: int) -> bool:
        """Whether outcomes of training or test lie in days (since 1970) from first to last."""
        asked = max(self.horizons) + SILENCE_DAYS
        begin, until = self.model.manifest.train_from, self.split.train_until
        learned = microseconds(begin) // DAY, microseconds(until) // DAY
        tested = int(self.tested.at.min()) // DAY, int(self.tested.at.max()) // DAY + asked
        return any(first <= to and last >= since for since, to in (learned, tested))

    def of(self, days: int) -> "_Closed":
        """What closed of one horizon."""
        certain = self.tested.closed(days)
        rows, place = self.tested.take(certain), HORIZONS.index(days)
        said = {name: chances[certain, place] for name, chances in self.said.items()}
        among = certain[self.scored.rows]
        now_at = np.cumsum(certain) - 1
        return _Closed(
            days,
            rows.label(days),
            rows.tutor,
            said,
            self.best[certain, place],
            now_at[self.scored.rows[among]],
            self.scored.value[among],
            self.model.manifest.base_rates.get(days),
        )


@dataclass(frozen=True, slots=True)
class _Closed:
    """The closed rows of one horizon; `score` is of those at `places` alone.

    `best` is the best possible forecast, NaN where it is not known.
    """

    days: int
    label: Floats
    tutor: Ints
    said: Forecasts
    best: Floats
    places: Ints
    score: Floats
    base_rate: float | None


def backtest(
    logs: Mapping[str, Log],
    split: Split,
    *,
    history: str,
    made_at: datetime,
    refused: Mapping[str, int] = MappingProxyType({}),
    ceiling: Ceiling | None = None,
    threads: int = 1,
) -> Backtest:
    """Train, ask, and judge; raises BacktestError where the history is too short for it.

    `history` is what it is called, `refused` how many rows of each of its files could not
    be read, `ceiling` the best possible forecast where the world is synthetic.
    """
    trial = _trial(logs, split, made_at, ceiling or {}, threads)
    closed = {days: trial.of(days) for days in trial.horizons}
    evaluations = tuple(_evaluation(each) for each in closed.values())
    report = BacktestReport(
        setting=_setting(trial, history, made_at),
        evaluations=evaluations,
        comparisons={days: tuple(_comparisons(each)) for days, each in closed.items()},
        agreements={days: _agreement(each) for days, each in closed.items()},
        labels=_labels(trial),
        wrong_label=_wrong_label(trial, evaluations),
        drivers=drivers(trial.model, trial.tested),
        examples=disagreements(trial.logs, trial.model, trial.tested, trial.said, trial.scored),
        score_parts=_score_parts(trial),
        notes=trial.model.manifest.notes,
        caveats=tuple(_caveats(trial, evaluations, refused)),
    )
    return Backtest(report, trial.model, trial.tested, trial.said)


# --- train and ask ---


def _trial(
    logs: Mapping[str, Log], split: Split, made_at: datetime, ceiling: Ceiling, threads: int
) -> _Trial:
    every = {name: Ledger.of(log) for name, log in logs.items()}
    end = record_end(every, made_at)
    if end is None:
        raise BacktestError("HISTORY", "it holds no completed session")
    ledgers = known_at(every, end.at)
    begin, last = _asked_between(ledgers, split, end.at)
    try:
        model = train(ledgers, split.train_until, threads=threads, trained_at=made_at)
    except TrainingError as error:
        reach = " to ".join(f"{instant(at):%Y-%m-%d}" for at in (first_seen(ledgers), end.at))
        raise BacktestError("TRAIN_UNTIL", f"{error} (the records reach from {reach})") from error
    tested = sample(ledgers, thinned_midnights(ledgers, begin, last), model.space, end.at)
    if not len(tested):
        closed = "".join(f"; {standstill([when])}" for when in closures(ledgers, end.at)[-1:])
        said = f"nobody is at work after {split.test_from:%Y-%m-%d}{closed}"
        raise BacktestError("TEST_FROM", said)
    reference = reference_at(logs, ledgers, split.train_until)
    return _Trial(
        logs=logs,
        ledgers=ledgers,
        split=split,
        end=end,
        made_at=made_at,
        model=model,
        tested=tested,
        said=forecasts(model, tested),
        best=best_possible(ceiling, tested),
        reference=reference,
        scored=scored(logs, tested, reference),
        threads=threads,
    )


def _asked_between(ledgers: Mapping[str, Ledger], split: Split, end: int) -> tuple[int, int]:
    """First and last moment (microseconds) of which at least the nearest outcome is certain."""
    wait = min(HORIZONS) + SILENCE_DAYS
    still = next(iter(ledgers.values())).still
    begin = microseconds(split.test_from)
    last = certain_until(still, end) - min(HORIZONS) * DAY
    if split.test_until is not None:
        last = min(last, microseconds(split.test_until))
    if not len(midnights(begin, last)):
        raise BacktestError(
            "TEST_FROM",
            f"no outcome is known after {split.test_from:%Y-%m-%d}: the records end on "
            f"{instant(end):%Y-%m-%d}, and who leaves within a day is known {wait} days later",
        )
    return begin, last


def thinned_midnights(
    ledgers: Mapping[str, Ledger], first: int, last: int, most: int = MOST_ROWS
) -> Ints:
    """The midnights in [first, last], every so many days that `most` rows are not exceeded.

    Never to the same weekday.
    """
    daily = days_at_work(ledgers, midnights(first, last))
    stride = max(1, -(-daily // most))
    return midnights(first, last, stride + (stride % 7 == 0))


# --- judge ---


def _evaluation(rows: _Closed) -> Evaluation:
    label, tutor, base_rate = rows.label, rows.tutor, rows.base_rate
    promoted = rows.said["promoted"]
    found: dict[str, Measures] = {}
    for name, chance in rows.said.items():
        same = name != "promoted" and np.array_equal(chance, promoted)
        found[name] = found["promoted"] if same else measures(label, chance, tutor, base_rate)
    found["churn_score"] = ranking(label[rows.places], rows.score, tutor[rows.places])
    known = ~np.isnan(rows.best)
    if known.any():
        found["ceiling"] = measures(label[known], rows.best[known], tutor[known], base_rate)
    score = np.full(len(label), np.nan)
    score[rows.places] = rows.score
    judged = "ceiling" in found and found["ceiling"].auc is not None
    return Evaluation(
        horizon_days=rows.days,
        measures=found,
        reliability=reliability(label, promoted, tutor=tutor),
        lift=lift(label, promoted, tutor),
        goals=level_goals(label, promoted, found["promoted"], score, rows.best if judged else None),
    )


def _comparisons(rows: _Closed) -> Iterator[Comparison]:
    promoted = rows.said["promoted"]
    for kind in KINDS:
        other = rows.said[kind]
        if not np.array_equal(other, promoted):
            yield Comparison(
                kind,
                paired_difference(rows.label, promoted, other, rows.tutor),
                paired_difference(rows.label, promoted, other, rows.tutor, "auc"),
            )
    gap = paired_difference(
        rows.label[rows.places],
        promoted[rows.places],
        rows.score,
        rows.tutor[rows.places],
        "auc",
    )
    yield Comparison("churn_score", None, gap)


def _agreement(rows: _Closed) -> Agreement:
    at = rows.places
    return agreement(rows.label[at], rows.said["promoted"][at], rows.score, rows.tutor[at])


def _labels(trial: _Trial) -> tuple[LabelKind, ...]:
    tested = trial.tested
    left = {
        kind: {
            days: int(
                (tested.leaves_within(days) & tested.closed(days) & (tested.kind == kind)).sum()
            )
            for days in trial.horizons
        }
        for kind in (Kind.RESIGNATION, Kind.SILENCE)
    }
    return (
        LabelKind(
            "resign",
            "status resigned or deactivated, dated by the day it began",
            left[Kind.RESIGNATION],
        ),
        LabelKind(
            "fall silent",
            "more than 14 days without a session, leave and times when the whole platform stood "
            "still left out, dated by the last session",
            left[Kind.SILENCE],
        ),
        LabelKind(
            "slow down",
            "still here at the end, but under half of their own usual sessions for three weeks",
            _slowed(trial),
            predicted=False,
        ),
    )


def _slowed(trial: _Trial) -> dict[int, int]:
    """Tutor-moments that have slowed down by the horizon's end, and had not yet."""
    tested, counts = trial.tested, dict.fromkeys(trial.horizons, 0)
    bounds = np.searchsorted(tested.tutor, np.arange(len(tested.names) + 1))
    for number, name in enumerate(tested.names):
        part = slice(bounds[number], bounds[number + 1])
        at, ahead, ledger = tested.at[part], tested.ahead[part], trial.ledgers[name]
        if not len(at):
            continue
        already = activity_drops(ledger, at)
        for days in counts:
            stays = (ahead > days * DAY) & tested.closed(days)[part] & ~already
            counts[days] += int((activity_drops(ledger, at + days * DAY) & stays).sum())
    return counts


def _wrong_label(trial: _Trial, evaluations: Iterable[Evaluation]) -> WrongLabel | None:
    honest = next((e for e in evaluations if e.horizon_days == HEADLINE), None)
    if honest is None:
        return None
    at = trial.tested.at
    seeming = tempting(
        trial.ledgers,
        trial.model,
        microseconds(trial.split.train_until),
        (int(at.min()), int(at.max())),
        trial.end.at,
        trial.threads,
    )
    return WrongLabel(honest.measures["promoted"], seeming) if seeming else None


def _score_parts(trial: _Trial) -> tuple[ScorePartWorth, ...]:
    """How each part of the churn score ranks, before TRAIN_UNTIL and in the test."""
    until = microseconds(trial.split.train_until)
    known = known_at(trial.ledgers, until)
    first = first_seen(known) + WARM_UP_DAYS * DAY
    last = until - (HEADLINE + SILENCE_DAYS) * DAY
    moments = thinned_midnights(known, first, last, MOST_BEFORE)
    before = sample(known, moments, trial.model.space, until)
    early = scored(trial.logs, before, trial.reference)
    return worth((before, early), (trial.tested, trial.scored), HEADLINE)


# --- tell ---


def _setting(trial: _Trial, history: str, made_at: datetime) -> Setting:
    manifest, tested = trial.model.manifest, trial.tested
    return Setting(
        history=history,
        made_at=made_at,
        train_from=manifest.train_from,
        train_until=trial.split.train_until,
        test_from=instant(int(tested.at.min())),
        test_until=instant(int(tested.at.max())),
        train_tutors=manifest.tutors,
        train_rows=manifest.rows,
        test_tutors=len(np.unique(tested.tutor)),
        test_rows=len(tested),
        purge_days={days: days + SILENCE_DAYS for days in HORIZONS},
        kinds=manifest.kind,
        features=len(tested.space.features),
        reported=int((~np.isnan(tested.matrix)).any(axis=0).sum()),
        missing=missing(tested),
    )


def _caveats(
    trial: _Trial, evaluations: tuple[Evaluation, ...], refused: Mapping[str, int]
) -> Iterator[str]:
    yield from _about_the_ceiling(trial)
    yield from _about_records(trial, refused)
    for each in evaluations:
        yield from _about_outcomes(each.measures["promoted"], each.horizon_days)
    if len(trial.scored.rows) < len(trial.tested):
        yield (
            f"The churn score was computed for {len(trial.scored.rows):,} of "
            f"{len(trial.tested):,} tutor-moments, evenly spread; what is said of it rests on "
            "those."
        )


def _about_the_ceiling(trial: _Trial) -> Iterator[str]:
    """In words, over the rows of which it is known, so that the two can be compared."""
    rows = trial.of(HEADLINE)
    known = ~np.isnan(rows.best)
    label, promoted = rows.label[known], rows.said["promoted"][known]
    mine, most = auc(label, promoted), auc(label, rows.best[known])
    if mine is not None and most is not None:
        yield (
            f"The world is synthetic, and the best that any honest model could do in it is known "
            f"of {known.sum():,} of {len(known):,} tutor-moments: within {within(HEADLINE)} an AUC "
            f"of {most:.3f}, where the model in use has {mine:.3f}."
        )


def _about_records(trial: _Trial, refused: Mapping[str, int]) -> Iterator[str]:
    if refused:
        files = ", ".join(f"{count:,} of {name}" for name, count in refused.items())
        yield f"Rows of the history that could not be read were left out: {files}."
        read = sum(len(log.sessions) for log in trial.logs.values())
        lost = sum(count for name, count in refused.items() if name.startswith("sessions."))
        if lost > MOST_LOST * (read + lost):
            yield (
                f"Of the sessions {lost / (read + lost):.0%} are missing so, and where they are, "
                "tutors look silent or gone: no figure here holds until they are mended."
            )
    undated = sum(
        _known_to_be_gone(log, trial.end.at) and trial.ledgers[name].gone_at == NEVER
        for name, log in trial.logs.items()
    )
    if undated:
        yield (
            f"{undated:,} tutors taught on for more than {NOTICE_DAYS} days after the date on "
            "which they are said to have left: when they did is told by their last session."
        )
    for name, first, last in _cut_channels(trial):
        yield (
            f"Of {name} there is word from {first:%-d %B %Y} to {last:%-d %B %Y} alone: before and "
            "after, everybody seems to have none, and forecasts suffer."
        )
    if trial.blind_to:
        yield sentence(trial.blind_to)
    yield from left_out(trial.logs, trial.end, trial.made_at)
    closed = [when for when in closures(trial.ledgers, trial.end.at) if trial.looks_at(*when)]
    if closed:
        yield standstill(closed)
    late = [days for days in HORIZONS if days not in trial.horizons]
    if late:
        yield (
            f"Nothing can be said of {' and '.join(map(within, late))}: the records end on "
            f"{instant(trial.end.at):%-d %B %Y}, before any such outcome of the test was certain."
        )
    unheard = [days for days in trial.horizons if days not in trial.model.manifest.base_rates]
    if unheard:
        yield (
            f"No outcome of {' and '.join(map(within, unheard))} was certain when training "
            "ended: Brier skill there is over the test's own base rate."
        )
    guessed = [days for days, kind in trial.model.manifest.kind.items() if kind == "extended"]
    if guessed:
        yield (
            f"Too few departures were known to learn {' and '.join(map(within, guessed))} by "
            "themselves; they go on at the pace of the other horizons."
        )


def _known_to_be_gone(log: Log, end: int) -> bool:
    since = log.tutor.status_since
    return log.tutor.gone and since is not None and microseconds(since) <= end


def _cut_channels(trial: _Trial) -> Iterator[tuple[str, datetime, datetime]]:
    """What began to be reported, or ceased, in the midst of what is learned and tested."""
    begin, end = microseconds(trial.model.manifest.train_from), int(trial.tested.at.max())
    for words, channel in REPORTS:
        times = [ledger[channel].at // DAY for ledger in trial.ledgers.values()]
        days = np.unique(np.concatenate(times))
        if len(days) < CUT_DAYS:
            continue
        first, last = int(days[0]), int(days[-1])
        usual = len(days) / (last - first + 1)
        if max(first - begin // DAY, end // DAY - last) * usual > CUT_DAYS:
            yield words, instant(first * DAY), instant(last * DAY)


def _about_outcomes(found: Measures, days: int) -> Iterator[str]:
    if found.positive_tutors < LEAVERS_TO_JUDGE:
        yield (
            f"Only {found.positive_tutors} tutors left within {within(days)} of a tested moment: "
            "every figure on it is uncertain, as its interval says."
        )
    before, now, said = found.reference_rate, found.base_rate, found.mean_forecast
    if before and now and said and not 1 / RATE_MOVED < now / before < RATE_MOVED:
        yield (
            f"Departures within {within(days)} were {'commoner' if now > before else 'rarer'} in "
            f"the test ({now:.1%}) than in training as a whole ({before:.1%}); the model says "
            f"{said:.1%} on average, {followed(before, now, said)}."
        )
