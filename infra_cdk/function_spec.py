"""Every Lambda in one table: what starts it, how long it may take, and what it may touch.

Adding a Lambda is a file in `functions/` and a row here; roles, log groups, routes, schedules and
queue subscriptions follow from the row.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

type Index = Literal[
    "rated",
    "pending",
    "work",
    "by_churn_score",
    "by_reschedule_rate",
    "by_sessions",
    "by_name",
    "by_updated_at",
    "by_p30",
]
type QueueName = Literal["scoring", "churn", "action", "mail", "bounce"]
type SecretName = Literal["webhook", "cursor", "entrance"]
type Layer = Literal["core", "mail", "ml", "world"]

TUTOR_LIST: Final[tuple[Index, ...]] = (
    "by_churn_score",
    "by_reschedule_rate",
    "by_sessions",
    "by_name",
    "by_updated_at",
    "by_p30",
)


UNSUBSCRIBE: Final = "/api/unsubscribe/{token}"


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the HTTP API; `signed_in` routes need a Cognito access token."""

    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE"]
    path: str
    signed_in: bool


@dataclass(frozen=True, slots=True)
class Http:
    """Started by a request to one of these routes."""

    routes: tuple[Route, ...]
    signed: bool = False
    """Whether the body proves who sent it; without that a request has to come by CloudFront."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Started by messages on a queue; a message that fails is received again alone."""

    queue: QueueName
    size: int
    """At most so many at once: under load a batch scores each tutor once, however many reports."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Started by EventBridge Scheduler, in UTC."""

    expression: str
    retries: int
    """How often a failed start is repeated; none where the next minute repeats it anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One row: a file in `functions/`, and all that CloudFormation has to know about it."""

    name: str
    does: str
    trigger: Http | Batch | Clock
    timeout_seconds: int
    memory_mb: int
    table: tuple[str, ...] = ()
    """DynamoDB actions on the table itself."""
    query: tuple[Index, ...] = ()
    """Indexes it may query."""
    sends_to: tuple[QueueName, ...] = ()
    delays_on: tuple[QueueName, ...] = ()
    """Queues on which it may postpone the next receive of a message that failed."""
    reads: tuple[SecretName, ...] = ()
    sends_mail: bool = False
    """Whether it hands mails to SES."""
    people: tuple[str, ...] = ()
    """Cognito actions on the user pool: who there is, and how they are reached."""
    sweeps: bool = False
    """Whether it hints again at what waited too long, and is told how long that is."""
    calls_api: bool = False
    """Whether it calls our own API, and is told where that is."""
    models: tuple[str, ...] = ()
    """S3 actions on stored churn models."""
    vault: tuple[str, ...] = ()
    """S3 actions on what can not be changed."""
    layers: tuple[Layer, ...] = ("core",)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def behind_cloudfront(self) -> bool:
        """Whether it answers only what came that way."""
        return isinstance(self.trigger, Http) and not self.trigger.signed

    @property
    def signed_in(self) -> bool:
        """Whether people sign in to use it, so that it writes down who asked for what."""
        return isinstance(self.trigger, Http) and any(
            route.signed_in for route in self.trigger.routes
        )

    @property
    def secrets(self) -> tuple[SecretName, ...]:
        """What it reads, and that by which CloudFront is known."""
        return (*self.reads, "entrance") if self.behind_cloudfront else self.reads


MB_PER_PROCESSOR: Final = 1769
"""Lambda gives a whole processor for so much memory, and in proportion."""


def threads(spec: FunctionSpec) -> int:
    """How many threads may compute at once without waiting for each other."""
    return max(1, spec.memory_mb // MB_PER_PROCESSOR)


def functions_of(*, fed: bool) -> tuple[FunctionSpec, ...]:
    """The functions of a stage; `fed` is one that a synthetic world feeds."""
    return (*FUNCTIONS, FEED_SYNTHETIC) if fed else FUNCTIONS


def _posts(*paths: str) -> tuple[Route, ...]:
    return tuple(Route("POST", path, signed_in=False) for path in paths)


FUNCTIONS: Final[tuple[FunctionSpec, ...]] = (
    FunctionSpec(
        name="report_webhook",
        does="Takes what Rails reports, checks its signature and keeps it before answering.",
        trigger=Http(
            _posts("/api/sessions", "/api/tutors", "/api/events", "/api/feedback"), signed=True
        ),
        timeout_seconds=10,
        memory_mb=1024,
        table=("GetItem", "PutItem"),
        sends_to=("scoring",),
        reads=("webhook",),
    ),
    FunctionSpec(
        name="score_tutor",
        does="Applies a kept report and writes the scorecard of every tutor it concerns.",
        trigger=Batch("scoring", size=100),
        timeout_seconds=120,
        memory_mb=1769,
        table=("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
        query=("rated",),
        sends_to=("scoring", "churn"),
        delays_on=("scoring",),
    ),
    FunctionSpec(
        name="predict_churn",
        does="Predicts each scored tutor with the churn model in force.",
        trigger=Batch("churn", size=100),
        timeout_seconds=120,
        memory_mb=1769,
        table=("GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"),
        sends_to=("action",),
        delays_on=("churn",),
        models=("GetObject",),
        layers=("core", "ml"),
    ),
    FunctionSpec(
        name="act_on_change",
        does="Decides which interventions to open, close or escalate for each predicted tutor.",
        trigger=Batch("action", size=100),
        timeout_seconds=120,
        memory_mb=1024,
        table=("GetItem", "Query", "PutItem"),
        query=("work", "by_name"),
        sends_to=("mail",),
        delays_on=("action",),
    ),
    FunctionSpec(
        name="send_mail",
        does="Writes a mail for each of its recipients and hands it to SES.",
        trigger=Batch("mail", size=10),
        timeout_seconds=120,
        memory_mb=1024,
        table=("GetItem", "BatchGetItem", "Query", "PutItem"),
        query=("work", "by_name"),
        delays_on=("mail",),
        reads=("cursor",),
        sends_mail=True,
        people=("ListUsersInGroup", "AdminGetUser"),
        layers=("core", "mail"),
    ),
    FunctionSpec(
        name="note_bounce",
        does="Notes which addresses bounced or complained, so that they get no mail any more.",
        trigger=Batch("bounce", size=10),
        timeout_seconds=30,
        memory_mb=512,
        table=("PutItem",),
        delays_on=("bounce",),
    ),
    FunctionSpec(
        name="train_churn",
        does="Trains a churn model each night and puts it in force if it proves better.",
        trigger=Clock("cron(0 2 * * ? *)", retries=2),
        timeout_seconds=900,
        memory_mb=8192,
        table=("GetItem", "Query", "PutItem"),
        query=("by_name",),
        sends_to=("churn",),
        models=("GetObject", "PutObject"),
        layers=("core", "ml"),
    ),
    FunctionSpec(
        name="sweep_inbox",
        does="Sends again what is still pending, so that nothing depends on a message arriving.",
        trigger=Clock("rate(1 minute)", retries=0),
        timeout_seconds=30,
        memory_mb=512,
        query=("pending",),
        sends_to=("scoring",),
        sweeps=True,
    ),
    FunctionSpec(
        name="sweep_mail",
        does="Asks again for mails that are overdue, so that none depends on a message arriving.",
        trigger=Clock("rate(1 minute)", retries=0),
        timeout_seconds=30,
        memory_mb=512,
        query=("work",),
        sends_to=("mail",),
        sweeps=True,
    ),
    FunctionSpec(
        name="escalate_interventions",
        does="Ends snoozes, marks clocks that ran out, and tells whoever is late, once.",
        trigger=Clock("cron(0/15 * * * ? *)", retries=2),
        timeout_seconds=120,
        memory_mb=1024,
        table=("GetItem", "Query", "PutItem"),
        query=("work",),
        sends_to=("mail",),
    ),
    FunctionSpec(
        name="send_digest",
        does="Puts the digests and summaries that the owners' mornings have brought.",
        trigger=Clock("cron(0 * * * ? *)", retries=2),
        timeout_seconds=30,
        memory_mb=512,
        table=("GetItem", "PutItem"),
        sends_to=("mail",),
    ),
    FunctionSpec(
        name="roll_windows",
        does="Has every tutor scored again each midnight, because windows slide by themselves.",
        trigger=Clock("cron(0 0 * * ? *)", retries=5),
        timeout_seconds=300,
        memory_mb=1024,
        table=("GetItem", "PutItem"),
        query=("by_name",),
        sends_to=("scoring",),
    ),
    FunctionSpec(
        name="summarize_platform",
        does="Sums up all tutors each minute, so that the dashboard opens with one read.",
        trigger=Clock("rate(1 minute)", retries=0),
        timeout_seconds=55,
        memory_mb=1024,
        table=("PutItem",),
        query=("by_name",),
    ),
    FunctionSpec(
        name="seal_audit",
        does="Seals the audit trail of the day that has ended, where nobody can change it.",
        trigger=Clock("cron(30 0 * * ? *)", retries=5),
        timeout_seconds=300,
        memory_mb=512,
        table=("Query",),
        vault=("GetObject", "PutObject", "ListBucket", "ListBucketVersions"),
    ),
    FunctionSpec(
        name="intervention_api",
        does="Lets people work on interventions, and records who did what.",
        trigger=Http((Route("POST", "/api/interventions/{proxy+}", signed_in=True),)),
        timeout_seconds=15,
        memory_mb=1024,
        table=("GetItem", "Query", "PutItem"),
        sends_to=("mail",),
        people=("ListUsersInGroup",),
    ),
    FunctionSpec(
        name="settings_api",
        does="Lets people move dials, thresholds and calendars, and choose what they are told.",
        trigger=Http((Route("PUT", "/api/settings/{proxy+}", signed_in=True),)),
        timeout_seconds=15,
        memory_mb=1024,
        table=("GetItem", "Query", "PutItem"),
    ),
    FunctionSpec(
        name="dry_run_api",
        does="Tells what moved dials or thresholds would have brought over the last 30 nights.",
        trigger=Http(
            (
                Route("POST", "/api/settings/interventions/dry-run", signed_in=True),
                Route("POST", "/api/settings/thresholds/dry-run", signed_in=True),
            )
        ),
        timeout_seconds=29,
        memory_mb=1769,
        table=("GetItem", "Query", "PutItem"),
        query=("by_name", "rated"),
    ),
    FunctionSpec(
        name="unsubscribe",
        does="Lets whoever got a mail do without such mails, by the link in it.",
        trigger=Http(
            (
                Route("GET", UNSUBSCRIBE, signed_in=False),
                Route("HEAD", UNSUBSCRIBE, signed_in=False),
                Route("POST", UNSUBSCRIBE, signed_in=False),
            )
        ),
        timeout_seconds=10,
        memory_mb=512,
        table=("GetItem", "PutItem"),
        reads=("cursor",),
    ),
    FunctionSpec(
        name="override_api",
        does="Lets managers override a churn score for a while, and records who did and why.",
        trigger=Http(
            (
                Route("PUT", "/api/tutors/{tutor_id}/override", signed_in=True),
                Route("DELETE", "/api/tutors/{tutor_id}/override", signed_in=True),
            )
        ),
        timeout_seconds=15,
        memory_mb=1024,
        table=("GetItem", "Query", "PutItem", "UpdateItem"),
        sends_to=("action",),
    ),
    FunctionSpec(
        name="note_api",
        does="Lets staff write down what they know about a tutor, and take it away again.",
        trigger=Http(
            (
                Route("PUT", "/api/tutors/{tutor_id}/notes/{note_id}", signed_in=True),
                Route("DELETE", "/api/tutors/{tutor_id}/notes/{note_id}", signed_in=True),
            )
        ),
        timeout_seconds=15,
        memory_mb=1024,
        table=("GetItem", "Query", "PutItem", "DeleteItem"),
    ),
    FunctionSpec(
        name="query_api",
        does="Answers every read, shaped by who asks, and records who read whose data.",
        trigger=Http(
            (
                Route("GET", "/api/{proxy+}", signed_in=True),
                Route("GET", "/api/health", signed_in=False),
                Route("GET", "/api/openapi.json", signed_in=False),
            )
        ),
        timeout_seconds=15,
        memory_mb=1769,
        table=("GetItem", "BatchGetItem", "Query", "PutItem"),
        query=(*TUTOR_LIST, "work"),
        reads=("cursor",),
        people=("ListUsersInGroup",),
    ),
)

QUEUES: Final[tuple[QueueName, ...]] = tuple(
    spec.trigger.queue for spec in FUNCTIONS if isinstance(spec.trigger, Batch)
)

FEED_SYNTHETIC: Final = FunctionSpec(
    name="feed_synthetic",
    does="Posts what a synthetic world goes on with, through the signed webhooks.",
    trigger=Clock("cron(0/15 * * * ? *)", retries=2),
    timeout_seconds=300,
    memory_mb=1769,
    calls_api=True,
    reads=("webhook",),
    layers=("core", "ml", "world"),
)
"""Only where a stage asks for it; its asset alone carries the synthetic world."""
