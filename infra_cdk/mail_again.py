"""`make mail-again`: mail an address again that bounced or complained, once its owner asks for it.

    python -m infra_cdk.mail_again --stage local|dev|prod ADDRESS

Both lists have it: ours, by a fingerprint, and SES's of the account, which would drop the mail and
may know it by the very letters that the mail was sent to.
"""

from re import fullmatch

from infra_cdk.place import Place, StageError, command, on_stage
from shared.aws.mailer import Suppression


def main() -> None:
    """Parse the command line and do it; exits with a sentence where that cannot be."""
    parser = command("mail_again", __doc__)
    parser.add_argument("address")
    arguments = parser.parse_args()
    with on_stage(arguments.stage) as place:
        print(mail_again(place, arguments.address))  # noqa: T201 - a command


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
    main()
