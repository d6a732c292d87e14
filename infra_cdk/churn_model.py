"""Commands on the churn models of a stage: go back to an earlier one, or bring one in by hand.

    python -m infra_cdk.churn_model roll-back --stage local|dev|prod [--version VERSION]
    python -m infra_cdk.churn_model publish FOLDER --stage local|dev|prod

A model that is published is known, not in force: rolling "back" to it by name puts it there, under
the name of whoever did it.
"""

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import CHECKOUT
from infra_cdk.stage import STAGES
from shared.aws.model_registry import ModelRegistry, NoModelError, VersionTakenError
from shared.aws.model_store import ModelFileError, ModelStore
from shared.aws.queue import TutorQueue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import AwsError, Table, VersionConflictError
from shared.ml.model import MANIFEST, ModelError, unpack


class StageError(Exception):
    """The stage is not there, or not whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage keeps its models, and where it asks for predictions."""

    table: Table
    models: ModelStore
    queue: TutorQueue


def main() -> None:
    """Parse the command line and do it; exits with a sentence where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.churn_model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    back = commands.add_parser("roll-back", help="put an earlier model in force again")
    back.add_argument("--version", default="", help="which; by default the last one before")
    publishing = commands.add_parser("publish", help="store a trained model, not yet in force")
    publishing.add_argument("folder", type=Path)
    for command in (back, publishing):
        command.add_argument("--stage", choices=STAGES, required=True)
    arguments = parser.parse_args()
    try:
        place = place_of(arguments.stage)
        if arguments.command == "publish":
            say(publish(place, arguments.folder, arguments.stage))
        else:
            say(roll_back(place, arguments.version or None))
    except (StageError, NoModelError, VersionTakenError, ModelError, ModelFileError) as error:
        sys.exit(str(error))
    except VersionConflictError:
        sys.exit("Somebody else changed the model in force meanwhile: look, then try again.")
    except (OSError, *AwsError) as error:
        sys.exit(f"{arguments.stage}: {error}")


def roll_back(place: Place, version: str | None) -> str:
    """Put an earlier model in force, if its files are good, and have every tutor predicted."""
    registry = place.models.registry
    meant = registry.before(version)
    unpack(place.models.model(meant))
    after = registry.roll_back(datetime.now(UTC), getpass.getuser(), meant)
    tutor_ids = [row.tutor_id for row in ScorecardTable(place.table).rows()]
    refused = place.queue.ask(tutor_ids)
    asked = len(tutor_ids) - len(refused)
    return f"{after.version} is in force; {asked} tutors are being predicted again."


def publish(place: Place, folder: Path, stage: str) -> str:
    """Store the model in a folder, as `make train` wrote it, and read it back."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder")
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    try:
        manifest = unpack(files).manifest
    except ModelError as error:
        raise ModelError(f"{folder} holds no model: {error}") from error
    place.models.put_model({name: files[name] for name in (MANIFEST, *manifest.files)})
    unpack(place.models.model(manifest.version))
    command = f"make rollback-model STAGE={stage} VERSION={manifest.version}"
    return f"{manifest.version} is stored. To put it in force: {command}"


def place_of(stage: str) -> Place:
    """The stage as it runs here, or in the account of the shell."""
    return _here() if stage == "local" else _in_aws(stage)


def _here() -> Place:
    try:
        deployed = Deployed.read(CHECKOUT.deployed)
    except FileNotFoundError:
        raise StageError("Nothing runs here: `make run` first.") from None
    names = {
        "TableName": deployed.table,
        "ModelBucket": deployed.model_bucket,
        "ChurnQueueUrl": deployed.churn_queue_url,
    }
    return _place(deployed.client, names)


def _in_aws(stage: str) -> Place:
    name = f"tutor-quality-{stage}"
    try:
        found: Any = boto3.client("cloudformation").describe_stacks(StackName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise StageError(f"There is no stack {name} in this account and region.") from error
        raise
    outputs = found["Stacks"][0].get("Outputs", [])
    return _place(boto3.client, {each["OutputKey"]: each["OutputValue"] for each in outputs})


def _place(client: Callable[[Any], Any], names: dict[str, str]) -> Place:
    missing = {"TableName", "ModelBucket", "ChurnQueueUrl"} - names.keys()
    if missing:
        raise StageError(f"The stack tells no {min(missing)}: deploy it first.")
    table = Table(client("dynamodb"), names["TableName"])
    models = ModelStore(client("s3"), names["ModelBucket"], ModelRegistry(table))
    return Place(table, models, TutorQueue(client("sqs"), names["ChurnQueueUrl"]))


def say(text: str) -> None:
    print(text)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
