"""The web ACL in front of CloudFront: a small stack in us-east-1, where AWS wants it to be."""

from dataclasses import dataclass, field
from typing import Final

from aws_cdk import CfnOutput, Environment, Fn, Stack, Tags
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra_cdk.stage import Stage

REGION: Final = "us-east-1"
"""Of everything that CloudFront itself looks up, wherever the rest of the system is."""
WEB_ACL: Final = "WebAclArn"
"""The output that names it to the other stack."""

SLOWER: Final = "slower"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many requests of one address in five minutes."""

    requests: int


@dataclass(frozen=True, slots=True)
class ManagedRules:
    """One of AWS's rule groups, and those of its rules that only count here, each with a reason."""

    name: str
    counted: dict[str, str] = field(default_factory=dict)


PROSE: Final = (
    "Notes and reasons are prose, which may quote a page or an address; React escapes it."
)

RULES: Final[tuple[Rate | ManagedRules, ...]] = (
    Rate(10_000),  # a whole office, or the Rails servers, may share an address
    ManagedRules("AWSManagedRulesAmazonIpReputationList"),
    ManagedRules("AWSManagedRulesKnownBadInputsRuleSet"),
    ManagedRules(
        "AWSManagedRulesCommonRuleSet",
        counted={
            "SizeRestrictions_BODY": "It refuses from 8 kB on; we take 64 kB, and check that.",
            "CrossSiteScripting_BODY": PROSE,
            "GenericLFI_BODY": PROSE,
            "GenericRFI_BODY": PROSE,
            "EC2MetaDataSSRF_BODY": PROSE,
            "NoUserAgent_HEADER": "Mail programs unsubscribe by themselves (RFC 8058), and servers"
            " read scores, without saying what they are.",
        },
    ),
)


class EdgeStack(Stack):
    """What refuses requests before they reach CloudFront's cache or our API."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(
            scope,
            edge_name(stage),
            description="The web ACL in front of Tutor Quality's CloudFront distribution.",
            env=Environment(region=REGION),
            termination_protection=stage.keep_data,
        )
        Tags.of(self).add("project", "tutor-quality")
        Tags.of(self).add("stage", stage.name)
        web_acl = wafv2.CfnWebACL(
            self,
            "web_acl",
            name=f"tutor-quality-{stage.name}",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen("web_acl"),
            custom_response_bodies={
                SLOWER: wafv2.CfnWebACL.CustomResponseBodyProperty(
                    content_type="APPLICATION_JSON",
                    content='{"title": "Too many requests from this address.", "status": 429}',
                )
            },
            rules=[_rule(rule, number) for number, rule in enumerate(RULES)],
        )
        CfnOutput(self, WEB_ACL, value=web_acl.attr_arn)


def edge_name(stage: Stage) -> str:
    return f"tutor-quality-{stage.name}-edge"


def web_acl_of(stage: Stage) -> str:
    """The ARN, looked up in the other stack, and region, when this one is deployed."""
    return Fn.get_stack_output(edge_name(stage), WEB_ACL, REGION)


def _rule(rule: Rate | ManagedRules, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return _rate(rule, priority) if isinstance(rule, Rate) else _managed(rule, priority)


def _rate(rate: Rate, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """Whoever asks too often is told to wait, in the words that clients of an API understand."""
    return wafv2.CfnWebACL.RuleProperty(
        name="rate",
        priority=priority,
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=rate.requests
            )
        ),
        action=wafv2.CfnWebACL.RuleActionProperty(
            block=wafv2.CfnWebACL.BlockActionProperty(
                custom_response=wafv2.CfnWebACL.CustomResponseProperty(
                    response_code=429,
                    custom_response_body_key=SLOWER,
                    response_headers=[
                        wafv2.CfnWebACL.CustomHTTPHeaderProperty(name="retry-after", value="60")
                    ],
                )
            )
        ),
        visibility_config=_seen("rate"),
    )


def _managed(group: ManagedRules, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=group.name,
        priority=priority,
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=group.name,
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(
                        name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                    )
                    for rule in group.counted
                ],
            )
        ),
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_seen(group.name),
    )


def _seen(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Counted in CloudWatch of us-east-1, with samples of three hours in WAF's console."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
