"""The whole system as one stack; the local run deploys this one too."""

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack, Tags
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra_cdk import finding
from infra_cdk.alarm import Alarms
from infra_cdk.api import Api
from infra_cdk.dashboard import Dashboard
from infra_cdk.data import Data
from infra_cdk.function import Functions
from infra_cdk.function_spec import Batch, FunctionSpec, Layer, QueueName, functions_of
from infra_cdk.identity import Identity
from infra_cdk.mailing import Mailing
from infra_cdk.models import Models
from infra_cdk.package.code import code_folder
from infra_cdk.package.layer import LAYERS, Platform, layer_folder
from infra_cdk.place import url_output
from infra_cdk.queue import WorkQueue
from infra_cdk.rollout import Rollout
from infra_cdk.secret import Secrets
from infra_cdk.site import Site
from infra_cdk.stage import Stage
from infra_cdk.vault import VaultBucket


class TutorQualityStack(Stack):
    """Table, queues, model store, functions, HTTP API, sign-in, clock and alarms of one stage."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(
            scope,
            f"tutor-quality-{stage.name}",
            description="Tells which tutors are in trouble, why, and what to do about it.",
            termination_protection=stage.keep_data,
            # The emulator is not bootstrapped, so there is no version to compare with.
            synthesizer=DefaultStackSynthesizer(
                generate_bootstrap_version_rule=stage.name != "local"
            ),
        )
        Tags.of(self).add("project", "tutor-quality")
        Tags.of(self).add("stage", stage.name)
        specs = functions_of(fed=stage.feed is not None)
        data = Data(self, stage=stage)
        queues = _queues(self, specs, stage)
        identity = Identity(self, stage=stage)
        api = Api(self, stage=stage, identity=identity)
        functions = Functions(
            self,
            specs=specs,
            code=lambda_.Code.from_asset(str(code_folder(fed=stage.feed is not None))),
            layers=self._layers(specs, stage),
            data=data,
            queues=queues,
            secrets=(secrets := Secrets(self, stage=stage)),
            models=(models := Models(self, stage=stage)),
            vault=(vault := VaultBucket(self, stage=stage)),
            mailing=Mailing(self, stage=stage, bounces=queues["bounce"].queue),
            identity=identity,
            api=api,
            stage=stage,
        )
        site = Site(self, stage=stage, api=api, identity=identity, secrets=secrets)
        alarms = Alarms(self, stage=stage, api=api, queues=queues)
        if stage.shift:
            Rollout(self, stage=stage, specs=specs, aliases=functions.aliases, alarms=alarms)
        Dashboard(self, stage=stage, alarms=alarms)
        outputs = {
            "ApiUrl": api.http_api.api_endpoint,
            "ApiId": api.http_api.api_id,
            "TableName": data.table.table_name,
            "ModelBucket": models.bucket.bucket_name,
            "VaultBucket": vault.bucket.bucket_name,
            "WebhookSecretArn": secrets.arn("webhook"),
            "EntranceSecretArn": secrets.arn("entrance"),
            "UserPoolId": identity.pool.user_pool_id,
            "SiteClientId": identity.site_client.user_pool_client_id,
            "RailsClientId": identity.rails_client.user_pool_client_id,
            "SignInDomain": identity.domain.base_url(),
            "SiteBucket": site.bucket.bucket_name,
            "SiteDistributionId": site.distribution.distribution_id,
            "SiteDomain": site.distribution.distribution_domain_name,
        }
        for queue, work in queues.items():
            outputs[url_output(queue)] = work.queue.queue_url
            outputs[url_output(queue, dead=True)] = work.dead_letters.queue_url
        if identity.local_client:
            outputs["LocalClientId"] = identity.local_client.user_pool_client_id
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
        finding.acknowledge(self, stage)

    def _layers(
        self, specs: tuple[FunctionSpec, ...], stage: Stage
    ) -> dict[Layer, lambda_.LayerVersion]:
        """The layers that some function uses, built unless the synth asked not to bundle."""
        platform: Platform = "lambda-arm64" if stage.arm64 else "host"
        used = {layer for spec in specs for layer in spec.layers}
        return {
            layer: lambda_.LayerVersion(
                self,
                f"{layer}_layer",
                description=LAYERS[layer].description,
                code=lambda_.Code.from_asset(
                    str(layer_folder(layer, platform, build=self.bundling_required))
                ),
                compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            )
            for layer in sorted(used)
        }


def _queues(
    scope: Construct, specs: tuple[FunctionSpec, ...], stage: Stage
) -> dict[QueueName, WorkQueue]:
    """A queue for every function that is started by one."""
    return {
        spec.trigger.queue: WorkQueue(
            scope, spec.trigger.queue, consumer_timeout=spec.timeout_seconds, stage=stage
        )
        for spec in specs
        if isinstance(spec.trigger, Batch)
    }
