"""How a new version takes over: a tenth of the calls for five minutes first, and back on alarm."""

from collections.abc import Iterable, Mapping
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra_cdk.alarm import Alarms
from infra_cdk.alarm_spec import ALARMS, takes_back
from infra_cdk.function_spec import FunctionSpec
from infra_cdk.stage import Stage

WENT_BACK: Final = "version-went-back"
"""The runbook of a version that does not come into force."""


class Rollout(Construct):
    """Moves the alias of every function to its new version, all of them side by side."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        specs: Iterable[FunctionSpec],
        aliases: Mapping[str, lambda_.Alias],
        alarms: Alarms,
    ) -> None:
        super().__init__(scope, "rollout")
        application = codedeploy.LambdaApplication(
            self, "application", application_name=f"tutor-quality-{stage.name}"
        )
        role = iam.Role(
            self,
            "role",
            description="Moves aliases of our functions, and looks at alarms meanwhile.",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
        )
        canary = stage.shift == "canary"
        config = codedeploy.LambdaDeploymentConfig
        for spec in specs:
            group = codedeploy.LambdaDeploymentGroup(
                self,
                spec.name,
                application=application,
                deployment_group_name=spec.name,
                alias=aliases[spec.name],
                role=role,
                deployment_config=(
                    config.CANARY_10_PERCENT_5_MINUTES if canary else config.ALL_AT_ONCE
                ),
                # At once none is looked at: it is over too soon, and a mend must pass those up.
                alarms=self._watched(spec, aliases[spec.name], alarms) if canary else [],
                auto_rollback=codedeploy.AutoRollbackConfig(
                    failed_deployment=True,
                    stopped_deployment=True,
                    deployment_in_alarm=canary,
                ),
            )
            # Alarms look at the new version, and the group at them, before anything calls it.
            aliases[spec.name].node.add_dependency(group)

    def _watched(
        self, spec: FunctionSpec, alias: lambda_.Alias, alarms: Alarms
    ) -> list[cloudwatch.IAlarm]:
        known = [alarms.alarms[alarm.name] for alarm in ALARMS if takes_back(alarm, spec)]
        return [self._errors(spec, alias), *known]

    def _errors(self, spec: FunctionSpec, alias: lambda_.Alias) -> cloudwatch.Alarm:
        """Up when the new version breaks off; nobody is mailed: queues and clocks try again.

        Errors of the version that is replaced do not count, so that they can be mended.
        """
        return cloudwatch.Alarm(
            self,
            f"{spec.name}_errors",
            alarm_description=f"The new version of {spec.name} breaks off; the old one comes back. "
            f"What to do: docs/runbooks/{WENT_BACK}.md",
            metric=cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name="Errors",
                dimensions_map={
                    "FunctionName": alias.lambda_.function_name,
                    "Resource": f"{alias.lambda_.function_name}:{alias.alias_name}",
                    "ExecutedVersion": alias.version.version,
                },
                statistic="Sum",
                period=Duration.minutes(1),
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
