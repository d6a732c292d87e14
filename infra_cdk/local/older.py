"""Loads the older part of a seeded world behind the running stack, breaking off at any point."""

import sys
from pathlib import Path

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
from infra_cdk.local.history_import import import_history
from infra_cdk.local.starter import end_with_the_starter


def main(folder: Folder, history: Path) -> None:
    """Import the whole history, which goes on from where the seeding stopped."""
    end_with_the_starter()
    import_history(Deployed.read(folder.deployed), history, folder, quiet=True)


if __name__ == "__main__":
    main(Folder(Path(sys.argv[1])), Path(sys.argv[2]))
