"""When the owners of interventions work, and so by when they have to have acted."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.business_hours import Calendar
from shared.domain.intervention import Owner

UTC_OFFICE = Calendar("UTC")
"""How an owner works of whom nobody has said it."""
PEOPLE = (Owner.OPS_MANAGER, Owner.PEOPLE_OPS)
"""Owners who keep office hours, and the groups of the user pool that look after tutors."""


@dataclass(frozen=True, slots=True)
class Office:
    """How the owners work: one calendar for each, the default for the others.

    `version` grows with every change of one of them, kept with who and when.
    """

    calendars: dict[Owner, Calendar] = field(default_factory=dict)
    version: int = 0
    changed_by: str | None = None
    changed_at: datetime | None = None

    def in_force(self) -> dict[str, Calendar]:
        """Every owner's calendar."""
        return {owner: self.calendars.get(owner, UTC_OFFICE) for owner in PEOPLE}

    def changed(self, owner: Owner, calendar: Calendar, by: str, at: datetime) -> "Office":
        """The next version, in which an owner works by another calendar."""
        return Office(self.calendars | {owner: calendar}, self.version + 1, by, at)

    def calendar(self, owner: Owner) -> Calendar:
        """When an owner works."""
        return self.calendars.get(owner, UTC_OFFICE)

    def due(self, owner: Owner, opened_at: datetime, working_days: float) -> datetime:
        """When the owner has to have acted; at once where nobody has to."""
        if owner is Owner.SYSTEM:
            return opened_at
        return self.calendar(owner).working_days(opened_at, working_days)
