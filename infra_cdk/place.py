"""Where a stage is, for the commands that work on one: as it runs here, or in AWS."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import CHECKOUT
from infra_cdk.stage import STAGES
from shared.aws.item import Item
from shared.aws.model_registry import ModelRegistry
from shared.aws.model_store import ModelStore
from shared.aws.queue import TutorQueue
from shared.aws.table import AwsError, Table
from shared.aws.vault import Vault


class StageError(Exception):
    """The stage is not there, or not whole."""


LIVE = "live"
"""The alias, on AWS, of the version of a function that is in force."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stage's clients, by boto3's name of a service, and what its stack tells of itself."""

    stage: str
    client: Callable[[Any], Any]
    outputs: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """One output; StageError for a stack that does not tell it."""
        if name not in self.outputs:
            raise StageError(f"The stack tells no {name}: deploy it first.")
        return self.outputs[name]

    @property
    def table(self) -> Table:
        return Table(self.client("dynamodb"), self["TableName"])

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.client("s3"), self["ModelBucket"], ModelRegistry(self.table))

    @property
    def vault(self) -> Vault:
        """Where nothing can be changed."""
        return Vault(self.client("s3"), self["VaultBucket"])

    @property
    def churn_queue(self) -> TutorQueue:
        """Where it asks for predictions."""
        return TutorQueue(self.client("sqs"), self[url_output("churn")])

    def function_name(self, function: str) -> str:
        """The name in Lambda of a file in `functions/`, of the version that is in force."""
        live = "" if self.stage == "local" else f":{LIVE}"
        return f"tutor-quality-{self.stage}-{function}{live}"

    def log_group(self, function: str) -> str:
        """Where a function logs, whatever its version."""
        return f"/aws/lambda/{self.function_name(function).removesuffix(f':{LIVE}')}"


def url_output(queue: str, *, dead: bool = False) -> str:
    """The output that tells a queue's address, or that of its dead letters."""
    return f"{queue.capitalize()}{'DeadLetters' if dead else 'Queue'}Url"


def command(name: str, about: str | None) -> argparse.ArgumentParser:
    """The parser of a command of this package that works on one stage."""
    parser = argparse.ArgumentParser(
        prog=f"python -m infra_cdk.{name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stage", choices=STAGES, required=True)
    return parser


def run(
    parsed: Callable[[Sequence[str] | None], argparse.Namespace],
    done: Callable[[Place, argparse.Namespace], Iterable[str]],
) -> None:
    """Do what the command line asks for; exits with a sentence where that cannot be."""
    told = parsed(None)
    with on_stage(told.stage) as place:
        for line in done(place, told):
            print(line, flush=True)  # noqa: T201 - a command


def everything(table: Table, **asked: Any) -> Iterator[Item]:
    """Every item of a table, page by page: a scan, which commands may do and no function."""
    pages = table.client.get_paginator("scan").paginate(
        TableName=table.name, ConsistentRead=True, **asked
    )
    found: Iterator[Any] = (item for page in pages for item in page["Items"])
    return found


@contextmanager
def on_stage(stage: str) -> Iterator[Place]:
    """The stage a command works on; what cannot be done there ends the command with a sentence."""
    try:
        yield place_of(stage)
    except StageError as error:
        sys.exit(str(error))
    except (OSError, *AwsError) as error:
        sys.exit(f"{stage}: {error}")


def place_of(stage: str) -> Place:
    """The stage as it runs here, or in the account of the shell; StageError where it is not."""
    return _here() if stage == "local" else _in_aws(stage)


def _here() -> Place:
    try:
        deployed = Deployed.read(CHECKOUT.deployed)
    except FileNotFoundError:
        raise StageError("Nothing runs here: `make run` first.") from None
    return of_local(deployed)


def of_local(deployed: Deployed) -> Place:
    """A local stack, wherever it runs."""
    outputs = {
        "TableName": deployed.table,
        "ModelBucket": deployed.model_bucket,
        "VaultBucket": deployed.vault_bucket,
        "WebhookSecretArn": deployed.webhook_secret_arn,
        **{url_output(name): url for name, url in deployed.queue_urls.items()},
        **{url_output(name, dead=True): url for name, url in deployed.dead_letter_urls.items()},
    }
    return Place("local", deployed.client, outputs)


def _in_aws(stage: str) -> Place:
    name = f"tutor-quality-{stage}"
    try:
        found: Any = boto3.client("cloudformation").describe_stacks(StackName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            raise StageError(f"There is no stack {name} in this account and region.") from error
        raise
    outputs = found["Stacks"][0].get("Outputs", [])
    return Place(stage, boto3.client, {each["OutputKey"]: each["OutputValue"] for each in outputs})
