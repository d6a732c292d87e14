"""Commands on the churn models of a stage: go back to an earlier one, or bring one in by hand.

    python -m infra_cdk.churn_model roll-back --stage local|dev|prod [--version VERSION]
    python -m infra_cdk.churn_model publish FOLDER --stage local|dev|prod

A model that is published is known, not in force: rolling "back" to it by name puts it there, under
the name of whoever did it.
"""

import argparse
import getpass
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra_cdk.place import Place, StageError, run
from infra_cdk.stage import STAGES
from shared.aws.model_registry import NoModelError, VersionTakenError
from shared.aws.model_store import ModelFileError
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import VersionConflictError
from shared.ml.model import MANIFEST, ModelError, unpack


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """What these words ask for, or those of the command line; exits where they are none."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.churn_model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    back = commands.add_parser("roll-back", help="put an earlier model in force again")
    back.add_argument("--version", default="", help="which; by default the last one before")
    publishing = commands.add_parser("publish", help="store a trained model, not yet in force")
    publishing.add_argument("folder", type=Path)
    for command in (back, publishing):
        command.add_argument("--stage", choices=STAGES, required=True)
    return parser.parse_args(words)


def done(place: Place, told: argparse.Namespace) -> Iterator[str]:
    """Do what was asked; the line that tells of it. StageError for a model that is not good."""
    try:
        if told.command == "publish":
            yield publish(place, told.folder, told.stage)
        else:
            yield roll_back(place, told.version or None)
    except (NoModelError, VersionTakenError, ModelError, ModelFileError) as error:
        raise StageError(str(error)) from error
    except VersionConflictError as error:
        said = "Somebody else changed the model in force meanwhile: look, then try again."
        raise StageError(said) from error


def roll_back(place: Place, version: str | None) -> str:
    """Put an earlier model in force, if its files are good, and have every tutor predicted."""
    registry = place.models.registry
    meant = registry.before(version)
    unpack(place.models.model(meant))
    after = registry.roll_back(datetime.now(UTC), getpass.getuser(), meant)
    tutor_ids = [row.tutor_id for row in ScorecardTable(place.table).rows()]
    refused = place.churn_queue.ask(tutor_ids)
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


if __name__ == "__main__":
    run(parsed, done)
