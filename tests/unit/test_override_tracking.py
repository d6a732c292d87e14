"""Were managers right? Judged when it is known who left, each tutor once for each time."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.override import Override
from shared.domain.override_tracking import (
    FEWEST,
    Career,
    Tracking,
    Verdict,
    judged,
    tracking,
)
from shared.domain.tutor import TutorStatus
from tests.builders import override

SET = datetime(2026, 6, 1, 12, tzinfo=UTC)
UNTIL = SET + timedelta(days=30)
FORESEEN = UNTIL + timedelta(days=30)
DECIDED = FORESEEN + timedelta(days=14)
MUCH_LATER = SET + timedelta(days=300)


def teaching(last: datetime = MUCH_LATER, status: TutorStatus = TutorStatus.ACTIVE) -> Career:
    return Career(status, last)


STAYED = teaching()
RESIGNED = teaching(SET + timedelta(days=5), TutorStatus.RESIGNED)


def lowered(**told: object) -> Override:
    return override(20.0, SET, **told)


def raised(**told: object) -> Override:
    return override(80.0, SET, **told)


@pytest.mark.parametrize(
    ("one", "career", "verdict"),
    [
        pytest.param(lowered(), STAYED, Verdict.RIGHT, id="lowered, stayed"),
        pytest.param(lowered(), RESIGNED, Verdict.WRONG, id="lowered, left"),
        pytest.param(raised(), STAYED, Verdict.WRONG, id="raised, stayed"),
        pytest.param(raised(), RESIGNED, Verdict.RIGHT, id="raised, left"),
    ],
)
def test_who_lowers_is_right_if_the_tutor_stays_who_raises_if_not(
    one: Override, career: Career, verdict: Verdict
) -> None:
    found = judged(one, career, MUCH_LATER)

    assert found is not None
    assert found.verdict is verdict


@pytest.mark.parametrize("score", [5.0, 20.0, 45.0, 80.0, 100.0])
@pytest.mark.parametrize("left", [False, True])
def test_right_is_who_is_nearer_to_what_happened(score: float, left: bool) -> None:
    one = override(score, SET)

    found = judged(one, RESIGNED if left else STAYED, MUCH_LATER)

    nearer = abs(one.score / 100 - left) < abs(one.score_then / 100 - left)
    assert found is not None
    assert (found.verdict is Verdict.RIGHT) is nearer


# fmt: off
CAREERS = [
    ("teaches on", teaching(), False),
    ("last taught in its time", teaching(SET + timedelta(days=5)), True),
    ("last taught before it was set", teaching(SET - timedelta(days=3)), True),
    ("last taught on the last day foreseen", teaching(FORESEEN), True),
    ("last taught after that", teaching(FORESEEN + timedelta(seconds=1)), False),
    ("is on leave", teaching(SET, TutorStatus.ON_LEAVE), False),
    ("resigned, and taught until after", teaching(MUCH_LATER, TutorStatus.RESIGNED), False),
    ("deactivated without a session", Career(TutorStatus.DEACTIVATED, None), True),
    ("never taught", Career(TutorStatus.ACTIVE, None), False),
    ("unknown, and silent", teaching(SET, TutorStatus.UNKNOWN), True),
]
# fmt: on


@pytest.mark.parametrize(("career", "left"), [pytest.param(c, o, id=n) for n, c, o in CAREERS])
def test_a_tutor_leaves_on_the_day_of_the_last_session(career: Career, left: bool) -> None:
    found = judged(raised(), career, MUCH_LATER)

    assert found is not None
    assert (found.verdict is Verdict.RIGHT) is left


def test_a_silence_of_14_days_is_not_yet_a_departure() -> None:
    at = DECIDED + timedelta(days=1)

    assert not teaching(at - timedelta(days=14)).left(at, at)
    assert teaching(at - timedelta(days=14, seconds=1)).left(at, at)


@pytest.mark.parametrize(
    ("one", "at", "known"),
    [
        pytest.param(lowered(), DECIDED, True, id="30 days and a silence after its end"),
        pytest.param(lowered(), DECIDED - timedelta(seconds=1), False, id="a second sooner"),
        pytest.param(
            lowered(ended_at=SET + timedelta(days=10), ended_by="sam"),
            DECIDED - timedelta(days=20),
            True,
            id="taken back sooner",
        ),
        pytest.param(
            lowered(ended_at=SET + timedelta(hours=23), ended_by="sam"),
            MUCH_LATER,
            False,
            id="taken back within a day",
        ),
        pytest.param(override(55.0, SET), MUCH_LATER, False, id="level as it was"),
    ],
)
def test_when_an_override_is_judged(one: Override, at: datetime, known: bool) -> None:
    assert (judged(one, STAYED, at) is not None) is known


def test_the_model_foresees_over_all_the_time_an_override_speaks_of() -> None:
    """60 days at 20 % in 30 stay with 64 %."""
    stays = judged(lowered(risk_then=0.2), STAYED, MUCH_LATER)
    leaves = judged(raised(risk_then=0.2), STAYED, MUCH_LATER)

    assert stays is not None
    assert leaves is not None
    assert stays.foreseen == pytest.approx(0.64)
    assert leaves.foreseen == pytest.approx(0.36)


# All of them


def many(count: int, right: int, **told: object) -> tuple[list[Override], dict[str, Career]]:
    """So many lowered scores of as many tutors, of whom so many stayed."""
    overrides = [lowered(tutor_id=f"t-{n}", **told) for n in range(count)]
    careers = {one.tutor_id: STAYED if n < right else RESIGNED for n, one in enumerate(overrides)}
    return overrides, careers


def tracked(count: int, right: int, **told: object) -> Tracking:
    return tracking(*many(count, right, **told), MUCH_LATER)


def test_how_often_managers_were_right_has_its_interval() -> None:
    found = tracked(10, 8)

    assert (found.both.right.value, found.both.right.n) == (0.8, 10)
    assert (found.both.right.low, found.both.right.high) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert found.lowered == found.both
    assert found.raised.right.value is None


@pytest.mark.parametrize(
    ("count", "right", "risk", "said"),
    [
        pytest.param(FEWEST - 1, 20, 0.5, "too few to say: 29 of at least 30", id="too few"),
        pytest.param(FEWEST, 28, None, "too few stand beside a prediction", id="no model"),
        pytest.param(FEWEST, 28, 0.5, "managers know more than the model", id="more"),
        pytest.param(FEWEST, 28, 0.03, "do as well as the model's chances", id="alike"),
        pytest.param(FEWEST, 15, 0.03, "managers know less than the model", id="less"),
    ],
)
def test_managers_are_measured_by_what_the_model_foresaw(
    count: int, right: int, risk: float | None, said: str
) -> None:
    """Most tutors stay, so whoever lowers every score is mostly right and knows nothing."""
    assert said in tracked(count, right, risk_then=risk).both.verdict


def test_a_tutor_overridden_again_for_the_same_time_counts_once() -> None:
    again = lowered(version=2, set_at=UNTIL, until=UNTIL + timedelta(days=30))
    anew = lowered(version=3, set_at=FORESEEN, until=FORESEEN + timedelta(days=30))

    found = tracking([anew, again, lowered()], {"t-7": STAYED}, MUCH_LATER)

    assert (found.both.right.n, found.not_counted) == (2, 1)


def test_every_override_is_in_force_or_ended_and_counted_waiting_or_not() -> None:
    at = SET + timedelta(days=100)
    open_one = lowered(tutor_id="t-1", set_at=at - timedelta(days=1), until=at + timedelta(days=9))
    just_over = lowered(tutor_id="t-2", until=at)
    unchanged = override(55.0, SET, tutor_id="t-3")
    forgotten = lowered(tutor_id="t-4")
    every = [lowered(), open_one, just_over, unchanged, forgotten]
    known = dict.fromkeys(("t-7", "t-1", "t-2", "t-3"), STAYED)

    found = tracking(every, known, at)

    assert (found.in_force, found.ended) == (1, 4)
    assert (found.both.right.n, found.waiting, found.not_counted) == (1, 2, 2)


def test_each_month_says_how_many_were_set_and_were_right() -> None:
    july = lowered(tutor_id="t-8", set_at=SET + timedelta(days=31), until=SET + timedelta(days=40))

    found = tracking([july, lowered()], {"t-7": STAYED, "t-8": RESIGNED}, MUCH_LATER)

    told = [(month.month, month.count, month.judged, month.right) for month in found.months]
    assert told == [("2026-06", 1, 1, 1), ("2026-07", 1, 1, 0)]


def test_without_overrides_there_is_nothing_to_say() -> None:
    found = tracking([], {}, MUCH_LATER)

    assert (found.in_force, found.ended, found.months) == (0, 0, ())
    assert found.both.verdict == "too few to say: 0 of at least 30 judged"
