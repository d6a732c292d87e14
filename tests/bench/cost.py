"""docs/cost.md: what a month costs, by cause and by what is paid, beside what was estimated.

Written together with the part `units` of docs/benchmark.md, from the same counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench import price, units
from tests.bench.store import MANAGERS
from tests.bench.units import Month

CAUSES: Final[Mapping[str, str]] = {
    "reports": f"{units.REPORTS_A_SESSION} reports a session and its behaviour events: received, "
    "scored, predicted, acted upon",
    "mails": f"the report of each session to {MANAGERS} managers",
    "minutes": "the clock: the summary and the sweeps each minute, deadlines, digests",
    "nights": "each tutor scored anew and compared each night",
    "training": "a challenger each night, as long as it may take",
    "looking": "five people with Home open all day",
    "records": "a year's records in the table, with backups of every second",
    "tracing": "X-Ray, as if every start of a function were a trace of its own",
    "standing": "metrics, alarms, dashboard, web ACL, keys, secrets, queues that are asked",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A line of the requirements' estimate, and what stands in its place here."""

    title: str
    dollars: str
    place: str
    paid_for: tuple[str, ...]
    why: str


ESTIMATES: Final = (
    Estimate(
        "Servers (ECS or EC2)", "100 to 150", "Lambda, HTTP API, SQS, Scheduler",
        ("Lambda", "HTTP API", "SQS", "Scheduler", "polling"),
        "paid for the seconds in which something is done; nothing waits for work",
    ),
    Estimate(
        "Database (RDS)", "80 to 120", "DynamoDB on demand, with its backups",
        ("DynamoDB writes", "DynamoDB reads", "storage", "backups"),
        "paid for what is read and written; no instance, no standby",
    ),
    Estimate(
        "Storage and logs (S3)", "20", "CloudWatch: logs, metrics, alarms, a dashboard; X-Ray",
        ("logs", "metrics", "alarms", "dashboard", "X-Ray"),
        "site and models are some megabytes; one line is logged for each outcome",
    ),
    Estimate(
        "A language model's API", "200 to 400", "XGBoost in the Lambdas above", (),
        "nothing here is read by a language model; predicting is a few milliseconds of Lambda",
    ),
    Estimate(
        "Mail", "not estimated", "SES", ("SES",),
        "each session's report to each manager is what the requirements ask for",
    ),
    Estimate(
        "Keys and secrets", "not estimated", "KMS, Secrets Manager", ("keys", "secrets"),
        "a key of our own for the table and one for the alarms, three secrets",
    ),
    Estimate(
        "A firewall", "not estimated", "WAF", ("web ACL",),
        "a fixed price before anything is asked",
    ),
)  # fmt: skip
ESTIMATED: Final = "400 to 700"
CHANGED: Final = 39.84 / 598.27
"""Share of sessions after which something changed (docs/benchmark.md, a simulated quarter)."""


def page(found: units.Measured, about: str) -> str:
    """The whole page as Markdown."""
    months = {a_day: units.month(found, a_day) for a_day in units.SESSIONS_A_DAY}
    smallest = units.SESSIONS_A_DAY[0]
    first = months[smallest]
    mail = sum(first["mails"].values())
    charged = units.total(first) - units.given(first)
    fewer = charged - mail * (1 - CHANGED)
    tutors = units.tutors_for(smallest)
    parts = [
        "# What a month costs",
        f"Written by `make bench PART='--write docs/benchmark.md units'`; do not edit. {about}",
        "Units are counted by running the deployed functions on the stack's own table "
        "([tests/bench/units.py](../tests/bench/units.py)) and paid by list prices of us-east-1, "
        "on demand ([tests/bench/price.py](../tests/bench/price.py), from "
        "memory of the middle of 2025: check them before a decision rests on them). **No AWS "
        "account has been billed yet.**",
        f"**{smallest:,} sessions a day cost ${units.total(first):,.0f} a month**, and "
        f"${charged:,.0f} where nothing else uses up what AWS gives every account. The "
        f"requirements' roadmap expects ${ESTIMATED} for production. {_judged(charged, fewer)}",
        "## By cause",
        _table("Dollars a month", months, CAUSES),
        "## By what is paid",
        _by_paid(months),
        f"## Beside the estimate, at {smallest:,} sessions a day",
        _beside(first),
        "## What moves it",
        "\n".join(
            (
                f"- **Who gets each session's mail.** Of the {MANAGERS} managers each costs "
                f"${mail / MANAGERS:,.2f} a month. Where all choose "
                f'"only where something changed" the line falls from ${mail:,.2f} to about '
                f"${mail * CHANGED:,.2f}.",
                "- **Reports a session.** Booked, over, rated: each is scored at once. Rails may "
                "leave out bookings; then a third of the first line goes.",
                "- **Nothing is batched here.** Under load a batch of up to a hundred reports "
                "scores each tutor once.",
                "- **Minutes and nights** grow with tutors, not with sessions.",
            )
        ),
        "## What is not in it",
        "CloudFront and traffic to the outside, S3 (some megabytes), taxes, a support plan, and "
        f"what WAF takes for a request. Cognito takes ${price.COGNITO_CLIENT_MONTH:g} a month for "
        f"the client by which Rails reads scores and ${1_000 * price.COGNITO_TOKEN:g} for a "
        "thousand of its tokens (one an hour and process), and in prod, whose plan protects "
        f"sign-ins, ${price.COGNITO_PERSON_MONTH:g} a month for each person who signs in: "
        f"${price.COGNITO_PERSON_MONTH * tutors:,.0f} more where {tutors:,.0f} tutors open their "
        "page. The budget of a stage (`dollars_a_month` in "
        "[infra_cdk/stage.py](../infra_cdk/stage.py)) tells somebody before a month becomes dearer "
        "than that.",
    ]
    return "\n\n".join(parts) + "\n"


def _judged(charged: float, fewer: float) -> str:
    """Whether the goal is met: as the requirements have it, and with fewer mails."""
    goal = units.GOAL_DOLLARS
    if charged < goal:
        return f"**The goal of under ${goal} is met.**"
    missed = (
        f"**The goal of under ${goal} is missed** with each session's report mailed to {MANAGERS} "
        "managers, as the requirements ask"
    )
    kept = "met" if fewer < goal else "missed too"
    return (
        f"{missed}; it is {kept}, at ${fewer:,.0f}, where they choose to be told only where "
        "something changed."
    )


def _table(title: str, months: Mapping[int, Month], rows: Mapping[str, str]) -> str:
    sums = {a_day: {cause: sum(paid[cause].values()) for cause in rows} for a_day, paid in
            months.items()}  # fmt: skip
    lines = [_head(title, months)]
    lines += [_line(f"**{cause}**: {about}", [sums[a_day][cause] for a_day in months])
              for cause, about in rows.items()]  # fmt: skip
    return "\n".join(
        [
            *lines,
            _line("**together**", [units.total(paid) for paid in months.values()]),
            _line("less what AWS gives", [units.given(paid) for paid in months.values()]),
        ]
    )


def _by_paid(months: Mapping[int, Month]) -> str:
    paid = {a_day: units.by_paid(month) for a_day, month in months.items()}
    names = sorted(
        paid[units.SESSIONS_A_DAY[0]], key=lambda name: -paid[units.SESSIONS_A_DAY[0]][name]
    )
    lines = [_line(name, [paid[a_day].get(name, 0.0) for a_day in months]) for name in names]
    return "\n".join([_head("Dollars a month", months), *lines])


def _beside(month: Month) -> str:
    paid = units.by_paid(month)
    lines = ["| Estimated | Dollars | Here | Dollars | Why |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.title} | {one.dollars} | {one.place} | "
        f"{sum(paid.get(name, 0.0) for name in one.paid_for):,.2f} | {one.why} |"
        for one in ESTIMATES
    ]
    return "\n".join([*lines, f"| **together** | {ESTIMATED} | | {units.total(month):,.2f} | |"])


def _head(title: str, months: Mapping[int, Month]) -> str:
    sizes = " | ".join(f"{a_day:,} sessions a day" for a_day in months)
    return f"| {title} | {sizes} |\n|---{'|---:' * len(months)}|"


def _line(name: str, dollars: Sequence[float]) -> str:
    return f"| {name} | " + " | ".join(f"{one:,.2f}" for one in dollars) + " |"
