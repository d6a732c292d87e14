"""Loads the older part of a seeded world behind the running stack, then trains on all of it.

Both may be broken off at any point; the next start goes on.
"""

import sys
from pathlib import Path

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
from infra_cdk.local.history_import import import_history
from infra_cdk.local.starter import end_with_the_starter


def main(folder: Folder, history: Path) -> None:
    """Import the whole history, which goes on from where the seeding stopped; then train."""
    end_with_the_starter()
    deployed = Deployed.read(folder.deployed)
    import_history(deployed, history, folder, quiet=True)
    # The clock would, at two in the morning; nobody wants a demo without probabilities.
    deployed.client("lambda").invoke(
        FunctionName=deployed.function_name("train_churn"), InvocationType="Event"
    )


if __name__ == "__main__":
    main(Folder(Path(sys.argv[1])), Path(sys.argv[2]))
