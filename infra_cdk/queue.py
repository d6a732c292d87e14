"""Queues between the stages of the pipeline, each with a place for what cannot be processed."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.stage import Stage

RECEIVES: Final = 5
"""A message that fails this often waits in the dead-letter queue for a person."""


class WorkQueue(Construct):
    """A queue and its dead-letter queue, timed for the function that empties it.

    Messages carry identifiers, those about bounces addresses, and none stays for long: SQS's own
    encryption is enough and no sender needs a key.
    """

    def __init__(self, scope: Construct, name: str, *, consumer_timeout: int, stage: Stage) -> None:
        super().__init__(scope, f"{name}_queue")
        self.dead_letters = sqs.Queue(
            self,
            "dead_letters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=stage.require_tls,
            # Above the source's: the age counts from the first send.
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=stage.require_tls,
            retention_period=Duration.days(4),
            # AWS's advice for event sources: six times the function's timeout.
            visibility_timeout=Duration.seconds(6 * consumer_timeout),
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=RECEIVES, queue=self.dead_letters
            ),
        )

    def statement(self, *actions: str) -> iam.PolicyStatement:
        """A grant of these SQS actions on this queue alone."""
        return iam.PolicyStatement(
            actions=[f"sqs:{action}" for action in actions], resources=[self.queue.queue_arn]
        )
