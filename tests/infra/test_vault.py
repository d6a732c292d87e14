"""Where the seals of the audit trail are: nobody changes them, nobody else reads them."""

from tests.infra.template import Template


def test_what_is_in_the_vault_stays_for_three_years_whoever_asks(prod: Template) -> None:
    (vault,) = (
        each for each in prod.properties("AWS::S3::Bucket") if each.get("ObjectLockEnabled")
    )

    rule = vault["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert rule["Mode"] == "COMPLIANCE"
    assert rule["Days"] >= 3 * 365
    assert vault["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(vault["PublicAccessBlockConfiguration"].values()) == {True}


WRITERS = {
    f"What {name}_api may do, and nothing else."
    for name in ("query", "dry_run", "intervention", "note", "override", "settings")
}


def test_no_function_may_change_or_remove_a_row_of_the_audit_trail(prod: Template) -> None:
    """Rows are put on condition that there is none, by those whom people ask for something."""
    roles = prod.properties("AWS::IAM::Role")
    assert {role.get("Description") for role in roles} >= WRITERS
    for role in roles:
        for policy in role.get("Policies", []):
            statements = policy["PolicyDocument"]["Statement"]
            granted = {
                action
                for statement in statements
                if statement["Effect"] == "Allow"
                for action in _listed(statement["Action"])
            }
            changing = granted & {"dynamodb:UpdateItem", "dynamodb:DeleteItem"}
            if role.get("Description") not in WRITERS:
                changing |= granted & {"dynamodb:PutItem", "dynamodb:BatchWriteItem"}
            denied = {
                action
                for statement in statements
                if statement["Effect"] == "Deny" and "AUDIT#" in str(statement["Condition"])
                for action in _listed(statement["Action"])
            }
            assert changing <= denied, role


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
