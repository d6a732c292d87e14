"""Whether an intervention helps, in worlds where the answer is known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from random import Random

import pytest
from scipy.stats import ttest_ind  # type: ignore[import-untyped]

from shared.domain.effect import (
    FEWEST,
    Case,
    Effect,
    case_of,
    effect,
    held_out,
    improved,
    newcombe,
    precision,
    welch,
)
from shared.domain.intervention import Intervention, Kind, Order, Outcome, Owner, Status, moved
from shared.domain.rate import Counted, wilson

OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
TUTORS = [f"t-{number}" for number in range(10_000)]
SEEDS = range(200)


def case(tutor_id: str = "t-1", *, fall: float | None = 0.0, held: bool = False) -> Case:
    """An A4 from a score of 60, not acted upon."""
    return Case(
        tutor_id=tutor_id,
        kind="A4",
        held_out=held,
        opened_at=OPENED,
        acted_at=None,
        accepted=False,
        completed=False,
        score_before=60.0,
        score_after=None if fall is None else 60.0 - fall,
    )


def arm(n: int, better: int, *, held: bool = False) -> list[Case]:
    """So many tutors, of whom so many improved."""
    return [case(f"{held}-{i}", fall=10.0 * (i < better), held=held) for i in range(n)]


def world(seed: int, *, helps_by: float = 0.0, tutors: int = 400) -> list[Case]:
    """Tutors picked when by bad luck their score is high; two weeks later luck is drawn anew."""
    luck, cases = Random(seed), []
    for number in range(tutors):
        usual, bad_luck = luck.gauss(45, 8), 0.0
        while bad_luck < 4:
            bad_luck = luck.gauss(0, 10)
        held = held_out(f"t-{number}", "A4", 0.1, salt=str(seed))
        after = usual + luck.gauss(0, 10) - (0 if held else helps_by)
        before = case(f"t-{number}", held=held)
        cases.append(replace(before, score_before=usual + bad_luck, score_after=after))
    return cases


@pytest.fixture(scope="module")
def of_no_use() -> Sequence[Effect]:
    """What is measured of interventions that do nothing."""
    return [effect(world(seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def of_use() -> Sequence[Effect]:
    """What is measured of interventions that lower the score by 10 points."""
    return [effect(world(seed, helps_by=10)) for seed in SEEDS[:60]]


def test_the_same_tutor_is_held_out_from_a_kind_or_not_for_ever() -> None:
    """Another hash would move tutors between the arms of a running experiment."""
    assert [tutor for tutor in TUTORS[:40] if held_out(tutor, "A1", 0.1)] == ["t-0", "t-28"]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.automated])
def test_the_share_held_out_is_the_one_asked_for(kind: str, share: float) -> None:
    held = sum(held_out(tutor, kind, share) for tutor in TUTORS)

    assert held / 10_000 == pytest.approx(share, abs=4 * sqrt(share * (1 - share) / 10_000))


def test_a_share_of_0_holds_out_nobody_and_one_of_1_everybody() -> None:
    assert not any(held_out(tutor, "A1", 0.0) for tutor in TUTORS)
    assert all(held_out(tutor, "A1", 1.0) for tutor in TUTORS)


def test_a_larger_share_only_adds_tutors() -> None:
    small, large = ({t for t in TUTORS if held_out(t, "A2", share)} for share in (0.1, 0.15))

    assert small < large


@pytest.mark.parametrize(
    "other", [pytest.param(("A2", ""), id="another kind"), pytest.param(("A1", "2"), id="a salt")]
)
def test_kinds_and_salts_draw_independently(other: tuple[str, str]) -> None:
    kind, salt = other
    both = sum(held_out(t, "A1", 0.3) and held_out(t, kind, 0.3, salt) for t in TUTORS)

    assert both / 10_000 == pytest.approx(0.09, abs=0.012)


def test_what_a_person_decides_is_never_held_out() -> None:
    assert not any(held_out(tutor, "H4", 1.0) for tutor in TUTORS[:100])


@pytest.mark.parametrize("share", [10.0, -0.1, float("nan")])
def test_a_share_in_per_cent_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        held_out("t-1", "A1", share)


@pytest.mark.parametrize(
    ("fall", "better"),
    [
        pytest.param(5.0, True, id="five points"),
        pytest.param(4.9, False, id="not quite five"),
        pytest.param(-5.0, False, id="rose"),
        pytest.param(-40.0, False, id="left"),
        pytest.param(None, None, id="no follow-up yet"),
    ],
)
def test_improved(fall: float | None, better: bool | None) -> None:
    assert improved(case(fall=fall)) is better


@pytest.mark.parametrize("wrote", Outcome)
def test_what_a_person_writes_as_outcome_does_not_count(wrote: Outcome) -> None:
    """Of those held out nobody writes any: one arm alone would be the worse for it."""
    message = replace(task(), kind=Kind.A4)
    done = moved(message, Order("complete", "sam", outcome=wrote), OPENED)
    followed_up = moved(done, Order("measure", "engine", score=60.0), OPENED)

    assert improved(case_of(done)) is None
    assert improved(case_of(followed_up)) is True


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        pytest.param((56, 70), (48, 80), 0.0524, 0.3339, id="a"),
        pytest.param((9, 10), (3, 10), 0.1705, 0.8090, id="b"),
        pytest.param((5, 56), (0, 29), -0.0381, 0.1926, id="d"),
        pytest.param((10, 10), (0, 10), 0.6075, 1.0, id="h"),
    ],
)
def test_the_difference_of_shares_is_newcombes(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe 1998, table II, method 10."""
    told = newcombe(Counted(*one), Counted(*other))

    assert told is not None
    assert told.value == pytest.approx(one[0] / one[1] - other[0] / other[1])
    assert (told.low, told.high) == pytest.approx((low, high), abs=5e-5)


def test_the_difference_of_means_is_welchs_by_hand() -> None:
    """Variances 2.5 of five each: 8 degrees of freedom, a standard error of 1, t = 2.306."""
    told = welch([3, 4, 5, 6, 7], [1, 2, 3, 4, 5])

    assert told is not None
    assert (told.value, told.low, told.high) == pytest.approx((2, -0.306, 4.306), abs=5e-4)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 40), (40, 400), (5_000, 300)])
def test_the_difference_of_means_is_scipys(n: int, m: int) -> None:
    luck = Random(n)
    one, other = [luck.gauss(3, 9) for _ in range(n)], [luck.gauss(1, 4) for _ in range(m)]

    told = welch(one, other)

    expected = ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert told is not None
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_an_empty_side_or_no_spread_gives_no_interval() -> None:
    assert newcombe(Counted(0, 0), Counted(1, 2)) is None
    assert welch([1.0], [1.0, 2.0]) is None
    assert welch([1.0, 1.0], [2.0, 2.0]) is None


def test_a_fall_of_five_is_one_in_decimals_too() -> None:
    assert 10.2 - 5.2 < 5
    assert improved(replace(case(), score_before=10.2, score_after=5.2))


def test_both_arms_are_told_with_what_they_rest_on() -> None:
    waiting = [case("w-1", fall=None), case("w-2", fall=None, held=True)]

    told = effect([*arm(40, 30), *arm(30, 15, held=True), *waiting])

    assert (told.treated.improved.n, told.treated.improved.value) == (40, 0.75)
    assert (told.treated.improved.low, told.treated.improved.high) == wilson(30, 40)
    assert (told.treated.mean_fall, told.held_out.mean_fall) == (7.5, 5.0)
    assert (told.treated.waiting, told.held_out.waiting) == (1, 1)
    assert told.improved_more == newcombe(Counted(30, 40), Counted(15, 30))
    assert told.fell_more is not None
    assert told.fell_more.value == 2.5


def test_a_tutor_counts_once_with_the_first_case() -> None:
    first, again = case(fall=0), replace(case(fall=20), opened_at=OPENED + timedelta(days=30))

    told = effect([again, first])

    assert (told.treated.improved.n, told.treated.improved.value) == (1, 0.0)
    assert told.accepted.n == 2


def test_only_what_was_opened_under_the_newest_share_is_compared() -> None:
    new = [replace(one, share=0.2, opened_at=OPENED + timedelta(days=9)) for one in arm(2, 1)]

    told = effect([*arm(40, 30), *arm(30, 15, held=True), *new])

    assert (told.treated.improved.n, told.held_out.improved.n) == (2, 0)
    assert told.accepted.n == 42


def test_of_what_people_do_only_what_somebody_acted_upon_is_followed_up() -> None:
    """What nobody began was mostly cancelled because the tutor had recovered by then."""
    left_alone = [replace(case(f"t-{n}", fall=20), kind="H1") for n in range(40)]
    helped = [replace(one, kind="H1", accepted=True) for one in arm(30, 12)]

    told = effect([*left_alone, *helped])

    assert (told.treated.improved.n, told.treated.improved.value) == (30, 0.4)
    assert told.accepted == Counted(30, 70)


@pytest.mark.parametrize(
    ("fall", "kept"), [(0.0, True), (-39.0, True), (-40.0, False), (None, None)]
)
def test_recognition_succeeds_with_whoever_stays(fall: float | None, kept: bool | None) -> None:
    assert improved(replace(case(fall=fall), kind="H5")) is kept


def test_a_mail_nobody_opened_counts_as_treated() -> None:
    opened = replace(case("t-2", fall=10), accepted=True)

    assert effect([case("t-1"), opened]).treated.improved.n == 2


def test_acceptance_completion_and_hours_tell_of_what_was_really_opened() -> None:
    def acted(tutor_id: str, hours: float, *, completed: bool = True) -> Case:
        at = OPENED + timedelta(hours=hours)
        return replace(case(tutor_id), acted_at=at, accepted=True, completed=completed)

    told = effect(
        [
            acted("t-1", 2),
            acted("t-2", 70, completed=False),
            acted("t-3", 5),
            case("t-4"),
            case("t-5", held=True),
        ]
    )

    assert told.accepted == Counted(3, 4)
    assert told.completed == Counted(2, 4)
    assert told.hours_to_action == 5


def task() -> Intervention:
    return Intervention("t-1", Kind.H3, Owner.PEOPLE_OPS, "because", OPENED, OPENED, OPENED, 80.0)


def test_what_is_completed_at_once_was_acted_upon_then() -> None:
    done = Order("complete", "sam", outcome=Outcome.IMPROVED)

    told = effect([case_of(moved(task(), done, OPENED + timedelta(hours=3)))])

    assert (told.accepted, told.completed) == (Counted(1, 1), Counted(1, 1))
    assert told.hours_to_action == 3


def test_what_was_completed_before_that_was_written_down_counts_as_accepted() -> None:
    told = effect([case_of(replace(task(), status=Status.COMPLETED, outcome=Outcome.IMPROVED))])

    assert (told.accepted, told.hours_to_action) == (Counted(1, 1), None)


def test_what_nobody_began_before_the_tutor_left_is_not_completed() -> None:
    left = Order("cancel", "engine", reason="The tutor has left.", outcome=Outcome.CHURNED)

    told = effect([case_of(moved(task(), left, OPENED))])

    assert (told.accepted, told.completed) == (Counted(0, 1), Counted(0, 1))


def test_no_case_is_no_measurement() -> None:
    told = effect([])

    assert (told.treated.improved.value, told.treated.mean_fall) == (None, None)
    assert (told.improved_more, told.fell_more, told.hours_to_action) == (None, None, None)
    assert told.accepted.value is None


def test_kinds_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="one kind"):
        effect([case(), replace(case(), kind="A1")])


@pytest.mark.parametrize(
    ("cases", "verdict"),
    [
        pytest.param(
            arm(300, 210) + arm(12, 2, held=True),
            "not enough data: 12 of at least 30 held out",
            id="few held out",
        ),
        pytest.param(
            arm(29, 29) + arm(FEWEST, 0, held=True),
            "not enough data: 29 of at least 30 treated",
            id="few treated",
        ),
        pytest.param(
            arm(300, 210) + arm(FEWEST, 21, held=True),
            "no effect seen: 70 % improved, 70 % of those held out "
            "(interval of the difference -14.4 to +18.5 percentage points)",
            id="no difference",
        ),
        pytest.param(
            arm(70, 56) + arm(80, 48, held=True),
            "better than doing nothing by 20 percentage points: 80 % improved, 60 % of those held "
            "out (interval of the difference +5.2 to +33.4 percentage points)",
            id="better",
        ),
        pytest.param(
            arm(80, 48) + arm(70, 56, held=True),
            "worse than doing nothing by 20 percentage points: 60 % improved, 80 % of those held "
            "out (interval of the difference -33.4 to -5.2 percentage points)",
            id="worse",
        ),
        pytest.param(
            [replace(one, kind="H1", accepted=True) for one in arm(50, 35)],
            "improved: 70 % — but without a holdout nobody knows how many would have improved "
            "anyway",
            id="by a person",
        ),
        pytest.param(
            [replace(one, kind="H1", accepted=True) for one in arm(20, 20)],
            "not enough data: 20 of at least 30 followed up",
            id="few by a person",
        ),
        pytest.param(
            [replace(one, kind="H5", accepted=True) for one in arm(40, 0)],
            "stayed: 100 % — but without a holdout nobody knows how many would have stayed anyway",
            id="recognition",
        ),
        pytest.param([], "not enough data: 0 of at least 30 followed up", id="none"),
    ],
)
def test_the_verdict_says_what_may_be_concluded(cases: list[Case], verdict: str) -> None:
    assert effect(cases).verdict == verdict


def test_where_interventions_do_nothing_most_improve_all_the_same(
    of_no_use: Sequence[Effect],
) -> None:
    for told in of_no_use:
        assert told.treated.improved.value is not None
        assert told.treated.improved.value > 0.6


def test_where_interventions_do_nothing_none_is_measured(of_no_use: Sequence[Effect]) -> None:
    """95 % are to be expected; 88 % would be worse luck than 1 in 10,000."""
    shares = [told.improved_more for told in of_no_use]
    falls = [told.fell_more for told in of_no_use]

    for differences in (shares, falls):
        covering = sum(d is not None and d.low <= 0 <= d.high for d in differences)
        assert covering / len(SEEDS) >= 0.88


def test_where_interventions_do_nothing_the_verdict_claims_nothing(
    of_no_use: Sequence[Effect],
) -> None:
    claims = [told for told in of_no_use if "than doing nothing" in told.verdict]

    assert len(claims) / len(SEEDS) <= 0.1


def test_where_interventions_help_that_is_found(of_use: Sequence[Effect]) -> None:
    found = [told for told in of_use if told.verdict.startswith("better than doing nothing")]

    assert len(found) / len(of_use) > 0.5


def test_where_interventions_help_the_fall_is_measured_rightly(of_use: Sequence[Effect]) -> None:
    falls = [told.fell_more for told in of_use]

    assert sum(d is not None and d.low <= 10 <= d.high for d in falls) / len(of_use) >= 0.88


def test_precision_is_the_share_called_useful() -> None:
    told = precision(["useful", "incorrectly_flagged", None, "useful", "not_useful", "useful"])

    assert (told.value, told.n) == (0.6, 5)
    assert (told.low, told.high) == wilson(3, 5)


@pytest.mark.parametrize("marks", [[], [None, None]])
def test_precision_without_marks_is_unknown(marks: list[str | None]) -> None:
    told = precision(marks)

    assert (told.value, told.n, told.low, told.high) == (None, 0, 0.0, 1.0)
