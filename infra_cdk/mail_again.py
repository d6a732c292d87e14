"""`make mail-again`: mail an address again that bounced or complained, once its owner asks for it.

    python -m infra_cdk.mail_again --stage local|dev|prod ADDRESS

Both lists have it: ours, by a fingerprint, and SES's of the account, which would drop the mail and
may know it by the very letters that the mail was sent to.
"""

import argparse
from collections.abc import Iterator, Sequence
from re import fullmatch

from infra_cdk.place import Place, StageError, command, run
from shared.aws.mailer import Suppression


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """What these words ask for, or those of the command line; exits where they are none."""
    parser = command("mail_again", __doc__)
    parser.add_argument("address")
    return parser.parse_args(words)


def done(place: Place, told: argparse.Namespace) -> Iterator[str]:
    """Do what was asked; the line that tells of it."""
    yield mail_again(place, told.address)


def mail_again(place: Place, address: str) -> str:
    """Take an address off both lists; safe to repeat. Answers what kept mail from it."""
    if not fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise StageError(f"ADDRESS: {address!r} is no mail address")
    suppression, ses = Suppression(place.table), place.client("sesv2")
    because = suppression.because(address)
    try:
        ses.delete_suppressed_destination(EmailAddress=address)
    except ses.exceptions.NotFoundException:
        if because is None:
            return f"Nothing keeps mail from {address}."
    suppression.lift(address)
    return f"{address} gets mail again: it had {because or 'been suppressed by SES'}."


if __name__ == "__main__":
    run(parsed, done)
