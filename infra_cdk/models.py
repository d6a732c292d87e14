"""The bucket that trained churn models live in: kept by version, readable by functions alone."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.stage import Stage

OVERWRITTEN_KEPT: Final = Duration.days(90)


class Models(Construct):
    """Models hold no personal data, so S3's own encryption is enough and no reader needs a key."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "models")
        self.bucket = s3.Bucket(
            self,
            "bucket",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=stage.require_tls,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=OVERWRITTEN_KEPT,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY,
        )

    def statements(self, actions: tuple[str, ...]) -> list[iam.PolicyStatement]:
        """What a role needs for these S3 actions on models."""
        if not actions:
            return []
        return [
            iam.PolicyStatement(
                actions=[f"s3:{action}" for action in actions],
                resources=[self.bucket.arn_for_objects("models/*")],
            )
        ]
