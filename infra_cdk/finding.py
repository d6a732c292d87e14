"""Findings of cdk-nag that we accept, one by one, each with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from constructs import Construct, IConstruct

from infra_cdk.function_spec import UNSUBSCRIBE, Http, Route, functions_of
from infra_cdk.stage import Stage

PLAIN_HTTP = "The local stage speaks plain HTTP and listens on the loopback only."


@dataclass(frozen=True, slots=True)
class Finding:
    """One accepted finding: the construct, by its path in the stack, the rule and why."""

    path: str
    rule: str
    reason: str


def accepted(stage: Stage) -> Iterator[Finding]:
    """The accepted findings of a stage; whatever is not here fails the synth."""
    for spec in functions_of(fed=stage.feed is not None):
        yield Finding(
            f"functions/{spec.name}",
            "AwsSolutions-L1",
            "Python 3.13 on purpose: 3.14 is supported no longer than it, and what is"
            " tested is what runs.",
        )
        yield Finding(
            f"functions/{spec.name}_role",
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>"
            f":log-group:/aws/lambda/tutor-quality-{stage.name}-{spec.name}:log-stream:*]",
            "Lambda makes up the names of log streams; the log group is this function's own.",
        )
        yield Finding(
            f"functions/{spec.name}_role/DefaultPolicy",
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray takes segments without a resource to name; it is all this allows.",
        )
        if isinstance(spec.trigger, Http):
            for route in spec.trigger.routes:
                if not route.signed_in:
                    named = f"{route.method}{route.path}".replace("/", "--")
                    yield Finding(
                        f"api/http_api/{named}",
                        "AwsSolutions-APIG4",
                        _why_open(route),
                    )
        if spec.models:
            yield Finding(
                f"functions/{spec.name}_role",
                "AwsSolutions-IAM5[Resource::<modelsbucketAD3D2BA9.Arn>/models/*]",
                "Every night makes a new model; the bucket holds nothing else.",
            )
    yield Finding(
        "secrets/webhook",
        "AwsSolutions-SMG4",
        "Rails holds the other half: it is changed by hand, with the old one valid beside it.",
    )
    yield Finding(
        "secrets/entrance",
        "AwsSolutions-SMG4",
        "CloudFront holds the other half: a command changes both, with the old one still valid.",
    )
    yield Finding(
        "secrets/cursor",
        "AwsSolutions-SMG4",
        "A change would break lists people are paging through and links in mails they have, to"
        " do without such mails; it guards no data.",
    )
    yield Finding(
        "models/bucket",
        "AwsSolutions-S1",
        "Two functions read and write it; which model runs is decided, and recorded, in the table.",
    )
    yield Finding(
        "functions/seal_audit_role",
        "AwsSolutions-IAM5[Resource::<vaultbucketC749826C.Arn>/audit/*]",
        "Every day has a seal of its own.",
    )
    yield Finding(
        "vault/bucket",
        "AwsSolutions-S1",
        "One function writes it, and nobody can change what it holds.",
    )
    yield Finding(
        "site/bucket",
        "AwsSolutions-S1",
        "It holds the site's files, which anybody may have; only CloudFront reads it.",
    )
    yield Finding(
        "site/distribution", "AwsSolutions-CFR1", "Whoever has an account may work from anywhere."
    )
    if not stage.web_acl:
        yield Finding(
            "site/distribution", "AwsSolutions-CFR2", "The emulator has no WAF to stand before it."
        )
    yield Finding(
        "site/distribution",
        "AwsSolutions-CFR3",
        "The API logs its requests; who fetches the site's files says nothing.",
    )
    if stage.shift:
        yield Finding(
            "rollout/role",
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AWSCodeDeployRoleForLambdaLimited]",
            "AWS keeps it to what moving an alias takes, and changes it when that takes more.",
        )
    if stage.site_certificate is None:
        yield Finding(
            "site/distribution",
            "AwsSolutions-CFR4",
            "CloudFront's own certificate allows no choice; a stage with a domain has one.",
        )
    if not stage.require_mfa:
        yield Finding(
            "identity/pool", "AwsSolutions-COG2", f"There are no real people in {stage.name}."
        )
    if not stage.threat_protection:
        yield Finding(
            "identity/pool", "AwsSolutions-COG8", f"There are no real people in {stage.name}."
        )
    if not stage.require_tls:
        for name in ("scoring", "churn", "action", "mail", "bounce"):
            for queue in ("queue", "dead_letters"):
                yield Finding(f"{name}_queue/{queue}", "AwsSolutions-SQS4", PLAIN_HTTP)
        yield Finding("models/bucket", "AwsSolutions-S10", PLAIN_HTTP)
        yield Finding("vault/bucket", "AwsSolutions-S10", PLAIN_HTTP)
        yield Finding("site/bucket", "AwsSolutions-S10", PLAIN_HTTP)
    if stage.name == "local":
        yield Finding(
            "functions/send_mail_role",
            "AwsSolutions-IAM5[Resource::*]",
            "The emulator does not look into a raw mail for whom it comes from.",
        )


def _why_open(route: Route) -> str:
    if route.path == UNSUBSCRIBE:
        return "Whoever got a mail may do without the next: the link in it is sealed."
    if route.method == "POST":
        return "Rails signs the body instead, and the function checks it."
    return "Public on purpose: it says nothing about anybody."


def acknowledge(stack: Construct, stage: Stage) -> None:
    """Record the accepted findings on their constructs."""
    for finding in accepted(stage):
        Validations.of(_at(stack, finding.path)).acknowledge(
            Acknowledgment(id=f"AwsSolutions::{finding.rule}", reason=finding.reason)
        )


def _at(scope: IConstruct, path: str) -> IConstruct:
    for name in path.split("/"):
        scope = scope.node.find_child(name)
    return scope
