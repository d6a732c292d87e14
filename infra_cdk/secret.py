"""Secrets: the one shared with Rails, the one of CloudFront, and the one that seals cursors."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra_cdk.function_spec import SecretName
from infra_cdk.stage import Stage


class Secrets(Construct):
    """All are generated at the first deployment and never stand in a template."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "secrets")
        kept = RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY
        self.secrets: dict[SecretName, secretsmanager.Secret] = {
            # `make operate DO=renew-entrance` puts a new one; some of CloudFront's places may still
            # send the previous one then.
            "entrance": self._renewable(
                "entrance",
                '{"current": what CloudFront adds to requests, "previous": before it}',
                kept,
            ),
            # Forty letters and digits are also valid base64, which is what Standard Webhooks
            # asks of a secret; `previous` is filled while Rails changes over to a new one.
            "webhook": self._renewable(
                "webhook",
                '{"current": signing secret of Rails, "previous": the one before it}',
                kept,
            ),
            "cursor": secretsmanager.Secret(
                self,
                "cursor",
                description="Seals the cursors of lists, so that a client cannot make one up.",
                generate_secret_string=secretsmanager.SecretStringGenerator(
                    password_length=64, exclude_punctuation=True
                ),
                removal_policy=kept,
            ),
        }

    def _renewable(
        self, name: SecretName, description: str, kept: RemovalPolicy
    ) -> secretsmanager.Secret:
        """One that is changed with the value before it valid beside it."""
        return secretsmanager.Secret(
            self,
            name,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"previous": None}),
                generate_string_key="current",
                password_length=40,
                exclude_punctuation=True,
            ),
            removal_policy=kept,
        )

    def arn(self, name: SecretName) -> str:
        # `Ref` would be the same on AWS, but is only the name on the emulator.
        resource = self.secrets[name].node.default_child
        assert isinstance(resource, secretsmanager.CfnSecret)
        return resource.attr_id

    def sent_by_cloudfront(self) -> str:
        """A reference that CloudFormation resolves whenever it changes the distribution."""
        return self.secrets["entrance"].secret_value_from_json("current").unsafe_unwrap()

    def statement(self, name: SecretName) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=["secretsmanager:GetSecretValue"], resources=[self.arn(name)]
        )
