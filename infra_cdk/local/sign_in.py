"""Signs a made-up person in and returns the access token a browser would have."""

from typing import Any, Final

from botocore.exceptions import ClientError

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.people import LOCAL_PASSWORD, READY_MADE

ROLES: Final = ("ops_manager", "people_ops", "service", "tutor", "student", "admin")


MAIL_DOMAIN: Final = "example.com"
"""Where people of the local stage would get their mail; it all lands in the mailbox folder."""


def let_people_in(deployed: Deployed) -> None:
    """Have the ready-made people in the user pool; those of the staff then get mail."""
    cognito = deployed.client("cognito-idp")
    for name in READY_MADE:
        _ensure_user(cognito, deployed.user_pool_id, name, name.removeprefix("local-"))


def access_token(deployed: Deployed, role: str, *, user: str | None = None) -> str:
    """A token with this one group; a tutor's user name is the tutor's id."""
    if role not in ROLES:
        raise ValueError(f"There is no role {role}; roles are {', '.join(ROLES)}")
    if role == "tutor" and not user:
        raise ValueError("A tutor needs an id: TUTOR=t-7")
    name = user or f"local-{role}"
    cognito = deployed.client("cognito-idp")
    _ensure_user(cognito, deployed.user_pool_id, name, role)
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=deployed.user_pool_id,
        ClientId=deployed.local_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": LOCAL_PASSWORD},
    )
    token: str = signed_in["AuthenticationResult"]["AccessToken"]
    return token


def _ensure_user(cognito: Any, pool: str, name: str, role: str) -> None:
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=name,
            UserAttributes=[{"Name": "email", "Value": f"{name}@{MAIL_DOMAIN}"}],
            MessageAction="SUPPRESS",
        )
    except ClientError as refused:
        if refused.response["Error"]["Code"] != "UsernameExistsException":
            raise
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=name, Password=LOCAL_PASSWORD, Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=role)
