"""What needs a person, as a table: which metric, from where on, and what to do about it.

Each alarm names its runbook, `docs/runbooks/<runbook>.md`. Where silence is the fault, no data is
as bad as bad data.
"""

from dataclasses import dataclass
from typing import Final

from infra_cdk.function_spec import QUEUES, FunctionSpec, Http, QueueName

NAMESPACE: Final = "TutorQuality"
"""Of the metrics that functions emit."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """A metric that a function of ours emits."""

    function: str
    name: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages in a queue, or among its dead letters."""

    queue: QueueName
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """A metric of the HTTP API as a whole: 5xx, Latency."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """Up while `statistic` over `minutes` is at least `limit`, `times` in a row.

    `below` turns that round. Without data it is quiet; with `silence` that is as bad as bad data,
    and one that `stays` is as it was until the next night tells. What `takes_back` a new version
    tells of the code at once, and of nothing that anybody may cause from outside.
    """

    name: str
    says: str
    runbook: str
    metric: Emitted | Waiting | Answers
    limit: float
    statistic: str = "Maximum"
    minutes: int = 5
    times: int = 1
    below: bool = False
    silence: bool = False
    stays: bool = False
    prod_only: bool = False
    takes_back: bool = False


def takes_back(alarm: AlarmSpec, spec: FunctionSpec) -> bool:
    """Whether a new version of a function goes back while that alarm is up."""
    match alarm.metric:
        case Emitted(function, _):
            return alarm.takes_back and function == spec.name
        case Answers():  # of whichever function
            return alarm.takes_back and isinstance(spec.trigger, Http)
        case Waiting():
            return False


HOUR: Final = 60
"""Minutes. Longer alarms look at hours, so that a night that begins later is no silence."""


def _silent(function: str, metric: str, says: str, *, minutes: int, name: str) -> AlarmSpec:
    """A clock that has stopped: nothing was emitted for so long."""
    return AlarmSpec(
        name=name, says=says, runbook="clock-stopped", metric=Emitted(function, metric),
        statistic="SampleCount", limit=1, below=True, silence=True,
        minutes=min(minutes, HOUR), times=max(1, minutes // HOUR),
    )  # fmt: skip


ALARMS: Final[tuple[AlarmSpec, ...]] = (
    # The promise: within the hour.
    AlarmSpec(
        name="insight_late",
        says="Of the tutors reported on in the last day, one in twenty was scored more than an "
        "hour after their newest report.",
        runbook="insight-late", metric=Emitted("summarize_platform", "InsightLatencyP95"),
        limit=3600,
    ),
    AlarmSpec(
        name="insight_late_from_session_end",
        says="For one tutor in twenty it takes more than an hour from the end of their newest "
        "session to its score; with insight_late quiet, the marketplace reports late.",
        runbook="insight-late", metric=Emitted("summarize_platform", "InsightFromEndP95"),
        limit=3600, times=3,
    ),
    AlarmSpec(
        name="pending_old",
        says="A report was accepted and has not been applied for fifteen minutes, or nobody looks.",
        runbook="pending-old", metric=Emitted("sweep_inbox", "OldestPending"),
        limit=900, silence=True,
    ),
    AlarmSpec(
        name="mail_old",
        says="A mail has been due for an hour and nobody has it, or nobody looks.",
        runbook="mail-old", metric=Emitted("sweep_mail", "OldestMail"), limit=3600, silence=True,
    ),
    *(
        AlarmSpec(
            name=f"backlog_{queue}",
            says=f"More than a thousand messages wait in the {queue} queue.",
            runbook="backlog", metric=Waiting(queue), limit=1001, times=2,
        )
        for queue in QUEUES
    ),
    *(
        AlarmSpec(
            name=f"dead_letters_{queue}",
            says=f"A message of the {queue} queue failed five times and waits for a person.",
            runbook="dead-letters", metric=Waiting(queue, dead=True), limit=1,
        )
        for queue in QUEUES
    ),
    # What the marketplace sends.
    AlarmSpec(
        name="reports_stopped",
        says="The marketplace has reported nothing for six hours.",
        runbook="reports-stopped", metric=Emitted("report_webhook", "Accepted"),
        statistic="Sum", limit=1, below=True, silence=True, minutes=360, prod_only=True,
    ),
    AlarmSpec(
        name="signatures_refused",
        says="Reports come with signatures that are not the marketplace's.",
        runbook="signatures-refused", metric=Emitted("report_webhook", "RefusedSignature"),
        statistic="Sum", limit=20,
    ),
    AlarmSpec(
        name="reports_refused",
        says="The marketplace sends reports that are not as the contract says.",
        runbook="reports-refused", metric=Emitted("report_webhook", "RefusedContent"),
        statistic="Sum", limit=10, minutes=15, takes_back=True,
    ),
    AlarmSpec(
        name="content_conflict",
        says="The same id came twice with different content; the second was not believed.",
        runbook="content-conflict", metric=Emitted("report_webhook", "ContentConflict"),
        statistic="Sum", limit=1,
    ),
    AlarmSpec(
        name="quarantined",
        says="A report that was accepted could not be applied, and was put aside.",
        runbook="quarantined", metric=Emitted("score_tutor", "Quarantined"),
        statistic="Sum", limit=1, takes_back=True,
    ),
    AlarmSpec(
        name="drift",
        says="A stored scorecard is not what its tutor's log gives.",
        runbook="drift", metric=Emitted("score_tutor", "Drift"), statistic="Sum", limit=1,
    ),
    # What people see.
    AlarmSpec(
        name="api_5xx",
        says="The API answers that it can not answer.",
        runbook="api-failing", metric=Answers("5xx"), statistic="Sum", limit=5,
        takes_back=True,
    ),
    AlarmSpec(
        name="api_slow",
        says="One answer in twenty takes more than half a second.",
        runbook="api-failing", metric=Answers("Latency"), statistic="p95", limit=500, times=3,
    ),
    AlarmSpec(
        name="reports_unavailable",
        says="Reports are answered 503: they are not lost, the marketplace sends them again.",
        runbook="api-failing", metric=Emitted("report_webhook", "Unavailable"),
        statistic="Sum", limit=5, takes_back=True,
    ),
    # Clocks.
    _silent(
        "summarize_platform", "Tutors", "Nobody has summed up the tutors for a quarter of an hour.",
        minutes=15, name="summary_stopped",
    ),
    _silent(
        "roll_windows", "Rolled", "No night was kept, and no tutor scored anew, for a day.",
        minutes=26 * HOUR, name="night_stopped",
    ),
    _silent(
        "train_churn", "TrainingSeconds", "No challenger of the churn model was trained for a day.",
        minutes=26 * HOUR, name="training_stopped",
    ),
    _silent(
        "escalate_interventions", "EscalationsRun", "Nobody has looked at deadlines for an hour.",
        minutes=HOUR, name="escalation_stopped",
    ),
    _silent(
        "send_digest", "Digests", "Nobody has looked for two hours whether a morning has come.",
        minutes=2 * HOUR, name="digests_stopped",
    ),
    _silent(
        "seal_audit", "DaysSealed",
        "For a day no day of the audit trail was sealed, or one is not as it was sealed.",
        minutes=26 * HOUR, name="seals_stopped",
    ),
    # The churn model.
    AlarmSpec(
        name="model_refused_predict_churn",
        says="The churn model in force is damaged, missing or not for this code. The last good one "
        "is still used.",
        runbook="model-refused", metric=Emitted("predict_churn", "ModelRefused"),
        statistic="Sum", limit=1, takes_back=True,
    ),
    AlarmSpec(
        name="model_refused_train_churn",
        says="The churn model in force is damaged, missing or not for this code. Challengers meet "
        "the newest good one before it.",
        runbook="model-refused", metric=Emitted("train_churn", "ModelRefused"),
        statistic="Sum", limit=1,
    ),
    AlarmSpec(
        name="model_old",
        says="The churn model in force was put there more than sixty days ago.",
        runbook="model-old", metric=Emitted("train_churn", "ModelAge"), limit=60 * 86400,
        minutes=HOUR, stays=True,
    ),
    # Mail.
    AlarmSpec(
        name="sender_refused",
        says="SES takes no mail of ours: the domain is not verified, or the account is suspended "
        "or in the sandbox. What is due waits a day, mails to tutors a week.",
        runbook="sender-refused", metric=Emitted("send_mail", "SenderRefused"),
        statistic="Sum", limit=1,
    ),
    AlarmSpec(
        name="complaints",
        says="People call our mails spam; SES suspends whoever is called so too often.",
        runbook="complaints", metric=Emitted("note_bounce", "Complained"),
        statistic="Sum", limit=3, minutes=1440,
    ),
)  # fmt: skip
