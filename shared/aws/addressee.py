"""Whom a mail goes to, and what each of them wants: the user pool, tutors' profiles, settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.aws.directory import Directory
from shared.aws.preference_table import PreferenceTable
from shared.aws.tutor_log import LogTable
from shared.domain.intervention import Owner
from shared.domain.mail import Mail, MailKind
from shared.domain.office import PEOPLE
from shared.domain.preference import ADMIN, Channel, Preference, usual

SUMMARIES = (MailKind.WEEKLY_SUMMARY, MailKind.MONTHLY_SUMMARY)
"""Mails that name no tutor: admins, whom the API shows none, may get them."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody a mail may go to, and what they want."""

    username: str
    address: str | None
    preference: Preference

    def by(self, way: Channel) -> str:
        """What their delivery by a way is kept under."""
        return self.username if way is Channel.MAIL else f"{self.username}#{way}"


@dataclass(frozen=True, slots=True)
class Addressees:
    """Finds whom a mail may go to."""

    people: Directory
    logs: LogTable
    preferences: PreferenceTable

    def of(self, mail: Mail, at: datetime) -> Iterator[Addressee]:
        """The tutor, one person, or all of some groups, each once.

        A missed deadline of somebody who is not there any more, or does not look after tutors any
        more, is for their colleagues.
        """
        if mail.to_tutor and mail.tutor_id:
            tutor = self.logs.tutor(mail.tutor_id)
            yield self._one(tutor.tutor_id, tutor.email, Owner.SYSTEM)
            return
        if mail.person:
            found = self.people.person(mail.person)
            may = (*PEOPLE, ADMIN) if mail.kind in SUMMARIES else PEOPLE
            if found and self.people.has(found.username, may, at):
                yield self._one(found.username, found.address, Owner.OPS_MANAGER)
                return
            if mail.kind is not MailKind.OVERDUE or mail.way:
                return
        met: set[str] = set()
        for group in groups(mail):
            for person in self.people.members(group, at):
                if person.username not in met:
                    met.add(person.username)
                    yield self._one(person.username, person.address, group)

    def _one(self, username: str, address: str | None, group: str) -> Addressee:
        chosen = self.preferences.preference(username)
        return Addressee(username, address, chosen.of(group) if chosen else usual(username, group))


def groups(mail: Mail) -> tuple[str, ...]:
    """The groups whose members may get a mail; admins who ask for summaries read operations'."""
    if mail.owner is None:
        return PEOPLE
    reads = mail.kind in SUMMARIES and mail.owner is Owner.OPS_MANAGER
    return (mail.owner, ADMIN) if reads else (mail.owner,)
