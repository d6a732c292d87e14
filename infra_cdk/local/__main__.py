"""Commands of the local stack: `python -m infra_cdk.local run | token | import | clean`."""

import argparse
import os
import sys

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import CHECKOUT, BusyError
from infra_cdk.local.run import run
from infra_cdk.local.sign_in import ROLES, access_token
from infra_cdk.local.stack import LOCAL_WEBHOOK_SECRET
from infra_cdk.local.world import WORLDS, seeded
from shared.signature import signing_key


def main() -> None:
    """Parse the command line; the Makefile's variables arrive as the environment."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run the system until Ctrl-C")
    running.add_argument("--port", type=int, default=_setting("PORT", "8080"))
    running.add_argument("--world", choices=WORLDS, default=os.environ.get("WORLD") or None)
    running.add_argument("--fresh", action="store_true", default=_setting("FRESH", "") == "1")
    token = commands.add_parser("token", help="print a bearer token")
    token.add_argument("--role", choices=ROLES, default=_setting("ROLE", "ops_manager"))
    token.add_argument("--tutor", default=_setting("TUTOR", ""), help="user name; the tutor's id")
    importing = commands.add_parser("import", help="load a folder of CSV files")
    importing.add_argument("history")
    commands.add_parser("clean", help="delete what the local stack keeps")
    arguments = parser.parse_args()
    try:
        match arguments.command:
            case "run":
                _run(arguments)
            case "token":
                _print_token(arguments.role, arguments.tutor)
            case "import":
                _import(arguments.history)
            case "clean":
                CHECKOUT.delete()
    except BusyError as busy:
        sys.exit(f"{busy}; stop that first.")


def _run(arguments: argparse.Namespace) -> None:
    run(
        CHECKOUT,
        port=arguments.port,
        world=arguments.world or seeded(CHECKOUT) or "demo",
        fresh=arguments.fresh,
        webhook_secret=_webhook_secret(),
    )


def _webhook_secret() -> str:
    secret = _setting("WEBHOOK_SECRET", LOCAL_WEBHOOK_SECRET)
    if signing_key(secret) is None:
        sys.exit("WEBHOOK_SECRET must be whsec_ and base64, like the default one.")
    return secret


def _import(history: str) -> None:
    if not history:
        sys.exit("Say which folder: make import HISTORY=path/to/folder")
    from infra_cdk.local import history_import  # the other commands need nothing of the product

    history_import.main(history)


def _print_token(role: str, tutor: str) -> None:
    try:
        deployed = Deployed.read(CHECKOUT.deployed)
    except FileNotFoundError:
        sys.exit("Nothing runs here: `make run` first.")
    try:
        print(access_token(deployed, role, user=tutor or None))
    except ValueError as wrong:
        sys.exit(str(wrong))


def _setting(name: str, default: str) -> str:
    return os.environ.get(name) or default


if __name__ == "__main__":
    main()
