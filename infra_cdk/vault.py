"""The bucket in which nothing can be changed before its time, not even by administrators."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.stage import Stage
from shared.aws.retention import AUDITED

OF_OBJECTS: Final = ("GetObject", "PutObject")


class VaultBucket(Construct):
    """Seals of the audit trail and fingerprints of who was erased: a few hundred bytes a day."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "vault")
        locked = Duration.days(AUDITED)
        self.bucket = s3.Bucket(
            self,
            "bucket",
            versioned=True,
            object_lock_enabled=True,
            # What nobody may remove would keep a stage from ever being taken down.
            object_lock_default_retention=(
                s3.ObjectLockRetention.compliance(locked) if stage.keep_data else None
            ),
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=stage.require_tls,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY,
        )

    def statements(self, actions: tuple[str, ...]) -> list[iam.PolicyStatement]:
        """What a role needs for these S3 actions; those on objects are for seals alone."""
        on_objects = [f"s3:{action}" for action in actions if action in OF_OBJECTS]
        on_bucket = [f"s3:{action}" for action in actions if action not in OF_OBJECTS]
        granted = []
        if on_objects:
            seals = self.bucket.arn_for_objects("audit/*")
            granted.append(iam.PolicyStatement(actions=on_objects, resources=[seals]))
        if on_bucket:
            bucket = self.bucket.bucket_arn
            granted.append(iam.PolicyStatement(actions=on_bucket, resources=[bucket]))
        return granted
