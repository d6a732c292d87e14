"""Sessions: what the days of a tutor's life look like in the platform's records."""

from dataclasses import dataclass, fields, replace
from enum import IntEnum

import numpy as np

from events.world import state
from events.world.column import (
    SECONDS_A_DAY,
    Column,
    choice,
    hundredths,
    identifier,
    instant,
    pair,
    truth,
    whole,
)
from events.world.state import Bools, Floats, Ints
from events.world.subject import GROUPS, SUBJECTS
from events.world.tutor import BOOKED_AHEAD_DAYS, Exit, Life
from events.world.world import SYNTHETIC_PREFIX, Stream, generator

QUARTER = 900
LAST_START = 23 * 3600


class Status(IntEnum):
    """The contract's words for a session, in code order."""

    scheduled = 0
    completed = 1
    rescheduled = 2
    no_show = 3
    cancelled = 4


TUTOR_REASONS = (
    "Scheduling conflict",
    "Personal reasons",
    "Family emergency",
    "Not feeling well",
    "Exam at university",
    "Internet outage at home",
    "Another commitment ran over",
)
TUTOR_REASON_SHARE = np.array([0.34, 0.26, 0.09, 0.13, 0.07, 0.05, 0.06])
STUDENT_REASONS = ("Student is ill", "School event", "Family holiday")
DURATIONS = np.array([30, 45, 60, 90])
DURATION_SHARE = np.array([0.12, 0.13, 0.60, 0.15])
GROUP_SESSIONS = 0.08


@dataclass(frozen=True)
class Session:
    """All sessions of a world, one entry each, in the order of their times.

    Instants are seconds since 1970. `rating` is in hundredths, 0 where nobody rated;
    `feedback` marks ratings that came with a feedback form. `original`, `new` and `asked` hold
    only where `moved`.
    """

    tutor: Ints
    student: Ints
    number: Ints
    level: Ints
    tenure: Ints
    status: Ints
    scheduled: Ints
    started: Ints
    completed: Ints
    minutes: Ints
    late: Ints
    moved: Bools
    by_student: Bools
    reason: Ints
    original: Ints
    new: Ints
    asked: Ints
    no_show_student: Bools
    subject: Ints
    group: Bools
    engagement: Ints
    rating: Ints
    feedback: Bools
    rated: Ints
    objectives: Bools
    technical: Bools

    def __len__(self) -> int:
        return len(self.tutor)

    def take(self, rows: Ints | Bools) -> "Session":
        """Some of the sessions."""
        return Session(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class _Draft:
    """Sessions before they have students and clock times; `move` is -1 for those never moved."""

    tutor: Ints
    day: Ints
    level: Ints
    tenure: Ints
    first_share: Floats
    move: Ints
    status: Ints
    failed_first: Bools
    no_show_student: Bools

    def take(self, rows: Ints) -> "_Draft":
        return _Draft(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw_sessions(life: Life, seed: int, first_day: int, until: int) -> Session:
    """Every session known at `until` (seconds); day 0 of `life` is `first_day` since 1970."""
    rng = generator(seed, Stream.SESSION)
    held, given_up, booked = _held(life, rng), _given_up(life), _booked(life, rng, first_day)
    draft = _Draft(
        **{
            field.name: np.concatenate(
                [getattr(part, field.name) for part in (held, *given_up, *booked)]
            )
            for field in fields(_Draft)
        }
    )
    sessions = _detail(life, draft, rng, first_day)
    return _known(sessions, until)


def _held(life: Life, rng: np.random.Generator) -> _Draft:
    """Sessions whose day has come: outcomes follow the counts that `tutor` drew for the day."""
    seats, days = life.tutor.shape
    landed = _landed(life)
    cell = np.concatenate(
        [
            np.repeat(np.arange(seats * days), life.fresh.ravel()),
            life.move.seat[landed] * days + life.move.new[landed],
        ]
    )
    move = np.concatenate([np.full(int(life.fresh.sum()), -1), np.flatnonzero(landed)])
    order = np.lexsort((rng.random(len(cell)), cell))
    cell, move = cell[order], move[order]
    rank = np.arange(len(cell)) - np.searchsorted(cell, cell)

    level, tenure = life.level.ravel()[cell], life.tenure.ravel()[cell]
    tutor, working = life.tutor.ravel()[cell].astype(np.int64), life.working.ravel()[cell]
    no_shows = life.no_show.ravel()[cell]
    missed = rank < no_shows
    failed_first = ~missed & (rank < no_shows + life.failed_first.ravel()[cell])
    first_share = np.where(life.debut.ravel()[cell], 1.0, state.first_share(tenure))
    fails = state.first_failure_share(level, life.trait.of(tutor), tenure)
    open_share = 1.0 - _drawn_failure_share(level, first_share, fails)
    chance = rng.random(len(cell)) * open_share
    cancelled = ~missed & ~failed_first & (chance < state.CANCELLED[level])
    student = chance < state.CANCELLED[level] + state.STUDENT_NO_SHOW
    student &= ~missed & ~failed_first & ~cancelled
    status = np.full(len(cell), int(Status.completed))
    status[missed | student] = Status.no_show
    status[cancelled] = Status.cancelled
    status[~working & ~life.abandoned.ravel()[cell]] = Status.cancelled
    return _Draft(
        tutor=tutor,
        day=cell % days,
        level=level,
        tenure=tenure,
        first_share=first_share,
        move=move,
        status=status,
        failed_first=failed_first,
        no_show_student=student & working,
    )


def _drawn_failure_share(level: Ints, first_share: Floats, fails: Floats) -> Floats:
    held = 1.0 - state.CANCELLED[level] - state.STUDENT_NO_SHOW
    return held * first_share * state.RATED * fails


def _landed(life: Life) -> Bools:
    """Moves whose new day came while the tutor was at work."""
    move = life.move
    inside = (move.new >= 0) & (move.new < life.days)
    day = np.where(inside, move.new, 0)
    same = life.tutor[move.seat, day] == move.tutor
    landed: Bools = inside & same & life.working[move.seat, day] & ~life.leave[move.seat, day]
    return landed


def _of_moves(life: Life, rows: Ints, day: Ints, status: Status) -> _Draft:
    move = life.move
    tutor = move.tutor[rows]
    tenure = np.maximum(move.asked[rows] - life.onboarded[tutor], 0)
    nothing = np.zeros(len(rows), dtype=bool)
    return _Draft(
        tutor=tutor,
        day=day,
        level=move.level[rows],
        tenure=tenure,
        first_share=state.first_share(tenure),
        move=rows,
        status=np.full(len(rows), int(status)),
        failed_first=nothing,
        no_show_student=nothing,
    )


def _given_up(life: Life) -> tuple[_Draft, _Draft]:
    """Moves that never took place (the tutor was gone by then), and moves still to come."""
    move = life.move
    asked = (move.asked >= 0) & ~_landed(life)
    last = life.days - 1
    still_there = (
        (life.tutor[move.seat, last] == move.tutor)
        & life.working[move.seat, last]
        & (life.exit[move.tutor] == Exit.NONE)
    )
    coming = asked & (move.new >= life.days) & still_there
    waiting = np.flatnonzero(coming & (move.original >= life.days))
    between = np.flatnonzero(asked & ~(coming & (move.original >= life.days)))
    between = between[move.original[between] < life.days]
    return (
        _of_moves(life, between, move.original[between], Status.rescheduled),
        _of_moves(life, waiting, move.new[waiting], Status.scheduled),
    )


def _booked(life: Life, rng: np.random.Generator, first_day: int) -> list[_Draft]:
    """Bookings ahead, drawn from the state on the last day alone."""
    last = life.days - 1
    drafts = []
    here = np.flatnonzero(life.working[:, last] & ~life.leave[:, last] & (life.tutor[:, last] >= 0))
    tutor = life.tutor[here, last].astype(np.int64)
    stays = life.exit[tutor] == Exit.NONE
    here, tutor = here[stays], tutor[stays]
    level = life.level[here, last]
    for ahead in range(1, BOOKED_AHEAD_DAYS + 1):
        tenure = last + ahead - life.onboarded[tutor]
        weekday = (first_day + last + ahead + 3) % 7  # 1970-01-01 was a Thursday
        rate = state.session_rate(level, life.trait.of(tutor), tenure, weekday)
        count = rng.poisson(rate * 0.95 * 0.87**ahead)
        rows = np.repeat(np.arange(len(tutor)), count)
        nothing = np.zeros(len(rows), dtype=bool)
        drafts.append(
            _Draft(
                tutor=tutor[rows],
                day=np.full(len(rows), last + ahead),
                level=level[rows],
                tenure=tenure[rows],
                first_share=state.first_share(tenure[rows]),
                move=np.full(len(rows), -1),
                status=np.full(len(rows), int(Status.scheduled)),
                failed_first=nothing,
                no_show_student=nothing,
            )
        )
    return drafts


def _quarters(rng: np.random.Generator, share: Floats, count: int) -> Ints:
    return np.searchsorted(share.cumsum(), rng.random(count) * share.sum() * (1 - 1e-12)) * QUARTER


def _detail(life: Life, draft: _Draft, rng: np.random.Generator, first_day: int) -> Session:
    """Clock times, students, lateness, ratings and the rest, for sessions in order of time."""
    tutor_missed = (draft.status == Status.no_show) & ~draft.no_show_student
    time = np.where(
        tutor_missed,
        _quarters(rng, state.QUARTER_SHARE_NO_SHOW, len(draft.day)),
        _quarters(rng, state.QUARTER_SHARE, len(draft.day)),
    )
    order = np.lexsort((time, draft.day, draft.tutor))
    draft, time = draft.take(order), time[order]
    count, level = len(order), draft.level
    trait = life.trait.of(draft.tutor)
    minutes = rng.choice(DURATIONS, count, p=DURATION_SHARE)
    time = _without_overlap(draft, time, minutes)
    scheduled = (first_day + draft.day) * SECONDS_A_DAY + time

    held = draft.status == Status.completed
    is_late = rng.random(count) < np.minimum(
        state.LATE[level] * state.LATE_TYPE[trait.reliability], 0.9
    )
    late = 1 + rng.exponential(state.LATE_MINUTES[level]).astype(np.int64)
    late = np.where(is_late, np.minimum(late, 40), 0)
    started = scheduled + late * 60
    completed = started + (minutes + rng.integers(-3, 3, count)) * 60

    rating, feedback, is_first = _rate(life, draft, rng, held)
    student, number = _pair_students(life, draft, rng, is_first)
    feedback &= held

    moved, reason, by_student, original, asked = _moves(life, draft, rng, first_day)
    objectives = rng.random(count) < (
        state.OBJECTIVES[level] + state.OBJECTIVES_TYPE[trait.skill]
    ).clip(0.0, 0.98)
    engagement = (state.ENGAGEMENT[level] + rng.normal(0.0, 0.10, count)).clip(0.02, 1.0)
    second = rng.integers(0, 60, count)
    sessions = Session(
        tutor=draft.tutor,
        student=student,
        number=number,
        level=level,
        tenure=draft.tenure,
        status=draft.status,
        scheduled=np.where(draft.status == Status.rescheduled, original, scheduled),
        started=started + second,
        completed=completed + second,
        minutes=minutes,
        late=late,
        moved=moved,
        by_student=by_student,
        reason=reason,
        original=original,
        new=np.where(
            draft.status == Status.rescheduled,
            _new_of_given_up(life, draft, time, first_day),
            scheduled,
        ),
        asked=asked,
        no_show_student=draft.no_show_student,
        subject=_subjects(trait.group, draft.tutor, rng),
        group=rng.random(count) < GROUP_SESSIONS,
        engagement=np.round(engagement * 100).astype(np.int64),
        rating=rating,
        feedback=feedback,
        rated=completed
        + 120
        + np.minimum(rng.exponential(3 * 3600, count), 86_400).astype(np.int64),
        objectives=objectives,
        technical=rng.random(count) < state.TECHNICAL_ISSUE,
    )
    return sessions.take(np.argsort(sessions.scheduled, kind="stable"))


def _new_of_given_up(life: Life, draft: _Draft, time: Ints, first_day: int) -> Ints:
    return (first_day + life.move.new[draft.move]) * SECONDS_A_DAY + time


def _without_overlap(draft: _Draft, time: Ints, minutes: Ints) -> Ints:
    """Push sessions of one tutor's day apart; sorted by tutor, day and time."""
    begins = np.ones(len(time), dtype=bool)
    begins[1:] = (draft.tutor[1:] != draft.tutor[:-1]) | (draft.day[1:] != draft.day[:-1])
    start = np.flatnonzero(begins)
    rank = np.arange(len(time)) - start[np.cumsum(begins) - 1]
    time = time.copy()
    for position in range(1, int(rank.max(initial=0)) + 1):
        row = np.flatnonzero(rank == position)
        free = -(-(time[row - 1] + minutes[row - 1] * 60) // QUARTER) * QUARTER
        time[row] = np.minimum(np.maximum(time[row], free), LAST_START)
    return time


def _rate(
    life: Life, draft: _Draft, rng: np.random.Generator, held: Bools
) -> tuple[Ints, Bools, Bools]:
    """Ratings in hundredths, whether on a form, and which sessions are first ones.

    Conditional on what `tutor` drew: every failed first session is known, the others are not.
    """
    count = len(draft.day)
    trait, level, tenure = life.trait.of(draft.tutor), draft.level, draft.tenure
    fails = state.first_failure_share(level, trait, tenure)
    rest = 1.0 - state.RATED * fails
    first_share = draft.first_share
    share = np.where(
        held, first_share * rest / (1.0 - first_share * state.RATED * fails), first_share
    )
    first = draft.failed_first | (rng.random(count) < share)
    rated_share = np.where(first, state.RATED * (1.0 - fails) / rest, state.RATED)
    rated = held & (draft.failed_first | (rng.random(count) < rated_share))
    mean, spread = state.rating_mean(level, trait, tenure, first), state.rating_spread(trait)
    below = state.failure_share(mean, spread)
    chance = rng.random(count) * 0.999998 + 1e-6
    chance = np.where(first, below + chance * (1.0 - below), chance)
    chance = np.where(draft.failed_first, (chance - below) / (1.0 - below) * below, chance)
    liked = mean + spread * np.log(chance / (1.0 - chance))
    feedback = rated & (rng.random(count) < np.where(first, 0.75, 0.45))
    return np.where(rated, rounded(liked, feedback), 0), feedback, first


def rounded(liked: Floats, feedback: Bools) -> Ints:
    """Whole marks on a form, half marks elsewhere; below 3 exactly where `liked` is below 2.5."""
    whole_marks = np.floor(liked + 0.5)
    half_marks = np.round(liked * 2) / 2
    half_marks = np.where(
        liked < state.FAILURE, np.minimum(half_marks, 2.5), np.maximum(half_marks, 3.0)
    )
    return np.round(np.where(feedback, whole_marks, half_marks).clip(1, 5) * 100).astype(np.int64)


def _pair_students(
    life: Life, draft: _Draft, rng: np.random.Generator, first: Bools
) -> tuple[Ints, Ints]:
    """Each tutor has a circle of students; a first session adds one and the eldest drops out.

    Answers the student's number within the tutor and the session's number within the pair.
    """
    count = len(first)
    begins = np.ones(count, dtype=bool)
    begins[1:] = draft.tutor[1:] != draft.tutor[:-1]
    circle = np.maximum(life.trait.baseline[draft.tutor] / 2.0, 2.0).astype(np.int64)
    known = np.where(life.onboarded[draft.tutor] < 0, circle, 0)
    first = first | (begins & (known == 0))
    running = np.cumsum(first)
    before = np.maximum.accumulate(np.where(begins, running - first, 0))
    met = known + running - before
    back = (rng.random(count) * np.minimum(circle, met)).astype(np.int64)
    student = np.where(first, met - 1, met - 1 - back)

    pairs = draft.tutor * 10_000 + student
    order = np.argsort(pairs, kind="stable")
    ordered = pairs[order]
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(count) - np.searchsorted(ordered, ordered) + 1
    earlier = 1 + (pairs * 2_654_435_761 % 97) // 6  # sessions before the history began
    return student, number + np.where(student < known, earlier, 0)


def _moves(
    life: Life, draft: _Draft, rng: np.random.Generator, first_day: int
) -> tuple[Bools, Ints, Bools, Ints, Ints]:
    """Who moved a session, why, from when, and when they asked."""
    count = len(draft.move)
    moved = draft.move >= 0
    by_student = moved & (rng.random(count) >= state.TUTOR_RESCHEDULES)
    reason = np.where(
        by_student,
        len(TUTOR_REASONS) + rng.integers(0, len(STUDENT_REASONS), count),
        rng.choice(len(TUTOR_REASONS), count, p=TUTOR_REASON_SHARE),
    )
    asked_day, original_day = life.move.asked[draft.move], life.move.original[draft.move]
    original = (first_day + original_day) * SECONDS_A_DAY + _quarters(
        rng, state.QUARTER_SHARE, count
    )
    same_day = original - rng.integers(600, 6 * 3600, count)
    earlier = (first_day + asked_day) * SECONDS_A_DAY + rng.integers(7 * 3600, 23 * 3600, count)
    return (
        moved,
        reason,
        by_student,
        original,
        np.where(original_day == asked_day, same_day, earlier),
    )


def subject_count(tutor: Ints) -> Ints:
    """How many subjects a tutor teaches: one to three, fixed by the tutor's number."""
    return 1 + (tutor * 2_654_435_761 % 97) % 3


def tutor_subject(group: Ints, tutor: Ints, place: Ints) -> Ints:
    """The code (in `SUBJECTS`) of a tutor's first, second or third subject."""
    sizes = np.array([len(entry.subjects) for entry in GROUPS], dtype=np.int64)
    starts = np.concatenate([[0], sizes.cumsum()[:-1]])
    code: Ints = starts[group] + (tutor * 40_503 % 101 + place) % sizes[group]
    return code


def _subjects(group: Ints, tutor: Ints, rng: np.random.Generator) -> Ints:
    place = (rng.random(len(tutor)) * subject_count(tutor)).astype(np.int64)
    return tutor_subject(group, tutor, place)


def _known(sessions: Session, until: int) -> Session:
    """What the platform knows at `until`: nothing that happens later has happened."""
    status = sessions.status.copy()
    ahead = sessions.scheduled > until
    unasked = sessions.moved & (sessions.asked > until)
    still_moving = ahead & (status == Status.rescheduled) & ~unasked
    running = (status == Status.completed) & (sessions.completed > until)
    status[ahead | unasked | running] = Status.scheduled
    rated = (sessions.rated <= until) & (status == Status.completed)
    return replace(
        sessions,
        status=status,
        scheduled=np.select(
            [unasked, still_moving], [sessions.original, sessions.new], sessions.scheduled
        ),
        moved=sessions.moved & ~unasked,
        rating=np.where(rated, sessions.rating, 0),
        feedback=sessions.feedback & rated,
    )


def version(sessions: Session) -> Ints:
    """Rails `lock_version`: booked, moved, over, rated."""
    over = (sessions.status != Status.scheduled) & (sessions.status != Status.rescheduled)
    number: Ints = 1 + sessions.moved.astype(np.int64) + over + (sessions.rating > 0)
    return number


def session_columns(sessions: Session) -> list[Column]:
    """The columns of `sessions.csv` (CONTRACT 1, History)."""
    held = sessions.status == Status.completed
    missed = sessions.status == Status.no_show
    moved = sessions.moved
    reasons = (*TUTOR_REASONS, *STUDENT_REASONS)
    return [
        identifier("session_id", f"{SYNTHETIC_PREFIX}s-", np.arange(len(sessions))),
        whole("version", version(sessions)),
        identifier("tutor_id", f"{SYNTHETIC_PREFIX}t-", sessions.tutor),
        pair("student_id", f"{SYNTHETIC_PREFIX}u-", sessions.tutor, sessions.student),
        instant("scheduled_time", sessions.scheduled),
        instant("completed_time", sessions.completed, held),
        choice("status", [status.name for status in Status], sessions.status),
        choice(
            "reschedule_initiator", ["tutor", "student"], sessions.by_student.astype(int), moved
        ),
        choice("reschedule_reason", reasons, sessions.reason, moved),
        instant("reschedule_original_time", sessions.original, moved),
        instant("reschedule_new_time", sessions.new, moved),
        instant("reschedule_requested_at", sessions.asked, moved),
        choice("no_show_party", ["tutor", "student"], sessions.no_show_student.astype(int), missed),
        whole("session_number", sessions.number),
        instant("actual_start", sessions.started, held),
        whole("duration_minutes", sessions.minutes),
        choice("subject", SUBJECTS, sessions.subject),
        choice("session_type", ["1-on-1", "group"], sessions.group.astype(int)),
        whole("late_start_minutes", sessions.late, held),
        hundredths("engagement_score", sessions.engagement, held),
        hundredths("student_rating", sessions.rating, sessions.rating > 0),
        truth("learning_objectives_met", sessions.objectives, held),
        truth("technical_issues", sessions.technical, held),
    ]
