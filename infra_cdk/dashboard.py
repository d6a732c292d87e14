"""One page of CloudWatch on which somebody who was called sees what is wrong."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.alarm import Alarms
from infra_cdk.alarm_spec import ALARMS, Answers, Emitted, Waiting
from infra_cdk.function_spec import QUEUES
from infra_cdk.stage import Stage

MINUTES: Final = 5
WIDTH: Final = 8
"""Of 24 columns: three graphs in a row."""

type Lines = dict[str, tuple[Emitted | Waiting | Answers, str]]
"""Metrics with their statistic, by what they are called."""

GRAPHS: Final[dict[str, Lines]] = {
    "How late insights are, seconds": {
        "from receipt, p95": (Emitted("summarize_platform", "InsightLatencyP95"), "Maximum"),
        "from the session's end, p95": (
            Emitted("summarize_platform", "InsightFromEndP95"),
            "Maximum",
        ),
    },
    "What waits longest, seconds": {
        "report": (Emitted("sweep_inbox", "OldestPending"), "Maximum"),
        "mail": (Emitted("sweep_mail", "OldestMail"), "Maximum"),
    },
    "Messages waiting": {queue: (Waiting(queue), "Maximum") for queue in QUEUES},
    "Dead letters": {queue: (Waiting(queue, dead=True), "Maximum") for queue in QUEUES},
    "Reports": {
        "accepted": (Emitted("report_webhook", "Accepted"), "Sum"),
        "duplicate": (Emitted("report_webhook", "Duplicate"), "Sum"),
        "applied": (Emitted("score_tutor", "Applied"), "Sum"),
    },
    "Reports refused": {
        "signature": (Emitted("report_webhook", "RefusedSignature"), "Sum"),
        "content": (Emitted("report_webhook", "RefusedContent"), "Sum"),
        "other content, same id": (Emitted("report_webhook", "ContentConflict"), "Sum"),
        "quarantined": (Emitted("score_tutor", "Quarantined"), "Sum"),
        "answered 503": (Emitted("report_webhook", "Unavailable"), "Sum"),
    },
    "The API": {
        "requests": (Answers("Count"), "Sum"),
        "4xx": (Answers("4xx"), "Sum"),
        "5xx": (Answers("5xx"), "Sum"),
    },
    "How long the API takes, milliseconds": {
        "p50": (Answers("Latency"), "p50"),
        "p95": (Answers("Latency"), "p95"),
    },
    "Personal data read": {"audited reads": (Emitted("query_api", "Audited"), "Sum")},
    "Scoring": {
        "predicted": (Emitted("predict_churn", "Predicted"), "Sum"),
        "drift": (Emitted("score_tutor", "Drift"), "Sum"),
    },
    "Failed, and tried again": {
        "scoring": (Emitted("score_tutor", "ScoringFailed"), "Sum"),
        "prediction": (Emitted("predict_churn", "PredictionFailed"), "Sum"),
        "acting": (Emitted("act_on_change", "ActingFailed"), "Sum"),
        "mail": (Emitted("send_mail", "MailFailed"), "Sum"),
        "bounce": (Emitted("note_bounce", "BounceFailed"), "Sum"),
        "escalating": (Emitted("escalate_interventions", "EscalatingFailed"), "Sum"),
    },
    "Began again, for somebody else wrote meanwhile": {
        "scoring": (Emitted("score_tutor", "WriteConflict"), "Sum"),
        "acting": (Emitted("act_on_change", "WriteConflict"), "Sum"),
    },
    "Mail": {
        "sent": (Emitted("send_mail", "MailSent"), "Sum"),
        "dropped": (Emitted("send_mail", "MailDropped"), "Sum"),
        "bounced": (Emitted("note_bounce", "Bounced"), "Sum"),
        "complained": (Emitted("note_bounce", "Complained"), "Sum"),
    },
    "Churn model": {
        "drifted features": (Emitted("train_churn", "DriftedFeatures"), "Maximum"),
        "age, seconds": (Emitted("train_churn", "ModelAge"), "Maximum"),
    },
}

LOOKED_AT: Final = frozenset(
    of
    for of in (
        *(alarm.metric for alarm in ALARMS),
        *(of for lines in GRAPHS.values() for of, _ in lines.values()),
    )
    if isinstance(of, Emitted)
)
"""What functions emit: each is paid for by the month, so that there are no others."""


class Dashboard(Construct):
    """The alarms on top, then the pipeline from the webhook to the mail."""

    def __init__(self, scope: Construct, *, stage: Stage, alarms: Alarms) -> None:
        super().__init__(scope, "dashboard")
        page = cloudwatch.Dashboard(
            self,
            "page",
            dashboard_name=f"tutor-quality-{stage.name}",
            default_interval=Duration.hours(12),
        )
        page.add_widgets(
            cloudwatch.AlarmStatusWidget(
                title="Alarms", alarms=list(alarms.alarms.values()), width=24, height=4
            )
        )
        page.add_widgets(
            *(
                cloudwatch.GraphWidget(
                    title=title,
                    width=WIDTH,
                    left=[
                        alarms.metric(of, statistic, MINUTES).with_(label=name)
                        for name, (of, statistic) in lines.items()
                    ],
                )
                for title, lines in GRAPHS.items()
            )
        )
