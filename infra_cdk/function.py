"""Turns a row of the function table into a Lambda with a role, a log group and a trigger.

On AWS the trigger starts the alias `live`, which `rollout` moves from version to version.
"""

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra_cdk.alarm_spec import NAMESPACE
from infra_cdk.api import Api
from infra_cdk.data import Data
from infra_cdk.function_spec import (
    FEED_SYNTHETIC,
    Batch,
    Clock,
    FunctionSpec,
    Http,
    Layer,
    QueueName,
    threads,
)
from infra_cdk.identity import Identity
from infra_cdk.mailing import Mailing
from infra_cdk.models import Models
from infra_cdk.place import LIVE
from infra_cdk.queue import WorkQueue
from infra_cdk.secret import Secrets
from infra_cdk.stage import Stage
from infra_cdk.vault import VaultBucket


class Functions(Construct):
    """Every function of the table, on one code asset, with one role each."""

    def __init__(
        self,
        scope: Construct,
        *,
        specs: tuple[FunctionSpec, ...],
        code: lambda_.Code,
        layers: dict[Layer, lambda_.LayerVersion],
        data: Data,
        queues: dict[QueueName, WorkQueue],
        secrets: Secrets,
        models: Models,
        vault: VaultBucket,
        mailing: Mailing,
        identity: Identity,
        api: Api,
        stage: Stage,
    ) -> None:
        super().__init__(scope, "functions")
        self._code, self._layers, self._stage = code, layers, stage
        self._data, self._queues, self._secrets, self._models = data, queues, secrets, models
        self._mailing, self._identity, self._vault = mailing, identity, vault
        self._api_url = api.http_api.api_endpoint
        self.aliases: dict[str, lambda_.Alias] = {}
        for spec in specs:
            started = self._started(spec, self._function(spec))
            match spec.trigger:
                case Http(routes):
                    api.serve(spec.name, routes, started)
                case Batch(queue, size):
                    self._subscribe(spec, started, queues[queue], size)
                case Clock() as clock:
                    self._schedule(spec, clock, started)

    def _started(self, spec: FunctionSpec, function: lambda_.Function) -> lambda_.IFunction:
        """What its trigger starts: the alias, or where there are no versions the function."""
        if self._stage.shift is None:
            return function
        alias = lambda_.Alias(
            self, f"{spec.name}_{LIVE}", alias_name=LIVE, version=function.current_version
        )
        self.aliases[spec.name] = alias
        return alias

    def _function(self, spec: FunctionSpec) -> lambda_.Function:
        name = f"tutor-quality-{self._stage.name}-{spec.name}"
        log_group = logs.LogGroup(
            self,
            f"{spec.name}_log",
            log_group_name=f"/aws/lambda/{name}",
            retention=self._stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return lambda_.Function(
            self,
            spec.name,
            function_name=name,
            description=spec.does,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=(
                lambda_.Architecture.ARM_64 if self._stage.arm64 else lambda_.Architecture.X86_64
            ),
            handler=f"functions.{spec.name}.handler",
            code=self._code,
            layers=[self._layers[layer] for layer in spec.layers],
            timeout=Duration.seconds(spec.timeout_seconds),
            memory_size=spec.memory_mb,
            environment=self._environment(spec),
            role=self._role(spec, name),
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
        )

    def _environment(self, spec: FunctionSpec) -> dict[str, str]:
        environment = {
            "STAGE": self._stage.name,
            "POWERTOOLS_SERVICE_NAME": spec.name,
            "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
            **spec.environment,
        }
        if spec.table or spec.query:
            environment["TABLE_NAME"] = self._data.table.table_name
        for queue in (*spec.sends_to, *spec.delays_on):
            environment[f"{queue.upper()}_QUEUE_URL"] = self._queues[queue].queue.queue_url
        if spec.delays_on:
            environment["RETRY_SECONDS"] = str(self._stage.retry_seconds)
        if spec.sweeps:
            environment["SWEEP_AFTER_SECONDS"] = str(self._stage.sweep_after_seconds)
        for secret in spec.secrets:
            environment[f"{secret.upper()}_SECRET_ARN"] = self._secrets.arn(secret)
        if spec.models:
            environment["MODEL_BUCKET"] = self._models.bucket.bucket_name
        if spec.vault:
            environment["VAULT_BUCKET"] = self._vault.bucket.bucket_name
        if spec.sends_mail:
            environment |= self._mailing.environment()
        if spec.people:
            environment |= self._identity.environment()
        if spec.calls_api:
            environment["API_URL"] = self._api_url
        if spec is FEED_SYNTHETIC and (feed := self._stage.feed):
            environment |= {
                "FEED_WORLD": feed.world,
                "FEED_SEED": str(feed.seed),
                "FEED_SINCE": feed.since.isoformat(),
            }
        if "ml" in spec.layers:
            # Threads that spin while they wait take the processor from those that compute.
            environment |= {"NTHREAD": str(threads(spec)), "OMP_WAIT_POLICY": "PASSIVE"}
        return environment

    def _role(self, spec: FunctionSpec, function_name: str) -> iam.Role:
        log_arn = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"/aws/lambda/{function_name}:log-stream:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        statements = [
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_arn]
            ),
            *self._data.statements(spec.table, spec.query, audits=spec.signed_in),
            *(self._queues[queue].statement("SendMessage") for queue in spec.sends_to),
            *(self._queues[queue].statement("ChangeMessageVisibility") for queue in spec.delays_on),
            *(self._secrets.statement(secret) for secret in spec.secrets),
            *self._models.statements(spec.models),
            *self._vault.statements(spec.vault),
            *(self._mailing.statements() if spec.sends_mail else ()),
            *((self._identity.statement(spec.people),) if spec.people else ()),
        ]
        if isinstance(spec.trigger, Batch):
            statements.append(
                self._queues[spec.trigger.queue].statement(
                    "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"
                )
            )
        return iam.Role(
            self,
            f"{spec.name}_role",
            description=f"What {spec.name} may do, and nothing else.",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"least": iam.PolicyDocument(statements=statements)},
        )

    def _subscribe(
        self, spec: FunctionSpec, function: lambda_.IFunction, queue: WorkQueue, size: int
    ) -> None:
        lambda_.EventSourceMapping(
            self,
            f"{spec.name}_source",
            target=function,
            event_source_arn=queue.queue.queue_arn,
            batch_size=size,
            # What AWS wants for batches over 10: waits up to a second for the batch to fill.
            max_batching_window=Duration.seconds(1),
            report_batch_item_failures=True,
            # Rather than reserved concurrency, which would throttle messages into the DLQ.
            max_concurrency=self._stage.scoring_concurrency,
        )

    def _schedule(self, spec: FunctionSpec, clock: Clock, function: lambda_.IFunction) -> None:
        role = iam.Role(
            self,
            f"{spec.name}_clock_role",
            description=f"Starts {spec.name} on time.",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
            inline_policies={
                "start": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["lambda:InvokeFunction"], resources=[function.function_arn]
                        )
                    ]
                )
            },
        )
        scheduler.CfnSchedule(
            self,
            f"{spec.name}_clock",
            description=spec.does,
            schedule_expression=clock.expression,
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                # So that a start that comes late, or a second time, is for the same moment.
                input='{"time": "<aws.scheduler.scheduled-time>"}',
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=clock.retries, maximum_event_age_in_seconds=3600
                ),
            ),
        )
