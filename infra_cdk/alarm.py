"""What a person must look at, as alarms on the metrics that functions emit."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

NAMESPACE = "TutorQuality"

REFUSERS = {
    "predict_churn": "The last good one is still used.",
    "train_churn": "Challengers meet the newest good one before it.",
}
"""Functions that read the model in force, and what they do without it."""


class Alarms(Construct):
    """Up while something needs a person; quiet when nothing is said."""

    def __init__(self, scope: Construct) -> None:
        super().__init__(scope, "alarms")
        for service, happened in REFUSERS.items():
            self._alarm(
                f"model_refused_{service}", "ModelRefused", service,
                f"The churn model in force is damaged, missing or not for this code. {happened}"
                f" Look at {service}'s log, then go back: make rollback-model.",
            )  # fmt: skip
        self._alarm(
            "sender_refused", "SenderRefused", "send_mail",
            "SES takes no mail of ours: the domain is not verified, or the account is suspended or"
            " in the sandbox. What is due waits a day, mails to tutors a week. Look at SES.",
        )  # fmt: skip

    def _alarm(self, name: str, metric: str, service: str, what_to_do: str) -> None:
        cloudwatch.Alarm(
            self,
            name,
            alarm_description=what_to_do,
            metric=cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=metric,
                dimensions_map={"service": service},
                statistic="Sum",
                period=Duration.minutes(5),
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
