"""Mail: the identity it comes from, the configuration set it goes through, and what bounces."""

from dataclasses import dataclass
from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra_cdk.stage import Stage

SENDER_NAME: Final = "Tutor Quality"
"""What a list of mails shows beside the subject."""


@dataclass(frozen=True, slots=True)
class Told:
    """What SES tells of: by EventBridge's name, and what of it goes to the bounce queue.

    The mail itself, which names people in its subject, does not.
    """

    detail_type: str
    message: dict[str, str]


def _of(path: str) -> str:
    return events.EventField.from_path(f"$.detail.{path}")


TOLD_OF: Final = {
    "BOUNCE": Told(
        "Email Bounced",
        {
            "kind": "Bounce",
            "type": _of("bounce.bounceType"),
            "recipients": _of("bounce.bouncedRecipients"),
        },
    ),
    "COMPLAINT": Told(
        "Email Complaint Received",
        {"kind": "Complaint", "recipients": _of("complaint.complainedRecipients")},
    ),
}
"""By SES's own name."""


class Mailing(Construct):
    """SES for one domain: encrypted delivery, and what bounces or complains is told of."""

    def __init__(self, scope: Construct, *, stage: Stage, bounces: sqs.Queue) -> None:
        super().__init__(scope, "mailing")
        self._stage = stage
        self.configuration_set = f"tutor-quality-{stage.name}"
        configuration_set = ses.CfnConfigurationSet(
            self,
            "configuration_set",
            name=self.configuration_set,
            delivery_options=ses.CfnConfigurationSet.DeliveryOptionsProperty(tls_policy="REQUIRE"),
            reputation_options=ses.CfnConfigurationSet.ReputationOptionsProperty(
                reputation_metrics_enabled=True
            ),
            suppression_options=ses.CfnConfigurationSet.SuppressionOptionsProperty(
                suppressed_reasons=list(TOLD_OF)
            ),
        )
        domain = stage.mail_from.rpartition("@")[2]
        # Signed and let out once the records it asks for stand in the domain's zone.
        ses.CfnEmailIdentity(self, "domain", email_identity=domain)
        told = ses.CfnConfigurationSetEventDestination(
            self,
            "told",
            configuration_set_name=self.configuration_set,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                name="told",
                enabled=True,
                matching_event_types=list(TOLD_OF),
                event_bridge_destination=ses.CfnConfigurationSetEventDestination.EventBridgeDestinationProperty(
                    event_bus_arn=self._arn("events", "event-bus", "default")
                ),
            ),
        )
        told.add_resource_dependency(configuration_set)
        for name, what in TOLD_OF.items():
            message = events.RuleTargetInput.from_object(what.message)
            events.Rule(
                self,
                name.lower(),
                description=f"Mails of Tutor Quality of which SES says: {what.detail_type}.",
                event_pattern=events.EventPattern(
                    source=["aws.ses"],
                    detail_type=[what.detail_type],
                    detail={"mail": {"tags": {"ses:configuration-set": [self.configuration_set]}}},
                ),
                targets=[targets.SqsQueue(bounces, message=message)],
            )

    def environment(self) -> dict[str, str]:
        """What a function that sends mail has to be told."""
        return {
            "MAIL_FROM": self._stage.mail_from,
            "MAIL_SENDER": f"{SENDER_NAME} <{self._stage.mail_from}>",
            "MAIL_CONTACT": self._stage.mail_contact,
            "MAIL_TUTORS": str(self._stage.mail_tutors).lower(),
            "MAIL_CONFIGURATION_SET": self.configuration_set,
            "SITE_URL": self._stage.site_url,
        }

    def statements(self) -> list[iam.PolicyStatement]:
        """What its role needs to send as us."""
        domain = self._stage.mail_from.rpartition("@")[2]
        ours = [
            self._arn("ses", "identity", domain),
            self._arn("ses", "configuration-set", self.configuration_set),
        ]
        return [
            iam.PolicyStatement(
                actions=["ses:SendRawEmail"],
                # The emulator does not look into a raw mail for whom it comes from.
                resources=["*"] if self._stage.name == "local" else ours,
            ),
        ]

    def _arn(self, service: str, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service=service,
            resource=resource,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
