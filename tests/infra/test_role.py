"""Every function may do what its row in the table says, and nothing else."""

import pytest

from infra_cdk.function_spec import FEED_SYNTHETIC, FUNCTIONS, Batch, FunctionSpec
from tests.infra.template import Template, flat, listed

TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
BY_NAME = pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)


def actions(template: Template, function: str, service: str) -> set[tuple[str, str]]:
    """(action, last part of the resource) of one service that a function was granted."""
    return {
        (action.removeprefix(f"{service}:"), resource_end(flat(resource)))
        for statement in template.granted(function)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action.startswith(f"{service}:")
    }


def resource_end(arn: str) -> str:
    return arn.rsplit("/", 1)[1] if "/index/" in arn else "table" if "datatable" in arn else arn


@BY_NAME
def test_a_function_has_the_table_actions_of_its_row(
    template: Template, spec: FunctionSpec
) -> None:
    wanted = {(action, "table") for action in spec.table} | {("Query", i) for i in spec.query}

    assert actions(template, spec.name, "dynamodb") == wanted


@BY_NAME
def test_a_function_has_the_queue_actions_of_its_row(
    template: Template, spec: FunctionSpec
) -> None:
    wanted = set[str]()
    if spec.sends_to:
        wanted.add("SendMessage")
    if spec.delays_on:
        wanted.add("ChangeMessageVisibility")
    if isinstance(spec.trigger, Batch):
        wanted |= {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"}

    granted = actions(template, spec.name, "sqs")

    assert {action for action, _ in granted} == wanted
    assert all("deadletters" not in resource for _, resource in granted)


@BY_NAME
def test_a_function_reads_the_secrets_of_its_row(template: Template, spec: FunctionSpec) -> None:
    granted = actions(template, spec.name, "secretsmanager")

    assert {action for action, _ in granted} == ({"GetSecretValue"} if spec.secrets else set())
    assert len(granted) == len(spec.secrets)
    for secret, (_, resource) in zip(sorted(spec.secrets), sorted(granted), strict=True):
        assert f"secrets{secret}" in resource


@BY_NAME
def test_a_function_has_the_model_actions_of_its_row(
    template: Template, spec: FunctionSpec
) -> None:
    granted = {each for each in actions(template, spec.name, "s3") if "modelsbucket" in each[1]}

    assert {action for action, _ in granted} == set(spec.models)
    assert all(resource.endswith("/models/*") for _, resource in granted)


@BY_NAME
def test_a_function_has_the_actions_of_its_row_on_what_can_not_be_changed(
    template: Template, spec: FunctionSpec
) -> None:
    granted = {each for each in actions(template, spec.name, "s3") if "vaultbucket" in each[1]}

    assert {action for action, _ in granted} == set(spec.vault)
    assert all(
        resource.endswith("/audit/*") for action, resource in granted if "ListBucket" not in action
    )


@BY_NAME
def test_a_function_asks_the_user_pool_what_its_row_says(
    template: Template, spec: FunctionSpec
) -> None:
    granted = actions(template, spec.name, "cognito-idp")

    assert {action for action, _ in granted} == set(spec.people)


@BY_NAME
def test_a_function_is_granted_no_other_service(template: Template, spec: FunctionSpec) -> None:
    services = {
        action.split(":")[0]
        for statement in template.granted(spec.name)
        for action in listed(statement["Action"])
    }

    mailing = {"ses"} if spec.sends_mail else set()
    asking = {"cognito-idp"} if spec.people else set()
    assert services <= {"dynamodb", "sqs", "secretsmanager", "s3", "logs", "kms"} | mailing | asking


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [flat(function["Role"]) for function in template.functions().values()]

    assert len(set(roles)) == len(roles)


def test_nobody_is_granted_a_wildcard_action(template: Template) -> None:
    for role, statement in template.statements():
        assert not [action for action in listed(statement["Action"]) if "*" in action], role


def test_the_only_wildcards_are_the_names_of_log_streams_models_and_seals(
    template: Template, stage: str
) -> None:
    for role, statement in template.statements():
        for resource in map(flat, listed(statement["Resource"])):
            named = resource
            for varying in (":log-stream:*", "/models/*", "/audit/*"):
                named = named.removesuffix(varying)
            if stage == "local" and listed(statement["Action"]) == ["ses:SendRawEmail"]:
                continue  # the emulator knows no senders
            if set(listed(statement["Action"])) == TRACING:
                continue  # X-Ray has no resources to name
            assert "*" not in named, (role, resource)


def test_nobody_may_scan_the_table(template: Template) -> None:
    granted = {
        action for _, statement in template.statements() for action in listed(statement["Action"])
    }

    assert not {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:PartiQLSelect"} & granted


def test_no_role_but_codedeploys_borrows_a_managed_policy(template: Template, stage: str) -> None:
    borrowed = [
        flat(policy)
        for role in template.properties("AWS::IAM::Role")
        for policy in role.get("ManagedPolicyArns", [])
    ]

    moving = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"
    assert borrowed == ([] if stage == "local" else [moving])


def test_the_key_is_used_through_dynamodb_only(prod: Template) -> None:
    for _, statement in prod.statements():
        if any(action.startswith("kms:") for action in listed(statement["Action"])):
            (condition,) = statement["Condition"]["StringEquals"].items()
            assert condition[0] == "kms:ViaService"
            assert flat(condition[1]) == "dynamodb.<AWS::Region>.amazonaws.com"


def test_only_the_clock_may_start_what_it_starts(template: Template, stage: str) -> None:
    names = template.function_names()
    started = {
        names[template.started(resource)]
        for _, statement in template.statements()
        if "lambda:InvokeFunction" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }

    fed = {"feed_synthetic"} if stage == "dev" else set()
    assert started == fed | {
        "sweep_inbox",
        "sweep_mail",
        "escalate_interventions",
        "send_digest",
        "roll_windows",
        "seal_audit",
        "summarize_platform",
        "train_churn",
    }


def test_the_feed_may_read_the_webhook_secret_and_nothing_else(dev: Template) -> None:
    assert {action for action, _ in actions(dev, FEED_SYNTHETIC.name, "secretsmanager")} == {
        "GetSecretValue"
    }
    for service in ("dynamodb", "sqs", "s3"):
        assert not actions(dev, FEED_SYNTHETIC.name, service)
