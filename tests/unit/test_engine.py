"""The rules of intervention by their boundaries, and what the engine does with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.domain.churn_score import RiskLevel, risk_level
from shared.domain.effect import held_out
from shared.domain.engine import FOLLOWED_UP_WITHIN, Desk, decided, desk_of
from shared.domain.intervention import Intervention, Kind, Order, Outcome, Owner, Status, moved
from shared.domain.intervention_rule import PERFORMANCE_FLAGS, RULE, RULES
from shared.domain.office import Office
from shared.domain.policy import DIALS, Policy, PolicyError
from shared.domain.situation import Facts, FirstSession, Situation, overridden
from shared.domain.tier import Tier
from tests.builders import override

NOW = datetime(2026, 11, 17, 10, tzinfo=UTC)  # a Tuesday
FOLLOW_UP = timedelta(days=14)
EVERYBODY = Policy().changed({"holdout_share": 0.0})


def facts(score: float = 10.0, **told: object) -> Facts:
    """A tutor with that churn score and nothing else to say."""
    given = {"at": NOW, "level": risk_level(score), "tier": Tier.STRONG} | told
    return Facts(churn_score=score, **given)  # type: ignore[arg-type]


def situation(now: Facts, nights: Sequence[Facts] = (), **told: object) -> Situation:
    return Situation("t-7", now, tuple(nights), **told)  # type: ignore[arg-type]


def steady(score: float, days: int, **told: object) -> Situation:
    """The same for so many nights, and now."""
    here = facts(score, **told)
    nights = [replace(here, at=NOW - timedelta(days=back)) for back in range(days, 0, -1)]
    return situation(here, nights)


def kinds(given: Situation, desk: Desk | None = None, policy: Policy = EVERYBODY) -> set[str]:
    """What is newly opened."""
    return {one.kind.value for one in decide(given, desk, policy) if one.version == 1}


def decide(
    given: Situation, desk: Desk | None = None, policy: Policy = EVERYBODY
) -> tuple[Intervention, ...]:
    return decided(given, desk or Desk(), policy, Office())


def only(found: Sequence[Intervention], kind: Kind) -> Intervention:
    (one,) = (one for one in found if one.kind is kind)
    return one


# --- triggers, at their boundaries ---

# fmt: off
FIRST = (FirstSession("s-1", NOW - timedelta(minutes=5)),)
CASES = [
    ("A1", "a confirmed performance flag", facts(30, confirmed=frozenset({"low_rating"})), True),
    ("A1", "another flag", facts(30, confirmed=frozenset({"no_show_risk"})), False),
    ("A1", "no flag", facts(30), False),
    ("A2", "under 3.5 stars for knowledge", facts(30, skill_rating=3.4), True),
    ("A2", "3.5 stars", facts(30, skill_rating=3.5), False),
    ("A2", "too few to say", facts(30, skill_rating=None), False),
    ("A4", "three moved in a week", facts(60, reschedules_7d=3), True),
    ("A4", "two moved in a week", facts(60, reschedules_7d=2), False),
]
# fmt: on


@pytest.mark.parametrize(
    ("kind", "given", "opens"), [pytest.param(k, g, o, id=f"{k}: {c}") for k, c, g, o in CASES]
)
def test_an_automated_one_opens_at_its_boundary(kind: str, given: Facts, opens: bool) -> None:
    assert (kind in kinds(situation(given))) is opens


@pytest.mark.parametrize("code", PERFORMANCE_FLAGS)
def test_every_performance_flag_brings_tips(code: str) -> None:
    assert "A1" in kinds(situation(facts(30, confirmed=frozenset({code}))))


def test_a_first_session_is_asked_about_two_hours_after_its_end() -> None:
    found = only(decide(situation(facts(10), first_sessions=FIRST)), Kind.A3)

    assert found.due_at == FIRST[0].ended_at + timedelta(hours=2)
    assert found.evidence == ("s-1",)


@pytest.mark.parametrize("hours", [3, 51, 80])
def test_a_first_session_of_which_news_comes_late_is_asked_about_at_once(hours: int) -> None:
    """Else it would be over before its mail goes out."""
    long_ago = FirstSession("s-1", NOW - timedelta(hours=hours))
    given = situation(facts(10), first_sessions=(long_ago,))

    found = only(decide(given), Kind.A3)

    assert found.due_at == NOW
    assert decide(given, Desk((found,))) == ()


def test_a_first_session_is_asked_about_once() -> None:
    given = situation(facts(10), first_sessions=FIRST)
    asked = only(decide(given), Kind.A3)
    over = moved(asked, Order("complete", "engine", outcome=Outcome.NO_CHANGE), NOW)

    assert "A3" not in kinds(later(given, days=1), Desk((over,)))
    another = replace(given, first_sessions=(*FIRST, FirstSession("s-2", NOW)))
    assert only(decide(later(another, days=1), Desk((over,))), Kind.A3).evidence == ("s-2",)


def test_a_check_in_is_over_when_its_mail_went_out_so_that_the_next_can_come() -> None:
    asked = only(decide(situation(facts(10), first_sessions=FIRST)), Kind.A3)
    another = (*FIRST, FirstSession("s-2", NOW + timedelta(hours=3)))
    given = situation(facts(10), first_sessions=another)

    mailed = moved(asked, Order("start", "mail"), NOW + timedelta(hours=2))
    waiting, (ended,) = (decide(later(given, days=0.5), Desk((one,))) for one in (asked, mailed))

    assert waiting == ()
    assert (ended.status, ended.outcome) == (Status.COMPLETED, Outcome.NO_CHANGE)
    assert only(decide(later(given, days=1), Desk((ended,))), Kind.A3).evidence == ("s-2",)


TRAINED = "A training was completed."


@pytest.mark.parametrize(
    ("after_days", "looked_days", "said", "outcome"),
    [
        (2, 3, TRAINED, Outcome.IMPROVED),
        (7, 7.1, TRAINED, Outcome.IMPROVED),
        (7.1, 7.2, "No training was completed in time.", Outcome.NO_CHANGE),
        (-1, 7, "No training was completed in time.", Outcome.NO_CHANGE),
    ],
)
def test_what_became_of_a_suggested_training_is_whether_one_was_completed_within_a_week(
    after_days: float, looked_days: float, said: str, outcome: Outcome
) -> None:
    given = situation(facts(30, skill_rating=3.0))
    suggested = only(decide(given), Kind.A2)
    trained = replace(given, trainings=(NOW + timedelta(days=after_days),))

    ended = only(decide(later(trained, days=looked_days), Desk((suggested,))), Kind.A2)

    assert (ended.outcome, ended.status) == (outcome, Status.COMPLETED)
    assert said in ended.steps[-1].said


def test_a_suggested_training_waits_for_a_week() -> None:
    given = situation(facts(30, skill_rating=3.0))
    suggested = only(decide(given), Kind.A2)

    assert decide(later(given, days=6.9), Desk((suggested,))) == ()


@pytest.mark.parametrize(
    ("kind", "score", "nights", "opens"),
    [
        ("H1", 50.1, 7, True),
        ("H1", 50.1, 6, False),
        ("H1", 50.0, 7, False),
        ("H3", 75.1, 7, True),
        ("H3", 75.1, 6, False),
        ("H3", 75.0, 7, False),
    ],
)
def test_a_high_score_has_to_last(kind: str, score: float, nights: int, opens: bool) -> None:
    assert (kind in kinds(steady(score, nights))) is opens


def test_one_good_night_in_the_week_starts_the_count_anew() -> None:
    given = steady(60, 7)
    nights = [*given.nights[:3], replace(given.nights[3], churn_score=49.0), *given.nights[4:]]

    assert "H1" not in kinds(replace(given, nights=tuple(nights)))


@pytest.mark.parametrize(("missing", "opens"), [(1, True), (2, False)])
def test_a_night_that_was_not_recorded_makes_nobody_wait_a_week(missing: int, opens: bool) -> None:
    given = steady(60, 7 + missing)
    nights = [*given.nights[:2], *given.nights[2 + missing :]]

    assert ("H1" in kinds(replace(given, nights=tuple(nights)))) is opens


@pytest.mark.parametrize(("days", "opens"), [(59.9, True), (60.0, False), (None, False)])
def test_a_developing_newcomer_gets_a_mentor(days: float | None, opens: bool) -> None:
    given = situation(facts(40, tier=Tier.DEVELOPING), tenure_days=days)

    assert ("H2" in kinds(given)) is opens


@pytest.mark.parametrize(
    ("score", "flag", "opens"),
    [
        (60.1, "activity_drop", True),
        (60.1, "engagement_decline", True),
        (60.1, "gone_quiet", True),
        (60.0, "activity_drop", False),
        (60.1, "low_rating", False),
    ],
)
def test_a_retention_interview_needs_risk_and_less_activity(
    score: float, flag: str, opens: bool
) -> None:
    assert ("H4" in kinds(situation(facts(score, confirmed=frozenset({flag}))))) is opens


@pytest.mark.parametrize(("nights", "opens"), [(60, True), (59, False)])
def test_long_excellence_is_recognised(nights: int, opens: bool) -> None:
    assert ("H5" in kinds(steady(5, nights, tier=Tier.EXEMPLARY))) is opens


# --- the requirements' table 4.2 ---

# fmt: off
OFFERED = {
    RiskLevel.LOW: {"A3", "H5"},
    RiskLevel.MEDIUM: {"A1", "A2", "A3", "H2"},
    RiskLevel.HIGH: {"A1", "A2", "A3", "A4", "H1", "H4"},
    RiskLevel.CRITICAL: {"A1", "A2", "A3", "A4", "H1", "H3", "H4"},
}
# fmt: on


@pytest.mark.parametrize("level", RiskLevel)
def test_each_risk_level_is_offered_what_the_requirements_map_to_it(level: RiskLevel) -> None:
    assert {rule.kind.value for rule in RULES if level in rule.levels} == OFFERED[level]


@pytest.mark.parametrize(("score", "level"), [(24.0, "low"), (40.0, "medium"), (70.0, "high")])
def test_what_a_level_is_not_offered_does_not_open(score: float, level: str) -> None:
    """Everything is due at once, but for excellence."""
    bad = facts(score, confirmed=frozenset({"low_rating", "gone_quiet"}), reschedules_7d=9,
                skill_rating=2.0, tier=Tier.DEVELOPING)  # fmt: skip
    nights = [replace(bad, at=NOW - timedelta(days=back)) for back in range(60, 0, -1)]

    found = kinds(situation(bad, nights, tenure_days=20.0, first_sessions=FIRST))

    assert found <= OFFERED[RiskLevel(level)]


# --- who, until when ---


def test_a_task_is_due_in_working_days() -> None:
    friday = later(steady(60, 7), days=3)

    found = only(decide(friday), Kind.H1)

    assert found.due_at == datetime(2026, 11, 24, 10, tzinfo=UTC)  # Tuesday
    assert found.owner is Owner.OPS_MANAGER


def test_what_is_sent_by_itself_is_due_at_once() -> None:
    found = only(decide(situation(facts(60, reschedules_7d=3))), Kind.A4)

    assert (found.due_at, found.owner) == (NOW, Owner.SYSTEM)


@pytest.mark.parametrize(("shift", "day"), [(3, 22), (6, 25)])
def test_nothing_is_to_be_finished_on_a_day_nobody_works(shift: int, day: int) -> None:
    """A plan of 60 days that is due on a Monday ends on a Friday, one of a Tuesday on a Monday."""
    found = only(decide(later(steady(80, 7), days=shift)), Kind.H3)

    assert found.finish_by.date() == date(2027, 1, day)


# --- one at a time ---


def test_running_it_again_changes_nothing() -> None:
    given = steady(80, 7, confirmed=frozenset({"low_rating", "activity_drop"}), reschedules_7d=4)
    desk = Desk().after(decide(given))

    assert decide(given, desk) == ()


def test_a_kind_that_is_open_does_not_open_twice() -> None:
    given = steady(60, 7)
    desk = Desk().after(decide(given))

    assert kinds(later(given, days=3), desk) == set()


def later(given: Situation, **ahead: float) -> Situation:
    """The same some time later: nights and all."""
    gone_by = timedelta(**ahead)
    nights = tuple(replace(night, at=night.at + gone_by) for night in given.nights)
    return replace(given, now=replace(given.now, at=given.now.at + gone_by), nights=nights)


@pytest.mark.parametrize(("days", "opens"), [(29, False), (30, True)])
def test_a_kind_rests_after_it_was_resolved(days: int, opens: bool) -> None:
    given = steady(60, 7)
    done = moved(
        only(decide(given), Kind.H1), Order("complete", "sam", outcome=Outcome.NO_CHANGE), NOW
    )

    assert ("H1" in kinds(later(given, days=days), Desk((done,)))) is opens


@pytest.mark.parametrize(("days", "opens"), [(29, False), (30, True)])
def test_what_a_person_declined_rests_as_if_it_had_been_done(days: int, opens: bool) -> None:
    given = steady(60, 7)
    declined = moved(only(decide(given), Kind.H1), Order("cancel", "sam", reason="She is ill"), NOW)

    assert ("H1" in kinds(later(given, days=days), Desk((declined,)))) is opens


@pytest.mark.parametrize(("hours", "opens"), [(3.9, False), (4.0, True)])
@pytest.mark.parametrize("kind", ["H1", "H3", "H4"])
def test_a_cause_that_clears_for_a_moment_locks_no_help_out(
    kind: str, hours: float, opens: bool
) -> None:
    """Nobody had done anything, so there is nothing to rest from but flapping."""
    given = steady(90, 7, confirmed=frozenset({"activity_drop"}))
    desk = Desk().after(decide(given))
    desk = desk.after(decide(situation(facts(40)), desk))
    assert {one.status for one in desk.interventions} == {Status.CANCELLED}

    assert (kind in kinds(later(given, hours=hours), desk)) is opens


@pytest.mark.parametrize(("days", "opens"), [(29, False), (30, True)])
def test_what_was_begun_before_the_tutor_left_rests_when_they_are_back(
    days: int, opens: bool
) -> None:
    given = steady(60, 7)
    begun = moved(only(decide(given), Kind.H1), Order("start", "sam"), NOW)
    left = only(decide(replace(given, at_work=False, gone=True), Desk((begun,))), Kind.H1)

    assert ("H1" in kinds(later(given, days=days), Desk((left,)))) is opens


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (60.0, "A manager's override. Churn score set to 5 by a manager."),
        (40.0, "The cause has cleared."),
    ],
)
def test_what_ends_says_whether_a_manager_or_the_tutor_cleared_it(
    score: float, reason: str
) -> None:
    desk = Desk().after(decide(steady(60, 7)))
    said = overridden(facts(score), override(5.0, NOW, until=NOW + timedelta(days=30)))

    (ended,) = decide(situation(said), desk)

    assert ended.steps[-1].said == reason


@pytest.mark.parametrize(("days", "opens"), [(6.9, False), (7.0, True)])
def test_tips_come_once_a_week_at_most(days: float, opens: bool) -> None:
    given = situation(facts(30, confirmed=frozenset({"low_rating"})))
    desk = Desk().after(decide(given))

    assert ("A1" in kinds(later(given, days=days), desk)) is opens


ALL_AT_ONCE = situation(
    facts(60, confirmed=frozenset({"low_rating"}), skill_rating=3.0, reschedules_7d=3),
    first_sessions=FIRST,
)


def test_advice_comes_one_piece_at_a_time_the_most_specific_first() -> None:
    found, days = Desk(), []
    for day in range(5):
        opened = decide(later(ALL_AT_ONCE, days=day), found)
        found = found.after(opened)
        days.append({one.kind.value for one in opened if one.version == 1} - {"A3"})

    assert days == [{"A4"}, set(), {"A2"}, set(), {"A1"}]


def test_advice_that_was_held_out_makes_the_next_wait_as_if_it_had_been_sent() -> None:
    everybody_out = Policy().changed({"holdout_share": 0.5})
    tutor = next(name for name in map(str, range(99)) if held_out(name, Kind.A4, 0.5))
    given = replace(ALL_AT_ONCE, tutor_id=tutor)
    first = decide(given, policy=everybody_out)

    assert only(first, Kind.A4).held_out
    assert "A2" not in kinds(later(given, days=1.9), Desk(first))
    assert "A2" in kinds(later(given, days=2), Desk(first))


def test_what_may_be_escalated_waits_for_no_tips() -> None:
    """Else a tutor who got tips an hour ago would never be offered help with the schedule."""
    tips = decide(situation(facts(60, confirmed=frozenset({"low_rating"}))))

    assert "A4" in kinds(later(ALL_AT_ONCE, hours=1), Desk(tips))
    assert "A2" not in kinds(later(ALL_AT_ONCE, hours=1), Desk(tips))


def test_a_message_that_could_not_be_delivered_reaches_a_manager_all_the_same() -> None:
    given = situation(facts(60, reschedules_7d=4))
    message = only(decide(given), Kind.A4)
    unread = moved(message, Order("note", "mail", reason="The tutor gets no such mail."), NOW)

    *_, escalated = decide(later(given, days=14), Desk((unread,)))

    assert (escalated.kind, escalated.escalated_from) == (Kind.H1, Kind.A4)
    assert escalated.why == "Since 17 November: 4 sessions moved by the tutor in 7 days."


def test_a_message_that_could_not_be_delivered_was_never_carried_through() -> None:
    given = situation(facts(60, reschedules_7d=4))
    message = only(decide(given), Kind.A4)
    unread = moved(message, Order("note", "mail", reason="The tutor gets no such mail."), NOW)

    ended, *_ = decide(later(given, days=14), Desk((unread,)))

    assert ended.status is Status.CANCELLED
    assert "The tutor never got it." in [step.said for step in ended.steps]


def test_nothing_is_escalated_while_the_tutor_is_on_leave() -> None:
    given = situation(facts(60, reschedules_7d=4))
    message = moved(only(decide(given), Kind.A4), Order("start", "mail"), NOW)

    (ended,) = decide(replace(later(given, days=14), at_work=False), Desk((message,)))

    assert (ended.status, ended.escalated_at) == (Status.COMPLETED, None)


def test_advice_that_could_not_be_delivered_holds_no_other_back() -> None:
    tips = only(decide(situation(facts(60, confirmed=frozenset({"low_rating"})))), Kind.A1)
    unread = moved(tips, Order("cancel", "mail", reason="The tutor gets no such mail."), NOW)
    training = situation(facts(60, skill_rating=3.0))

    assert "A2" not in kinds(later(training, hours=1), Desk((tips,)))
    assert "A2" in kinds(later(training, hours=1), Desk((unread,)))


def test_a_check_in_waits_for_no_advice() -> None:
    assert kinds(ALL_AT_ONCE) == {"A3", "A4"}


# --- what clears, goes on, or gets worse ---


@pytest.mark.parametrize(("score", "status"), [(46.0, Status.PENDING), (45.0, Status.CANCELLED)])
def test_a_task_nobody_began_is_cancelled_when_its_cause_clears(
    score: float, status: Status
) -> None:
    """With some slack: a score that hovers at its limit opens and closes nothing."""
    desk = Desk().after(decide(steady(60, 7)))

    desk = desk.after(decide(later(situation(facts(score)), days=1), desk))

    assert desk.interventions[0].status is status


def test_a_task_somebody_began_goes_on_when_its_cause_clears() -> None:
    begun = moved(only(decide(steady(60, 7)), Kind.H1), Order("start", "sam"), NOW)

    assert decide(later(situation(facts(5)), days=1), Desk((begun,))) == ()


def test_moves_that_go_on_for_two_weeks_reach_a_manager() -> None:
    """The message did not help: coaching opens although the score has not lasted."""
    given = situation(facts(60, reschedules_7d=3))
    alert = moved(only(decide(given), Kind.A4), Order("start", "engine"), NOW)

    found = decide(later(given, days=14), Desk((alert,)))

    ended, coaching = only(found, Kind.A4), only(found, Kind.H1)
    assert (ended.status, ended.escalated_at) == (Status.COMPLETED, NOW + timedelta(days=14))
    assert coaching.why.startswith("Reschedule alert of 17 November did not help: 3 sessions")


def test_moves_that_go_on_reach_a_manager_also_where_one_coached_lately() -> None:
    given = situation(facts(60, reschedules_7d=3))
    alert = moved(only(decide(given), Kind.A4), Order("start", "engine"), NOW)
    coached = only(decide(steady(60, 7)), Kind.H1)
    done = moved(coached, Order("complete", "sam", outcome=Outcome.NO_CHANGE), NOW)

    found = decide(later(given, days=14), Desk((alert, done)))

    assert Kind.H1 in {one.kind for one in found if one.version == 1}


def test_moves_that_go_on_reach_a_manager_also_where_the_message_was_held_out() -> None:
    half = Policy().changed({"holdout_share": 0.5})
    given = situation(facts(60, reschedules_7d=3))
    arms = [
        only(decide(replace(given, tutor_id=f"t-{number}"), policy=half), Kind.A4)
        for number in range(40)
    ]

    sent = [one if one.held_out else moved(one, Order("start", "mail"), NOW) for one in arms]

    reached = {
        one.held_out: only(
            decide(replace(later(given, days=14), tutor_id=one.tutor_id), Desk((one,))), Kind.H1
        )
        for one in sent
    }

    assert not any(coaching.held_out for coaching in reached.values())
    assert {held: coaching.why.split(":")[0] for held, coaching in reached.items()} == {
        True: "Since 17 November",
        False: "Reschedule alert of 17 November did not help",
    }
    assert {one.escalated_from for one in reached.values()} == {Kind.A4}


@pytest.mark.parametrize(("reschedules", "status"), [(3, Status.PENDING), (2, Status.CANCELLED)])
def test_what_reached_a_manager_stands_while_the_moves_go_on_whatever_the_score(
    reschedules: int, status: Status
) -> None:
    given = situation(facts(60, reschedules_7d=3))
    alert = moved(only(decide(given), Kind.A4), Order("start", "engine"), NOW)
    desk = Desk((alert,))
    desk = desk.after(decide(later(given, days=14), desk))

    after = later(situation(facts(20, reschedules_7d=reschedules)), days=15)
    desk = desk.after(decide(after, desk))

    coaching = next(one for one in desk.interventions if one.kind is Kind.H1)
    assert coaching.status is status


def test_moves_that_stopped_reach_nobody() -> None:
    alert = only(decide(situation(facts(60, reschedules_7d=3))), Kind.A4)

    found = decide(later(situation(facts(60, reschedules_7d=2)), days=14), Desk((alert,)))

    assert [one.kind for one in found] == [Kind.A4]
    assert found[0].escalated_at is None


def test_a_snooze_ends_by_itself() -> None:
    until = NOW + timedelta(days=2)
    asleep = moved(
        only(decide(steady(60, 7)), Kind.H1),
        Order("snooze", "sam", reason="on holiday", until=until),
        NOW,
    )

    assert decide(later(steady(60, 7), days=1), Desk((asleep,))) == ()
    (awake,) = decide(later(steady(60, 7), days=2), Desk((asleep,)))
    assert awake.status is Status.PENDING


def test_nothing_opens_for_a_tutor_on_leave() -> None:
    assert kinds(replace(steady(80, 7), at_work=False)) == set()


def test_what_is_open_ends_when_the_tutor_has_left() -> None:
    desk = Desk().after(decide(steady(60, 7, reschedules_7d=3)))

    found = decide(replace(steady(60, 7), at_work=False, gone=True), desk)

    assert {(one.kind, one.status, one.outcome) for one in found} == {
        (Kind.H1, Status.CANCELLED, Outcome.CHURNED),
        (Kind.A4, Status.CANCELLED, Outcome.CHURNED),
    }


# --- measured against doing nothing ---


def test_those_held_out_are_followed_up_like_the_others() -> None:
    half = Policy().changed({"holdout_share": 0.5})
    given = situation(facts(60, reschedules_7d=3))
    names = [f"t-{number}" for number in range(40)]
    arms = {who: only(decide(replace(given, tutor_id=who), policy=half), Kind.A4) for who in names}
    calm = later(situation(facts(48)), days=14)
    assert calm.now.at == NOW + FOLLOW_UP

    after = [
        only(decide(replace(calm, tutor_id=who), Desk((one,))), Kind.A4)
        for who, one in arms.items()
    ]

    assert {one.held_out for one in after} == {True, False}
    assert {(one.score_before, one.score_after, one.outcome) for one in after} == {
        (60.0, 48.0, Outcome.IMPROVED)
    }


@pytest.mark.parametrize("kind", ["H1", "H3", "H4"])
def test_what_people_did_is_followed_up_on_its_day_whatever_they_wrote(kind: str) -> None:
    given = steady(90, 7, confirmed=frozenset({"activity_drop"}))
    order = Order("complete", "sam", outcome=Outcome.NO_CHANGE)
    done = moved(only(decide(given), Kind(kind)), order, NOW)
    day = RULE[Kind(kind)].follow_up_days
    calm = situation(facts(60, at=NOW + timedelta(days=day)))

    assert decide(later(calm, days=-0.1), Desk((done,))) == ()
    (measured,) = decide(calm, Desk((done,)))

    assert (measured.score_after, measured.outcome) == (60.0, Outcome.NO_CHANGE)
    assert decide(later(calm, days=1), Desk((measured,))) == ()


def test_who_leaves_before_the_follow_up_has_not_been_kept() -> None:
    order = Order("complete", "sam", outcome=Outcome.IMPROVED)
    done = moved(only(decide(steady(60, 7)), Kind.H1), order, NOW)

    (left,) = decide(situation(facts(20), at_work=False, gone=True), Desk((done,)))

    assert (left.score_after, left.outcome) == (100.0, Outcome.CHURNED)
    assert left.steps[-2].said == "improved"


@pytest.mark.parametrize("gone", [True, False])
def test_a_score_of_much_later_is_no_follow_up(gone: bool) -> None:
    order = Order("complete", "sam", outcome=Outcome.IMPROVED)
    done = moved(only(decide(steady(60, 7)), Kind.H1), order, NOW)
    day = timedelta(days=RULE[Kind.H1].follow_up_days) + FOLLOWED_UP_WITHIN

    assert decide(situation(facts(20, at=NOW + day), gone=gone), Desk((done,))) == ()


def test_what_is_completed_after_its_follow_up_keeps_the_score_of_that_day() -> None:
    begun = moved(only(decide(steady(60, 7)), Kind.H1), Order("start", "sam"), NOW)
    (measured,) = decide(later(steady(60, 7), days=28), Desk((begun,)))

    order = Order("complete", "sam", outcome=Outcome.IMPROVED)
    done = moved(measured, order, NOW + timedelta(days=30))

    assert done.score_after == 60.0


def test_what_is_opened_notes_the_share_that_was_held_out() -> None:
    half = Policy().changed({"holdout_share": 0.5})
    found = decide(steady(60, 7, reschedules_7d=3), policy=half)

    assert {one.kind: one.holdout_share for one in found} == {Kind.A4: 0.5, Kind.H1: None}


def test_what_is_over_is_still_followed_up() -> None:
    """Tips last a week, the follow-up comes after two."""
    given = situation(facts(30, confirmed=frozenset({"low_rating"})))
    tips = only(decide(given), Kind.A1)
    quiet = situation(facts(28))
    (over,) = decide(later(quiet, days=7), Desk((tips,)))
    assert (over.status, over.score_after) == (Status.COMPLETED, None)

    (measured,) = decide(later(quiet, days=14), Desk((over,)))

    assert measured.score_after == 28.0
    assert decide(later(quiet, days=20), Desk((measured,))) == ()


def test_people_are_never_held_out() -> None:
    half = Policy().changed({"holdout_share": 0.5})
    given = [replace(steady(60, 7), tutor_id=f"t-{number}") for number in range(40)]

    held = {only(decide(one, policy=half), Kind.H1).held_out for one in given}

    assert held == {False}


def test_what_was_done_still_rests_where_a_later_one_cleared_by_itself() -> None:
    """Coaching that a message led to, and that nobody had to hold, hides none that was held."""
    given = steady(60, 7)
    task = only(decide(given), Kind.H1)
    held = moved(task, Order("complete", "sam", outcome=Outcome.NO_CHANGE), NOW)
    led_to = replace(task, opened_at=NOW + timedelta(days=20))
    cleared = moved(led_to, Order("cancel", "engine", reason="x"), NOW + timedelta(days=22))
    desk = desk_of([replace(one, score_after=60.0) for one in (held, cleared)])

    assert "H1" not in kinds(later(given, days=29), desk)
    assert "H1" in kinds(later(given, days=30), desk)


def test_a_desk_keeps_what_is_open_unmeasured_or_the_newest_of_its_kind() -> None:
    given = situation(facts(30, confirmed=frozenset({"low_rating"})))
    first = only(decide(given), Kind.A1)
    old = replace(first, status=Status.COMPLETED, score_after=20.0, opened_at=NOW - timedelta(60))
    unmeasured = replace(old, score_after=None, opened_at=NOW - timedelta(days=10))

    kept = desk_of([old, unmeasured, first]).interventions

    assert kept == (unmeasured, first)


# --- the dials ---


@pytest.mark.parametrize("name", DIALS)
def test_every_dial_stands_within_its_bounds(name: str) -> None:
    dial = DIALS[name]

    assert dial.low <= Policy()[name] == dial.default <= dial.high


def test_moving_a_dial_moves_the_rule() -> None:
    lenient = EVERYBODY.changed({"coaching_score": 70.0})
    hasty = EVERYBODY.changed({"sustained_days": 3})

    assert "H1" not in kinds(steady(65, 7), policy=lenient)
    assert "H1" in kinds(steady(65, 3), policy=hasty)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("coaching_score", 49.9, "coaching_score must be from 50 to 90"),
        ("holdout_share", 0.51, "holdout_share must be from 0 to 0.5"),
        ("sustained_days", float("nan"), "sustained_days must be from 3 to 30"),
        ("mood", 1.0, "mood is no setting of interventions"),
    ],
)
def test_a_dial_moves_within_its_bounds(name: str, value: float, why: str) -> None:
    with pytest.raises(PolicyError, match=f"^{why}$"):
        Policy().changed({name: value})


def test_a_rule_names_everything_a_reader_wants_to_know() -> None:
    for rule in RULE.values():
        assert all((rule.title, rule.trigger, rule.does))
        assert bool(rule.template) is rule.kind.automated
        assert bool(rule.sla_days and rule.minutes) is not rule.kind.automated


def test_a_managers_word_improves_nobody() -> None:
    """Tips given at 30 are followed up by the computed score, whatever a manager says meanwhile."""
    tips = only(decide(situation(facts(30, confirmed=frozenset({"low_rating"})))), Kind.A1)
    later = facts(30, at=NOW + FOLLOW_UP)
    lowered = overridden(later, override(5.0, NOW, until=NOW + timedelta(days=30)))

    after = only(decide(situation(lowered), Desk((tips,))), Kind.A1)

    assert (after.score_after, after.outcome) == (30.0, Outcome.NO_CHANGE)
