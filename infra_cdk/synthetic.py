"""Removes everything synthetic from a stage: python -m infra_cdk.synthetic remove --stage local|dev

The feed is stopped first. What goes: tutors, sessions, scorecards, predictions, the reports
they came from, and (local) the best possible forecast. What stays: all of real tutors, the audit
trail, models (the next night trains on whoever is left), and overviews of past days; today's is
made anew within a minute. Marks of imported histories go, too, so that a folder may be imported
again; for what is there already, that changes nothing.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from infra_cdk.function_spec import FEED_SYNTHETIC
from infra_cdk.local.folder import CHECKOUT
from infra_cdk.local.world import forget_world
from infra_cdk.place import LIVE, Place, everything, on_stage
from infra_cdk.stage import STAGES
from shared.aws.item import Item
from shared.aws.table import Table
from shared.domain.population import SYNTHETIC

AT_ONCE: Final = 25
"""Deletions in a call: DynamoDB's limit."""
LOOKS: Final = 5
QUIET_SECONDS: Final = 5
"""Between two looks: what was being scored meanwhile has been written by then."""


def main() -> None:
    """Parse the command line and do it; exits with a sentence where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.synthetic", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    removing = commands.add_parser("remove", help="stop the feed and remove what it brought")
    removing.add_argument("--stage", choices=STAGES, required=True)
    stage = parser.parse_args().stage
    with on_stage(stage) as place:
        stop(place, stage)
        count = remove_synthetic(place.table)
    print(f"{count:,} items removed from {stage}; nothing in it is synthetic now.")  # noqa: T201


def stop(place: Place, stage: str) -> None:
    """Let nothing feed a stage any more, and forget the best possible forecast of what did."""
    if stage == "local":
        forget_world(CHECKOUT)
        place.models.remove_ceiling()
    else:
        stop_feed(place.client("scheduler"), stage)


def remove_synthetic(table: Table, pause: Callable[[float], None] = time.sleep) -> int:
    """Delete every synthetic item, looking again until there is none; answers how many there were.

    Raises TimeoutError when new ones keep coming: then something still feeds the stage.
    """
    removed = 0
    for look in range(LOOKS):
        if look:
            pause(QUIET_SECONDS)
        found = 0
        for keys in _in_batches(each for each in _items(table) if is_synthetic(each)):
            _delete(table, keys, pause)
            found += len(keys)
        removed += found
        if not found:
            return removed
    raise TimeoutError("new synthetic items keep coming: something still feeds this stage")


def is_synthetic(item: Item) -> bool:
    """Whether an item tells of a synthetic tutor, session or event, or marks an import."""
    kind, _, name = str(item["pk"]["S"]).partition("#")
    match kind:
        case "TUTOR" | "SESSION" | "PERSON":
            return name.startswith(SYNTHETIC)
        case "MAIL":
            return name.rpartition("~")[2].startswith(SYNTHETIC)
        case "VERSION":
            return name.partition("#")[2].startswith(SYNTHETIC)
        case "INBOX":
            return str(item.get("entity_id", {}).get("S", "")).startswith(SYNTHETIC)
        case _:
            return kind == "HISTORY"


def _items(table: Table) -> Iterator[Item]:
    """Keys of all items, and what else tells whether one is synthetic."""
    return everything(table, ProjectionExpression="pk, sk, entity_id")


def _in_batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    for item in items:
        batch.append({"pk": item["pk"], "sk": item["sk"]})
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _delete(table: Table, keys: Sequence[Item], pause: Callable[[float], None]) -> None:
    wanted: Any = {table.name: [{"DeleteRequest": {"Key": key}} for key in keys]}
    for attempt in range(10):
        wanted = table.client.batch_write_item(RequestItems=wanted).get("UnprocessedItems")
        if not wanted:
            return
        pause(0.1 * 2**attempt)
    raise TimeoutError("the table takes no more deletions")


def stop_feed(scheduler: Any, stage: str) -> None:
    """Disable the clock of the feed; the next change to its schedule by a deployment ends that."""
    function = f":function:tutor-quality-{stage}-{FEED_SYNTHETIC.name}:{LIVE}"
    for page in scheduler.get_paginator("list_schedules").paginate():
        for summary in page["Schedules"]:
            if summary["Target"]["Arn"].endswith(function):
                name = {"Name": summary["Name"], "GroupName": summary["GroupName"]}
                schedule = scheduler.get_schedule(**name)
                kept = (
                    "Description",
                    "FlexibleTimeWindow",
                    "ScheduleExpression",
                    "ScheduleExpressionTimezone",
                    "Target",
                )
                settings = {each: schedule[each] for each in kept if each in schedule}
                scheduler.update_schedule(**name, **settings, State="DISABLED")


if __name__ == "__main__":
    main()
