"""What a person wants to be told, how, and when not."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from shared.domain.churn_score import RiskLevel
from shared.domain.intervention import Owner
from shared.domain.intervention_rule import RULES
from shared.domain.mail import Mail, MailKind


class Reports(StrEnum):
    """Which session reports somebody gets."""

    EVERY_SESSION = "every_session"
    CHANGES = "changes"
    DIGEST_ONLY = "digest_only"


ADMIN: Final = "admin"
"""The group of the user pool that looks after settings, and reads what it asks for."""
LESS_REPORTS = (Reports.CHANGES, Reports.DIGEST_ONLY)
"""What somebody may choose instead of a report of every session."""
TO_TUTORS = tuple(rule.template for rule in RULES if rule.template)
"""The kinds of mail that tutors get, each of which they can do without."""


class Channel(StrEnum):
    """How an alert reaches somebody."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class AlertKind(StrEnum):
    """What somebody wants to hear of at once: a tutor's risk that rose, a deadline that passed."""

    RISK = "risk"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when until when nobody is to be disturbed, in their own zone; may pass midnight."""

    begin: time
    end: time

    def __contains__(self, at: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, slots=True)
class Preference:
    """One person's settings; `webhook_url` is a secret of theirs and never answered whole.

    `alerts` are the ways that alerts of `alert_kinds` take; a risk below `alert_level` is none.
    `version` is 0 where nothing was ever set. `reports` is None where only something else was: as
    is usual, then. `unsubscribed` are the kinds of mail that a tutor does without.
    """

    username: str
    reports: Reports | None = Reports.EVERY_SESSION
    digests: bool = True
    alerts: tuple[Channel, ...] = (Channel.MAIL,)
    alert_kinds: tuple[AlertKind, ...] = (AlertKind.RISK, AlertKind.OVERDUE)
    alert_level: RiskLevel = RiskLevel.CRITICAL
    zone: str = "UTC"
    quiet: QuietHours | None = None
    webhook_url: str | None = None
    unsubscribed: tuple[str, ...] = ()
    version: int = 0

    def wants(self, kind: MailKind, *, moved: bool) -> bool:
        """Whether a mail of that kind is wanted; notices of missed deadlines always are."""
        match kind:
            case MailKind.SESSION_REPORT:
                return self.reports is Reports.EVERY_SESSION or (
                    self.reports is Reports.CHANGES and moved
                )
            case MailKind.DAILY_DIGEST | MailKind.WEEKLY_SUMMARY | MailKind.MONTHLY_SUMMARY:
                return self.digests
            case _:
                return kind not in self.unsubscribed

    def of(self, group: str) -> "Preference":
        """The settings with what was never chosen as it is usual in a group of the user pool."""
        return replace(self, reports=self.reports or usual(self.username, group).reports)

    def without(self, what: str) -> "Preference":
        """The settings after doing without "digests", "tutor:coaching_tips" or some reports.

        "reports:changes" keeps those that tell of a change, "reports:digest_only" and "reports"
        none. The next version; the same one where that was so already.
        """
        match what.split(":"):
            case ["reports"]:
                after = replace(self, reports=Reports.DIGEST_ONLY)
            case ["reports", kept] if kept in LESS_REPORTS:
                after = replace(self, reports=Reports(kept))
            case ["digests"]:
                after = replace(self, digests=False)
            case ["tutor", kind] if kind in TO_TUTORS:
                after = replace(self, unsubscribed=tuple(sorted({*self.unsubscribed, kind})))
            case _:
                raise ValueError(f"{what!r} is nothing to do without")
        return self if after == self else replace(after, version=self.version + 1)

    def again(self, what: str, reports: Reports | None) -> "Preference":
        """The settings with that again: mails of a kind, digests, or reports as they were before.

        The same ones where that is so, or where other reports were chosen meanwhile.
        """
        sort, _, kind = what.partition(":")
        match sort:
            case "reports":
                left = self.without(what).reports == self.reports
                after = replace(self, reports=reports) if left else self
            case "digests":
                after = replace(self, digests=True)
            case _:
                others = tuple(one for one in self.unsubscribed if one != kind)
                after = replace(self, unsubscribed=others)
        return self if after == self else replace(after, version=self.version + 1)

    def ways(self, mail: Mail) -> tuple[Channel, ...]:
        """The ways that a mail takes to this person; none where it is not wanted.

        A missed deadline always comes by mail, by webhook too where alerts of it do.
        """
        match mail.kind:
            case MailKind.ALERT:
                wanted = AlertKind.RISK in self.alert_kinds and self._hears(mail.level)
                ways = self.alerts if wanted else ()
            case MailKind.OVERDUE:
                others = self.alerts if AlertKind.OVERDUE in self.alert_kinds else ()
                ways = tuple(dict.fromkeys((Channel.MAIL, *others)))
            case _:
                wanted = self.wants(mail.kind, moved=bool(mail.moved))
                ways = (Channel.MAIL,) if wanted else ()
        if not self.webhook_url:
            ways = tuple(way for way in ways if way is not Channel.WEBHOOK)
        return tuple(way for way in ways if mail.way in (None, way))

    def _hears(self, level: str | None) -> bool:
        """Whether a risk level is high enough."""
        return RiskLevel(level or "low").rank >= self.alert_level.rank

    def waits_until(self, mail: Mail, way: Channel, at: datetime) -> datetime:
        """When a mail may go by a way: alerts, and whatever a webhook tells, not in quiet hours."""
        disturbs = mail.kind is MailKind.ALERT or way is Channel.WEBHOOK
        return self.quiet_until(at) if disturbs else at

    def quiet_at(self, at: datetime) -> bool:
        """Whether an alert has to wait at that instant."""
        return self.quiet is not None and at.astimezone(ZoneInfo(self.zone)).time() in self.quiet

    def quiet_until(self, at: datetime) -> datetime:
        """When an alert that has to wait may go out; at once outside of quiet hours."""
        if self.quiet is None or not self.quiet_at(at):
            return at
        zone = ZoneInfo(self.zone)
        local = at.astimezone(zone)
        # The fold: where clocks go back they may show the end of quiet hours twice.
        ends = datetime.combine(local.date(), self.quiet.end, zone).replace(fold=local.fold)
        if local.time() >= self.quiet.end:
            ends = datetime.combine(local.date() + timedelta(days=1), self.quiet.end, zone)
        return ends.astimezone(UTC)


def usual(username: str, group: str) -> Preference:
    """What somebody of a group gets who never chose.

    The requirements' report after every session goes to operations, people operations are told
    what changed over the day, admins only what they ask for.
    """
    if group == ADMIN:
        return Preference(username, Reports.DIGEST_ONLY, digests=False, alerts=(), alert_kinds=())
    every = group == Owner.OPS_MANAGER
    return Preference(username, Reports.EVERY_SESSION if every else Reports.DIGEST_ONLY)
