"""The alarms of `alarm_spec` on CloudWatch, who is told of them, and what it may all cost."""

import json
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_ce as cost_explorer
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra_cdk.alarm_spec import ALARMS, NAMESPACE, AlarmSpec, Answers, Emitted, Waiting
from infra_cdk.api import Api
from infra_cdk.function_spec import QueueName
from infra_cdk.queue import WorkQueue
from infra_cdk.stage import Stage

OVER_BUDGET: Final = "over-budget"
"""The runbook of the budget and of dear days, which have no room for a description."""
STAGE_TAG: Final = "user:stage"
"""What Billing calls the tag `stage`, which everything of a stage carries."""
DEAR_DAY: Final = 10
"""Per cent of the month's budget by which spending is dearer than it used to be, before that is
told: less is noise where a usual day costs three."""


class Alarms(Construct):
    """Up while something needs a person, who gets a mail of it."""

    def __init__(
        self, scope: Construct, *, stage: Stage, api: Api, queues: dict[QueueName, WorkQueue]
    ) -> None:
        super().__init__(scope, "alarms")
        self._api, self._queues = api, queues
        told = self._topic(stage.alarm_mail) if stage.alarm_mail else None
        self.alarms = {
            spec.name: self._alarm(spec)
            for spec in ALARMS
            if stage.name == "prod" or not spec.prod_only
        }
        for alarm in self.alarms.values():
            if told:
                alarm.add_alarm_action(actions.SnsAction(told))
                alarm.add_ok_action(actions.SnsAction(told))
        if stage.alarm_mail and stage.dollars_a_month:
            self._budget(stage, stage.dollars_a_month, stage.alarm_mail)
            self._dear_days(stage, stage.dollars_a_month, stage.alarm_mail)

    def metric(
        self, of: Emitted | Waiting | Answers, statistic: str, minutes: int
    ) -> cloudwatch.Metric:
        """What an alarm or the dashboard looks at."""
        period = Duration.minutes(minutes)
        match of:
            case Emitted(function, name):
                return cloudwatch.Metric(
                    namespace=NAMESPACE,
                    metric_name=name,
                    dimensions_map={"service": function},
                    statistic=statistic,
                    period=period,
                )
            case Waiting(queue, dead):
                work = self._queues[queue]
                waits = work.dead_letters if dead else work.queue
                return waits.metric_approximate_number_of_messages_visible(
                    statistic=statistic, period=period
                )
            case Answers(name):
                return self._api.http_api.metric(name, statistic=statistic, period=period)

    def _alarm(self, spec: AlarmSpec) -> cloudwatch.Alarm:
        compared = cloudwatch.ComparisonOperator
        return cloudwatch.Alarm(
            self,
            spec.name,
            alarm_description=f"{spec.says} What to do: docs/runbooks/{spec.runbook}.md",
            metric=self.metric(spec.metric, spec.statistic, spec.minutes),
            threshold=spec.limit,
            evaluation_periods=spec.times,
            comparison_operator=(
                compared.LESS_THAN_THRESHOLD
                if spec.below
                else compared.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            ),
            # Of a few answers the slowest is no twentieth.
            evaluate_low_sample_count_percentile=(
                "ignore" if spec.statistic.startswith("p") else None
            ),
            treat_missing_data=_without_data(spec),
        )

    def _topic(self, address: str) -> sns.Topic:
        """Encrypted with a key that CloudWatch may use, which it may not with SNS's own."""
        key = kms.Key(
            self, "key", description="Encrypts what alarms say.", enable_key_rotation=True
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=["*"],  # of a key's own policy: the key
            )
        )
        topic = sns.Topic(self, "topic", master_key=key, enforce_ssl=True)
        topic.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com"))
        topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def _budget(self, stage: Stage, dollars: int, address: str) -> None:
        """A mail when a month costs, or will cost, more than it should."""
        subscriber = budgets.CfnBudget.SubscriberProperty(
            address=address, subscription_type="EMAIL"
        )
        budgets.CfnBudget(
            self,
            "budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"tutor-quality-{stage.name}, runbook {OVER_BUDGET}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
                cost_filters={"TagKeyValue": [f"{STAGE_TAG}${stage.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=per_cent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, per_cent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )

    def _dear_days(self, stage: Stage, dollars: int, address: str) -> None:
        """A mail on the day after spending left its usual course, long before a month is over."""
        monitor = cost_explorer.CfnAnomalyMonitor(
            self,
            "spending",
            monitor_name=f"tutor-quality-{stage.name}",
            monitor_type="CUSTOM",
            monitor_specification=json.dumps({"Tags": {"Key": STAGE_TAG, "Values": [stage.name]}}),
        )
        impact = {
            "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
            "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
            "Values": [f"{dollars * DEAR_DAY / 100:g}"],
        }
        cost_explorer.CfnAnomalySubscription(
            self,
            "dear-days",
            subscription_name=f"tutor-quality-{stage.name}, runbook {OVER_BUDGET}",
            frequency="DAILY",
            monitor_arn_list=[monitor.ref],
            subscribers=[
                cost_explorer.CfnAnomalySubscription.SubscriberProperty(
                    address=address, type="EMAIL"
                )
            ],
            threshold_expression=json.dumps({"Dimensions": impact}),
        )


def _without_data(spec: AlarmSpec) -> cloudwatch.TreatMissingData:
    if spec.silence:
        return cloudwatch.TreatMissingData.BREACHING
    if spec.stays:
        return cloudwatch.TreatMissingData.IGNORE
    return cloudwatch.TreatMissingData.NOT_BREACHING
