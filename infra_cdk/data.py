"""The one table, its indexes, and the key it is encrypted with.

An index by which what expires is read carries `expires_at`, or reads could not leave it out.
"""

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra_cdk.function_spec import Index
from infra_cdk.stage import Stage

LIST_SORTS: Final[dict[Index, str]] = {
    "by_churn_score": "sort_churn_score",
    "by_reschedule_rate": "sort_reschedule_rate",
    "by_sessions": "sort_sessions",
    "by_name": "sort_name",
    "by_updated_at": "sort_updated_at",
    "by_p30": "sort_p30",
}

# What DynamoDB does with a customer key on behalf of whoever reads and writes the table. Creating
# grants is left to the deployment, which is the only one that makes tables.
KEY_ACTIONS: Final = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
)

CHANGING: Final = ("UpdateItem", "DeleteItem")
"""What nobody may do to the audit trail, which is only added to. Who may put a row could put it
over another: that nobody does is a condition in the code."""


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


class Data(Construct):
    """Table with point-in-time recovery, and in dev and prod a customer key."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "data")
        kept = RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY
        self.key = (
            kms.Key(
                self,
                "key",
                description="Encrypts the table of Tutor Quality.",
                enable_key_rotation=True,
                removal_policy=kept,
            )
            if stage.customer_key
            else None
        )
        self.table = dynamodb.Table(
            self,
            "table",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            encryption=(
                dynamodb.TableEncryption.CUSTOMER_MANAGED
                if self.key
                else dynamodb.TableEncryption.DEFAULT
            ),
            encryption_key=self.key,
            deletion_protection=stage.keep_data,
            removal_policy=kept,
        )
        self.table.add_local_secondary_index(
            index_name="rated",
            sort_key=_text("rated_at"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["rating", "expires_at"],
        )
        self.table.add_global_secondary_index(
            index_name="pending",
            partition_key=_text("pending_shard"),
            sort_key=_text("pending_since"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["kind"],
        )
        self.table.add_global_secondary_index(
            index_name="work",
            partition_key=_text("work"),
            sort_key=_text("work_at"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["data", "expires_at"],
        )
        for index, sort in LIST_SORTS.items():
            self.table.add_global_secondary_index(
                index_name=index,
                partition_key=_text("listing"),
                sort_key=_text(sort),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=["row"],
            )

    def statements(
        self, actions: tuple[str, ...], indexes: tuple[Index, ...], *, audits: bool
    ) -> list[iam.PolicyStatement]:
        """What a role needs for these DynamoDB actions and for querying these indexes.

        Who does not write down who asked for what (`audits`) may not put anything there at all.
        """
        granted = []
        if actions:
            granted.append(
                iam.PolicyStatement(
                    actions=[f"dynamodb:{action}" for action in actions],
                    resources=[self.table.table_arn],
                )
            )
        kept_from = CHANGING if audits else (*CHANGING, "PutItem")
        if changing := [name for name in kept_from if name in actions]:
            granted.append(
                iam.PolicyStatement(
                    effect=iam.Effect.DENY,
                    actions=[f"dynamodb:{action}" for action in changing],
                    resources=[self.table.table_arn],
                    conditions={"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "AUDIT#*"}},
                )
            )
        if indexes:
            granted.append(
                iam.PolicyStatement(
                    actions=["dynamodb:Query"],
                    resources=[f"{self.table.table_arn}/index/{index}" for index in indexes],
                )
            )
        if self.key and granted:
            granted.append(
                iam.PolicyStatement(
                    actions=list(KEY_ACTIONS),
                    resources=[self.key.key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:ViaService": f"dynamodb.{self.table.stack.region}.amazonaws.com"
                        }
                    },
                )
            )
        return granted
