"""The architecture as a page, from the table of functions of the stack (`make docs`)."""

from collections.abc import Iterator
from typing import Final

from infra_cdk.alarm_spec import ALARMS
from infra_cdk.function_spec import FUNCTIONS, Batch, Clock, FunctionSpec, Http

PIPELINE: Final = "The way of a report"
CLOCKS: Final = "What the clock starts"
PEOPLE: Final = "What people ask and do"


def page() -> str:
    """The whole page as Markdown with Mermaid diagrams."""
    groups = {PIPELINE: _pipeline(), CLOCKS: _of(Clock), PEOPLE: _people()}
    parts = [
        "# Architecture",
        "Generated from the table of functions that the stack is made of (`make docs`); do not "
        "edit. Why it is so stands in [DECISIONS.md](../DECISIONS.md).",
        "A report is kept in the table before it is answered, and everything after that is a hint "
        "to a queue, which may get lost: sweeps find what waits and hint again. Each function is "
        "one file in `functions/`, one row of "
        "[infra_cdk/function_spec.py](../infra_cdk/function_spec.py), one role that may do what "
        "the row says, and one test.",
    ]
    for title, specs in groups.items():
        parts += [f"## {title}", _diagram(specs), _table(specs)]
    parts += [
        "## What is watched",
        "Those with a ↩ also take a new version of a function back while it is on trial, as do its "
        "own errors ([A new version](deployment.md#a-new-version)).",
        "| Alarm | What it says | Runbook |\n|---|---|---|\n"
        + "\n".join(
            f"| `{spec.name}`{' ↩' * spec.takes_back} | {spec.says} | "
            f"[{spec.runbook}](runbooks/{spec.runbook}.md) |"
            for spec in ALARMS
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _of(kind: type) -> list[FunctionSpec]:
    return [spec for spec in FUNCTIONS if isinstance(spec.trigger, kind)]


def _pipeline() -> list[FunctionSpec]:
    """From the webhook to the mail: what is open to Rails, and what works queues off."""
    return [spec for spec in _of(Http) if not spec.behind_cloudfront] + _of(Batch)


def _people() -> list[FunctionSpec]:
    return [spec for spec in _of(Http) if spec.behind_cloudfront]


def _diagram(specs: list[FunctionSpec]) -> str:
    lines = sorted({line for spec in specs for line in _lines(spec)})
    return "\n".join(["```mermaid", "flowchart LR", *(f"  {line}" for line in lines), "```"])


def _lines(spec: FunctionSpec) -> Iterator[str]:
    """One function's box, and its arrows."""
    box = f"{spec.name}[{spec.name}]"
    match spec.trigger:
        case Http(_, signed=True):
            yield f"marketplace([Rails]) --> {box}"
        case Http(routes):
            yield f"cloudfront[[CloudFront, web ACL]] --> {box}"
            for signed_in in {route.signed_in for route in routes}:
                who = "people([people])" if signed_in else "anybody([anybody])"
                yield f"{who} --> cloudfront[[CloudFront, web ACL]]"
        case Batch(queue):
            yield f"{queue}>{queue} queue] --> {box}"
        case Clock(expression):
            yield f'clock(("clock")) -- "{expression}" --> {box}'
    for queue in spec.sends_to:
        yield f"{box} --> {queue}>{queue} queue]"
    if spec.table or spec.query:
        yield f"{box} --- table[(table)]"
    if spec.models:
        yield f"{box} --- models[(churn models)]"
    if spec.vault:
        yield f"{box} --- vault[(locked bucket)]"
    if spec.sends_mail:
        yield f"{box} --> ses([SES])"
    if spec.people:
        yield f"{box} --- pool[(user pool)]"


def _table(specs: list[FunctionSpec]) -> str:
    rows = ["| Function | What it does | Started by | On the table |", "|---|---|---|---|"]
    rows += [
        f"| [{spec.name}](../functions/{spec.name}.py) | {spec.does} | {_started_by(spec)} | "
        f"{', '.join((*spec.table, *(f'Query on `{index}`' for index in spec.query))) or '–'} |"
        for spec in specs
    ]
    return "\n".join(rows)


def _started_by(spec: FunctionSpec) -> str:
    match spec.trigger:
        case Http(routes):
            return "<br>".join(f"`{route.method} {route.path}`" for route in routes)
        case Batch(queue, size):
            return f"up to {size} messages of the {queue} queue"
        case Clock(expression):
            return f"`{expression}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - `make docs` writes it to docs/architecture.md
