"""The HTTP API: its routes, who may call them, how fast, and a log line for every request."""

import json
from typing import Final

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.function_spec import Route
from infra_cdk.identity import Identity
from infra_cdk.stage import Stage

# Not the path: of a way out of mails it is a sealed key. The audit trail tells whom one is about.
ACCESS_LOG: Final = json.dumps(
    {
        "request_id": "$context.requestId",
        "at": "$context.requestTime",
        "method": "$context.httpMethod",
        "route": "$context.routeKey",
        "status": "$context.status",
        "bytes": "$context.responseLength",
        "milliseconds": "$context.responseLatency",
        "source_ip": "$context.identity.sourceIp",
        "authorizer_error": "$context.authorizer.error",
        "integration_error": "$context.integrationErrorMessage",
    }
)


class Api(Construct):
    """One stage, throttled; tokens are checked here, roles in the function."""

    def __init__(self, scope: Construct, *, stage: Stage, identity: Identity) -> None:
        super().__init__(scope, "api")
        self.http_api = apigateway.HttpApi(
            self, "http_api", api_name=f"tutor-quality-{stage.name}", create_default_stage=False
        )
        access_log = logs.LogGroup(
            self,
            "access_log",
            log_group_name=f"/aws/apigateway/tutor-quality-{stage.name}",
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        http_stage = apigateway.HttpStage(
            self,
            "stage",
            http_api=self.http_api,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=stage.requests_per_second, burst_limit=stage.request_burst
            ),
        )
        cfn_stage = http_stage.node.default_child
        assert isinstance(cfn_stage, apigateway.CfnStage)
        cfn_stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_log.log_group_arn, format=ACCESS_LOG
        )
        self._authorizer = authorizers.HttpJwtAuthorizer(
            "cognito",
            f"https://cognito-idp.{Aws.REGION}.amazonaws.com/{identity.pool.user_pool_id}",
            jwt_audience=[client.user_pool_client_id for client in identity.clients],
        )

    def serve(self, name: str, routes: tuple[Route, ...], function: lambda_.IFunction) -> None:
        """Send these routes to the function of that name."""
        integration = integrations.HttpLambdaIntegration(name, function)
        for route in routes:
            self.http_api.add_routes(
                path=route.path,
                methods=[apigateway.HttpMethod[route.method]],
                integration=integration,
                authorizer=self._authorizer if route.signed_in else None,
            )
