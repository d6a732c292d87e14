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
            refused = cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name="ModelRefused",
                dimensions_map={"service": service},
                statistic="Sum",
                period=Duration.minutes(5),
            )
            cloudwatch.Alarm(
                self,
                f"model_refused_{service}",
                alarm_description="The churn model in force is damaged, missing or not for this"
                f" code. {happened} Look at {service}'s log, then go back: make rollback-model.",
                metric=refused,
                threshold=1,
                evaluation_periods=1,
                comparison_operator=(
                    cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
                ),
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
