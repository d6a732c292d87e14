"""What moved dials or thresholds would have brought on a stage: nothing is changed there.

    python -m infra_cdk.dry_run --stage local|dev|prod coaching_score=60 reschedule_rate=0.2

Asked of everybody at work, over the last 30 nights, beside those in force.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

from infra_cdk.place import command, on_stage
from shared.aws.dry_run import DryRun, Rehearsal
from shared.aws.table import Table
from shared.domain.dry_run import FlagLoad
from shared.domain.flag import FLAG_RULES
from shared.domain.intervention_rule import RULE
from shared.domain.policy import DIALS, PolicyError
from shared.domain.threshold import THRESHOLDS, ThresholdError

THREADS = 8


def main() -> None:
    """Parse the command line and print both sides; exits with a sentence where that cannot be."""
    parser = command("dry_run", __doc__)
    parser.add_argument(
        "moved", nargs="*", metavar="NAME=VALUE", help=", ".join([*DIALS, *THRESHOLDS])
    )
    arguments = parser.parse_args()
    try:
        with on_stage(arguments.stage) as place:
            values = values_of(arguments.moved)
            found = dry_run(place.table, values, datetime.now(UTC).date(), THREADS)
    except (PolicyError, ThresholdError) as error:
        sys.exit(str(error))
    for line in page(found):
        print(line)  # noqa: T201 - a command


def values_of(told: Sequence[str]) -> dict[str, float]:
    """Values by name, from coaching_score=60; raises PolicyError for what is not of that form."""
    values: dict[str, float] = {}
    for each in told:
        name, _, value = each.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise PolicyError(name, f"must be a number, not {value!r}") from None
    return values


def dry_run(table: Table, values: Mapping[str, float], last: date, threads: int) -> DryRun:
    """What is in force beside what is proposed, over the nights up to `last`.

    Raises PolicyError or ThresholdError for an unknown name, or a value out of its bounds.
    """
    limits = {name: value for name, value in values.items() if name in THRESHOLDS}
    dials = {name: value for name, value in values.items() if name in DIALS}
    for name in values.keys() - limits.keys() - dials.keys():
        raise PolicyError(name, "is neither a dial nor a threshold")
    rehearsal = Rehearsal(table, threads)
    return rehearsal.run(rehearsal.proposal(dials, limits), last)


def page(found: DryRun) -> Iterator[str]:
    """A small table: what would have come a day, by kind, by owner and by flag."""
    both = (found.in_force, found.proposed)
    yield f"{found.tutors:,} tutors at work, {found.in_force.days} nights; a day's mean:"
    yield f"{'':44}{'in force':>10}{'proposed':>10}"
    for kind, rule in RULE.items():
        a_day = [budget.a_day(budget.by_kind.get(kind, 0)) for budget in both]
        if any(a_day):
            yield _row(f"{kind} {rule.title}", *a_day)
    for now, then in zip(found.in_force.by_owner, found.proposed.by_owner, strict=True):
        yield _row(f"{now.owner}, opened", now.a_day, then.a_day)
        worst = now.most_on_a_day or 0, then.most_on_a_day or 0
        yield _row(f"{now.owner}, on the worst day", *worst)
        if now.hours_a_day or then.hours_a_day:
            yield _row(f"{now.owner}, hours", now.hours_a_day, then.hours_a_day)
    for flag in FLAG_RULES:
        known = [budget.by_flag.get(flag.code, FlagLoad(0, 0)) for budget in both]
        a_day = [budget.a_day(load.raised) for budget, load in zip(both, known, strict=True)]
        if any(load.raised or load.up for load in known):
            yield _row(f"{flag.title}, raised", *a_day)
            yield _row(f"{flag.title}, up now, tutors", *(load.up for load in known))
    yield "First-session check-ins (A3) are not in it, and nobody is held out."


def _row(name: str, now: float, then: float) -> str:
    return f"{name:44}{now:>10.2f}{then:>10.2f}"


if __name__ == "__main__":
    main()
