"""What stands before CloudFront refuses attacks, and lets pass what people write."""

from typing import Any

from infra_cdk.edge import RULES, ManagedRules
from tests.infra.template import Template, flat


def rules(edge: Template) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in edge.only("AWS::WAFv2::WebACL")["Rules"]}


def test_cloudfront_asks_the_web_acl_except_locally(template: Template, stage: str) -> None:
    config = template.only("AWS::CloudFront::Distribution")["DistributionConfig"]

    asked = flat(config["WebACLId"]) if "WebACLId" in config else None
    assert asked == (None if stage == "local" else f"<tutor-quality-{stage}-edge.WebAclArn>")


def test_the_output_that_is_asked_for_is_there(edge: Template) -> None:
    (web_acl,) = edge.of_type("AWS::WAFv2::WebACL")

    assert flat(edge.content["Outputs"]["WebAclArn"]["Value"]) == f"<{web_acl}.Arn>"
    assert edge.only("AWS::WAFv2::WebACL")["Scope"] == "CLOUDFRONT"


def test_known_attacks_and_bad_addresses_are_refused(edge: Template) -> None:
    managed = {name: rule for name, rule in rules(edge).items() if name.startswith("AWSManaged")}

    assert set(managed) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }
    assert all(rule["OverrideAction"] == {"None": {}} for rule in managed.values())


def test_who_asks_too_often_is_told_to_wait(edge: Template) -> None:
    rate = rules(edge)["rate"]

    answer = rate["Action"]["Block"]["CustomResponse"]
    assert answer["ResponseCode"] == 429
    assert answer["ResponseHeaders"] == [{"Name": "retry-after", "Value": "60"}]
    assert rate["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"


def test_a_long_note_with_markup_in_it_is_only_counted(edge: Template) -> None:
    group = rules(edge)["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]

    counted = {rule["Name"] for rule in group["RuleActionOverrides"]}
    assert {"SizeRestrictions_BODY", "CrossSiteScripting_BODY"} <= counted
    assert all(rule["ActionToUse"] == {"Count": {}} for rule in group["RuleActionOverrides"])


def test_what_is_only_counted_has_a_reason() -> None:
    for rule in RULES:
        if isinstance(rule, ManagedRules):
            assert all(len(reason) > 20 for reason in rule.counted.values())
