"""What moved dials of interventions would have opened on a stage: nothing is changed there.

    python -m infra_cdk.dry_run --stage local|dev|prod coaching_score=60 sustained_days=10

Asked of everybody at work, over the last 30 nights, beside the dials in force.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from infra_cdk.churn_model import StageError, place_of
from infra_cdk.stage import STAGES
from shared.aws.intervention_table import InterventionTable
from shared.aws.recorded_nights import recorded_nights, tutors_at_work
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import AwsError, Table
from shared.domain.dry_run import Budget, budgets, nights_asked
from shared.domain.intervention_rule import RULE
from shared.domain.policy import DIALS, PolicyError

THREADS = 8


def main() -> None:
    """Parse the command line and print both sides; exits with a sentence where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.dry_run", description=__doc__)
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("dials", nargs="*", metavar="DIAL=VALUE", help=", ".join(DIALS))
    arguments = parser.parse_args()
    try:
        values = values_of(arguments.dials)
        in_force, proposed = dry_run(
            place_of(arguments.stage).table, values, datetime.now(UTC).date(), THREADS
        )
    except (StageError, PolicyError) as error:
        sys.exit(str(error))
    except (OSError, *AwsError) as error:
        sys.exit(f"{arguments.stage}: {error}")
    for line in page(in_force, proposed):
        print(line)  # noqa: T201 - a command


def values_of(told: Sequence[str]) -> dict[str, float]:
    """Dials by name, from coaching_score=60; raises PolicyError for what is not of that form."""
    values: dict[str, float] = {}
    for each in told:
        name, _, value = each.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise PolicyError(name, f"must be a number, not {value!r}") from None
    return values


def dry_run(
    table: Table, values: dict[str, float], last: date, threads: int
) -> tuple[Budget, Budget]:
    """The budgets of the dials in force and of moved ones, over the nights up to `last`."""
    interventions, cards = InterventionTable(table), ScorecardTable(table)
    policy = interventions.policy()
    asked = [policy, policy.changed(values)]
    everybody = tutors_at_work(cards)
    nights = recorded_nights(cards, everybody, last, nights_asked(asked), threads)
    in_force, proposed = budgets(nights, asked, interventions.office(), last)
    return in_force, proposed


def page(in_force: Budget, proposed: Budget) -> Iterator[str]:
    """A small table: what would have been opened a day, by kind and by owner."""
    yield f"{in_force.tutors:,} tutors at work, {in_force.days} nights; a day's mean:"
    yield f"{'':32}{'in force':>10}{'proposed':>10}"
    for kind, rule in RULE.items():
        both = [budget.a_day(budget.by_kind.get(kind, 0)) for budget in (in_force, proposed)]
        if any(both):
            yield _row(f"{kind} {rule.title}", *both)
    for now, then in zip(in_force.by_owner, proposed.by_owner, strict=True):
        yield _row(f"{now.owner}, opened", now.a_day, then.a_day)
        yield _row(f"{now.owner}, on the worst day", now.most_on_a_day, then.most_on_a_day)
        if now.hours_a_day or then.hours_a_day:
            yield _row(f"{now.owner}, hours", now.hours_a_day, then.hours_a_day)
    yield "First-session check-ins (A3) are not in it, and nobody is held out."


def _row(name: str, now: float, then: float) -> str:
    return f"{name:32}{now:>10.2f}{then:>10.2f}"


if __name__ == "__main__":
    main()
