"""Who can sign in, how, and as what."""

from dataclasses import replace

from aws_cdk import App, Stack
from aws_cdk.assertions import Template as Synthesized

from infra_cdk.identity import Identity
from infra_cdk.local.sign_in import ROLES
from infra_cdk.stage import PROD, WorkAccounts
from tests.infra.template import Properties, Template, flat


def clients(template: Template) -> dict[str, Properties]:
    found = template.of_type("AWS::Cognito::UserPoolClient")
    return {
        name: client["Properties"]
        for name in ("site", "rails", "local")
        for key, client in found.items()
        if f"{name}client" in key
    }


def test_the_groups_are_the_six_roles(template: Template) -> None:
    groups = {group["GroupName"] for group in template.properties("AWS::Cognito::UserPoolGroup")}

    assert groups == {"ops_manager", "people_ops", "service", "tutor", "student", "admin"}
    assert groups == set(ROLES)


def test_nobody_signs_up_by_themselves(template: Template) -> None:
    pool = template.only("AWS::Cognito::UserPool")

    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_user_names_that_differ_in_case_are_different_people(template: Template) -> None:
    pool = template.only("AWS::Cognito::UserPool")

    assert pool["UsernameConfiguration"]["CaseSensitive"] is True


def test_prod_asks_for_a_second_factor(prod: Template) -> None:
    pool = prod.only("AWS::Cognito::UserPool")

    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_the_site_has_no_secret_and_uses_codes_only(template: Template) -> None:
    site = clients(template)["site"]

    assert site["GenerateSecret"] is False
    assert site["AllowedOAuthFlows"] == ["code"]
    assert site["PreventUserExistenceErrors"] == "ENABLED"


def test_work_accounts_are_one_line_of_a_stage() -> None:
    stack = Stack(App(), "only")
    accounts = WorkAccounts(name="Okta", metadata_url="https://okta.example.com/metadata")
    Identity(stack, stage=replace(PROD, work_accounts=accounts))
    template = Template(dict(Synthesized.from_stack(stack).to_json()))

    company = template.only("AWS::Cognito::UserPoolIdentityProvider")

    assert company["ProviderDetails"]["MetadataURL"] == accounts.metadata_url
    cognito, other = clients(template)["site"]["SupportedIdentityProviders"]
    assert cognito == "COGNITO"
    assert other["Ref"] in template.of_type("AWS::Cognito::UserPoolIdentityProvider")


def test_rails_signs_in_as_a_machine_for_scores_only(template: Template) -> None:
    rails = clients(template)["rails"]

    assert rails["GenerateSecret"] is True
    assert rails["AllowedOAuthFlows"] == ["client_credentials"]
    assert [flat(scope).rsplit("/", 1)[1] for scope in rails["AllowedOAuthScopes"]] == [
        "scores.read"
    ]


def test_only_the_local_stage_lets_a_command_sign_in(template: Template, stage: str) -> None:
    with_password = [
        name
        for name, client in clients(template).items()
        if "ALLOW_ADMIN_USER_PASSWORD_AUTH" in client.get("ExplicitAuthFlows", [])
    ]

    assert with_password == (["local"] if stage == "local" else [])
