"""Who may sign in: the user pool, the roles as groups, and one client for each kind of caller."""

from collections.abc import Iterable
from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra_cdk.stage import Stage

GROUPS: Final[dict[str, str]] = {
    "ops_manager": "Everything on tutors, interventions and overrides.",
    "people_ops": "Tutors and interventions.",
    "service": "Scores and recommendations, for the Rails admin.",
    "tutor": "Their own page; the user name is the tutor's id.",
    "student": "Their own feedback.",
    "admin": "Settings.",
}

SIGNED_IN: Final = ("/signed-in", "/signed-in-again")
"""Where the site is returned to; the second is a small window in front of a page."""

SAML_EMAIL: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


class Identity(Construct):
    """Cognito, closed to self sign-up; access tokens carry the groups and the user name."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, "identity")
        self.pool = self._user_pool(stage)
        for name, description in GROUPS.items():
            cognito.CfnUserPoolGroup(
                self,
                name,
                user_pool_id=self.pool.user_pool_id,
                group_name=name,
                description=description,
            )
        self.domain = self.pool.add_domain(
            "domain",
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=f"tutor-quality-{stage.name}-{Aws.ACCOUNT_ID}"
            ),
        )
        self.site_client = self._site_client(stage)
        self.rails_client = self._rails_client()
        self.clients = [self.site_client, self.rails_client]
        self.local_client: cognito.UserPoolClient | None = None
        if stage.name == "local":
            # `make token` signs in without a browser; no other stage has this door.
            self.local_client = self.pool.add_client(
                "local_client",
                auth_flows=cognito.AuthFlow(admin_user_password=True),
                disable_o_auth=True,
                access_token_validity=Duration.hours(24),
            )
            self.clients.append(self.local_client)

    def environment(self) -> dict[str, str]:
        """What a function that asks for people has to be told."""
        return {"USER_POOL_ID": self.pool.user_pool_id}

    def statement(self, actions: Iterable[str]) -> iam.PolicyStatement:
        """What its role needs to ask the pool."""
        return iam.PolicyStatement(
            actions=[f"cognito-idp:{action}" for action in actions],
            resources=[self.pool.user_pool_arn],
        )

    def _user_pool(self, stage: Stage) -> cognito.UserPool:
        return cognito.UserPool(
            self,
            "pool",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True),
            # Tutor ids are user names, and t-7a is not T-7A.
            sign_in_case_sensitive=True,
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.REQUIRED if stage.require_mfa else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            feature_plan=(
                cognito.FeaturePlan.PLUS
                if stage.threat_protection
                else cognito.FeaturePlan.ESSENTIALS
            ),
            standard_threat_protection_mode=(
                cognito.StandardThreatProtectionMode.FULL_FUNCTION
                if stage.threat_protection
                else None
            ),
            deletion_protection=stage.keep_data,
            removal_policy=RemovalPolicy.RETAIN if stage.keep_data else RemovalPolicy.DESTROY,
        )

    def _site_client(self, stage: Stage) -> cognito.UserPoolClient:
        """The browser: authorization code with PKCE, no secret."""
        providers = [cognito.UserPoolClientIdentityProvider.COGNITO]
        if stage.work_accounts:
            company = cognito.UserPoolIdentityProviderSaml(
                self,
                "work_accounts",
                user_pool=self.pool,
                name=stage.work_accounts.name,
                metadata=cognito.UserPoolIdentityProviderSamlMetadata.url(
                    stage.work_accounts.metadata_url
                ),
                attribute_mapping=cognito.AttributeMapping(
                    email=cognito.ProviderAttribute.other(SAML_EMAIL)
                ),
            )
            # Named as a reference, so that the client is made after the provider.
            name = company.provider_name
            providers.append(cognito.UserPoolClientIdentityProvider.custom(name))
        return self.pool.add_client(
            "site_client",
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.PROFILE],
                callback_urls=[stage.site_url + path for path in SIGNED_IN],
                logout_urls=[f"{stage.site_url}/"],
            ),
            supported_identity_providers=providers,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
        )

    def _rails_client(self) -> cognito.UserPoolClient:
        """The Rails backend: client credentials, for scores and recommendations."""
        read_scores = cognito.ResourceServerScope(
            scope_name="scores.read", scope_description="Read scores and recommendations."
        )
        server = self.pool.add_resource_server(
            "resource_server", identifier="tutor-quality", scopes=[read_scores]
        )
        return self.pool.add_client(
            "rails_client",
            generate_secret=True,
            enable_token_revocation=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[cognito.OAuthScope.resource_server(server, read_scores)],
            ),
            access_token_validity=Duration.hours(1),
        )
