"""Mails leave by one identity, over TLS, and what bounces is told of."""

import json
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs

from infra_cdk.mailing import Mailing
from infra_cdk.stage import PROD
from tests.infra.template import Properties, Template, flat, listed


def test_mails_leave_over_tls_or_not_at_all(template: Template) -> None:
    configuration_set = template.only("AWS::SES::ConfigurationSet")

    assert configuration_set["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}


def test_what_bounces_or_complains_comes_to_the_bounce_queue(template: Template) -> None:
    told = template.only("AWS::SES::ConfigurationSetEventDestination")["EventDestination"]
    rules = template.properties("AWS::Events::Rule")

    assert told["Enabled"]
    assert set(told["MatchingEventTypes"]) == {"BOUNCE", "COMPLAINT"}
    assert "event-bus/default" in flat(told["EventBridgeDestination"]["EventBusArn"])
    assert {rule["EventPattern"]["detail-type"][0] for rule in rules} == {
        "Email Bounced",
        "Email Complaint Received",
    }
    for rule in rules:
        assert rule["EventPattern"]["source"] == ["aws.ses"]
        assert "bouncequeue" in flat(rule["Targets"][0]["Arn"])


def test_of_a_mail_that_bounced_nothing_goes_there_but_whom_it_was_for(template: Template) -> None:
    bounce, complaint = (
        rule["Targets"][0]["InputTransformer"] for rule in template.properties("AWS::Events::Rule")
    )

    assert filled(bounce) == {
        "kind": "Bounce",
        "type": "$.detail.bounce.bounceType",
        "recipients": "$.detail.bounce.bouncedRecipients",
    }
    assert filled(complaint) == {
        "kind": "Complaint",
        "recipients": "$.detail.complaint.complainedRecipients",
    }


def filled(transformer: Properties) -> Any:
    """What EventBridge makes of an event, with the paths for what stands there."""
    told = transformer["InputTemplate"]
    for name, path in transformer["InputPathsMap"].items():
        told = told.replace(f"<{name}>", json.dumps(path))
    return json.loads(told)


def test_events_of_other_mails_are_none_of_ours(template: Template) -> None:
    name = template.only("AWS::SES::ConfigurationSet")["Name"]

    for rule in template.properties("AWS::Events::Rule"):
        tags = rule["EventPattern"]["detail"]["mail"]["tags"]
        assert tags == {"ses:configuration-set": [name]}


def test_only_eventbridge_and_only_for_these_rules_puts_bounces_there(template: Template) -> None:
    senders = [
        statement
        for policy in template.properties("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert len(senders) == 2
    for allowed, rule in zip(senders, ("mailingbounce", "mailingcomplaint"), strict=True):
        assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
        assert rule in json.dumps(allowed["Condition"])


def test_send_mail_may_send_as_our_domain_alone(template: Template, stage: str) -> None:
    (sending,) = [
        statement
        for statement in template.granted("send_mail")
        if listed(statement["Action"]) == ["ses:SendRawEmail"]
    ]
    domain = template.only("AWS::SES::EmailIdentity")["EmailIdentity"]
    sender = template.functions()["send_mail"]["Environment"]["Variables"]["MAIL_FROM"]

    assert sender.endswith(f"@{domain}")
    if stage == "local":
        return  # the emulator does not look into a raw mail for whom it comes from
    assert [flat(resource).rpartition(":")[2] for resource in listed(sending["Resource"])] == [
        f"identity/{domain}",
        f"configuration-set/{template.only('AWS::SES::ConfigurationSet')['Name']}",
    ]


def test_mails_show_who_they_come_from(template: Template) -> None:
    variables = template.functions()["send_mail"]["Environment"]["Variables"]

    assert parseaddr(variables["MAIL_SENDER"]) == ("Tutor Quality", variables["MAIL_FROM"])


@pytest.mark.parametrize(("mail_tutors", "told"), [(True, "true"), (False, "false")])
def test_a_stage_may_mail_staff_alone(mail_tutors: bool, told: str) -> None:
    stack = Stack(App(), "only")
    stage = replace(PROD, mail_tutors=mail_tutors)

    mailing = Mailing(stack, stage=stage, bounces=sqs.Queue(stack, "bounces"))

    assert mailing.environment()["MAIL_TUTORS"] == told


def test_a_sender_that_ses_refuses_raises_an_alarm(template: Template) -> None:
    alarm = template.alarm("SenderRefused")

    assert alarm["Dimensions"] == [{"Name": "service", "Value": "send_mail"}]
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (1, "notBreaching")
