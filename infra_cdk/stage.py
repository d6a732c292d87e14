"""The three places the system runs in, and everything that differs between them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from aws_cdk.aws_logs import RetentionDays

type StageName = Literal["local", "dev", "prod"]
type Shift = Literal["canary", "at once"]
"""How calls go over to a new version of a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticFeed:
    """A synthetic world that goes on by itself, from the end of a history nobody has to load."""

    world: Literal["demo", "full"]
    seed: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAccounts:
    """A company's own sign-in by SAML 2.0, as Okta, Entra ID and Google Workspace offer it.

    Who comes from there has no role until an administrator puts them in a group.
    """

    name: str
    """On the sign-in page, and at the beginning of the user names: `name_kim@company.com`."""
    metadata_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Settings of one deployment; whatever is not here is the same everywhere."""

    name: StageName
    arm64: bool
    """Lambda's processor; the local stage runs on the host's, whatever that is."""
    customer_key: bool
    """Encrypt the table with a key of our own, which we can disable."""
    keep_data: bool
    """Refuse to delete the table and the user pool, and keep them when the stack goes."""
    require_tls: bool
    """Refuse queue calls without TLS; the local stage speaks plain HTTP on the loopback."""
    require_mfa: bool
    threat_protection: bool
    """Cognito's risk checks at sign-in; they cost per user and month."""
    log_retention: RetentionDays
    requests_per_second: int
    request_burst: int
    scoring_concurrency: int
    """Batches scored at once; Lambda's minimum is 2."""
    retry_seconds: int
    """How long a message that failed waits before the second try; doubled with each further one."""
    sweep_after_seconds: int
    """How long a report may be pending before its hint is sent again."""
    feed: SyntheticFeed | None = None
    """What posts synthetic reports every quarter of an hour; None where tutors are real."""
    work_accounts: WorkAccounts | None = None
    """Beside the user pool's own passwords."""
    shift: Shift | None
    """None where a function has no versions: it is replaced."""
    web_acl: bool
    """Let AWS WAF stand before CloudFront; the emulator has neither."""
    site_url: str
    """Where the browser finds the site; sign-in returns there."""
    site_certificate: str | None = None
    """ARN of a certificate (of us-east-1) for `site_url`; without one only CloudFront's own name
    serves the site."""
    mail_from: str
    """Whom mails come from; SES has to know the domain."""
    mail_contact: str
    """A mailbox that people read: answers to mails go there, and tutors are told to write there."""
    mail_tutors: bool
    """Whether tutors are mailed, or staff alone, as long as what is said is only looked at."""
    alarm_mail: str | None = None
    """Who is told of alarms and of the budget; None where nobody has to get up."""
    dollars_a_month: int | None = None
    """What the stage should cost at most, before somebody is told."""


LOCAL: Final = Stage(
    name="local",
    arm64=False,
    customer_key=False,
    keep_data=False,
    require_tls=False,
    require_mfa=False,
    threat_protection=False,
    log_retention=RetentionDays.ONE_WEEK,
    requests_per_second=1000,
    request_burst=2000,
    scoring_concurrency=2,
    retry_seconds=2,
    sweep_after_seconds=10,
    shift=None,
    web_acl=False,
    site_url="http://127.0.0.1:8080",
    mail_from="quality@local.tutor-quality.example.com",
    mail_contact="care@local.tutor-quality.example.com",
    mail_tutors=True,
)

DEV: Final = Stage(
    name="dev",
    arm64=True,
    customer_key=True,
    keep_data=False,
    require_tls=True,
    require_mfa=False,
    threat_protection=False,
    log_retention=RetentionDays.ONE_MONTH,
    requests_per_second=100,
    request_burst=200,
    scoring_concurrency=5,
    retry_seconds=15,
    sweep_after_seconds=120,
    shift="at once",
    web_acl=True,
    feed=SyntheticFeed(world="demo", seed=1, since=datetime(2026, 11, 1, tzinfo=UTC)),
    site_url="https://dev.tutor-quality.example.com",
    mail_from="quality@dev.tutor-quality.example.com",
    mail_contact="care@dev.tutor-quality.example.com",
    mail_tutors=True,
    alarm_mail="alarms@dev.tutor-quality.example.com",
    dollars_a_month=45,
)

PROD: Final = Stage(
    name="prod",
    arm64=True,
    customer_key=True,
    keep_data=True,
    require_tls=True,
    require_mfa=True,
    threat_protection=True,
    log_retention=RetentionDays.ONE_YEAR,
    requests_per_second=500,
    request_burst=1000,
    scoring_concurrency=20,
    retry_seconds=15,
    sweep_after_seconds=120,
    shift="canary",
    web_acl=True,
    site_url="https://tutor-quality.example.com",
    mail_from="quality@tutor-quality.example.com",
    mail_contact="care@tutor-quality.example.com",
    mail_tutors=False,  # until what it would say was looked at: docs/deployment.md
    alarm_mail="alarms@tutor-quality.example.com",
    dollars_a_month=100,
)

STAGES: Final[dict[str, Stage]] = {stage.name: stage for stage in (LOCAL, DEV, PROD)}
