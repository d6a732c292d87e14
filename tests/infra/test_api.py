"""The routes of the API are those of the contract, and each is as open as it should be."""

import json

from tests.infra.template import Template, flat

SIGNED_BY_RAILS = {
    "POST /api/sessions",
    "POST /api/tutors",
    "POST /api/events",
    "POST /api/feedback",
}
WITH_A_TOKEN = {
    "GET /api/{proxy+}",
    "POST /api/interventions/{proxy+}",
    "PUT /api/settings/{proxy+}",
    "POST /api/settings/interventions/dry-run",
    "POST /api/settings/thresholds/dry-run",
    "PUT /api/tutors/{tutor_id}/override",
    "DELETE /api/tutors/{tutor_id}/override",
    "PUT /api/tutors/{tutor_id}/notes/{note_id}",
    "DELETE /api/tutors/{tutor_id}/notes/{note_id}",
}
SAID_BY_THE_GATEWAY = {
    "$context.requestId",
    "$context.requestTime",
    "$context.httpMethod",
    "$context.routeKey",
    "$context.status",
    "$context.responseLength",
    "$context.responseLatency",
    "$context.identity.sourceIp",
    "$context.authorizer.error",
    "$context.integrationErrorMessage",
}
"""About a request, in its own words: nobody who asks, and nobody whom it is about, writes them."""
OPEN = {"GET /api/health", "GET /api/openapi.json"}
SEALED = {f"{method} /api/unsubscribe/{{token}}" for method in ("GET", "HEAD", "POST")}


def routes(template: Template, authorization: str) -> set[str]:
    return {
        route["RouteKey"]
        for route in template.properties("AWS::ApiGatewayV2::Route")
        if route["AuthorizationType"] == authorization
    }


def test_reading_and_moving_take_a_token(template: Template) -> None:
    assert routes(template, "JWT") == WITH_A_TOKEN


def test_reporting_takes_a_signature_and_only_the_rest_is_open(template: Template) -> None:
    assert routes(template, "NONE") == SIGNED_BY_RAILS | OPEN | SEALED


def test_tokens_come_from_our_user_pool_and_its_clients(template: Template) -> None:
    authorizer = template.only("AWS::ApiGatewayV2::Authorizer")
    clients = set(template.of_type("AWS::Cognito::UserPoolClient"))
    (pool,) = template.of_type("AWS::Cognito::UserPool")

    issuer = flat(authorizer["JwtConfiguration"]["Issuer"])
    assert issuer == f"https://cognito-idp.<AWS::Region>.amazonaws.com/<{pool}>"
    assert {a["Ref"] for a in authorizer["JwtConfiguration"]["Audience"]} == clients
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]


def test_the_api_is_throttled(template: Template) -> None:
    settings = template.only("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]

    assert settings["ThrottlingRateLimit"] > 0
    assert settings["ThrottlingBurstLimit"] >= settings["ThrottlingRateLimit"]


def test_every_request_is_logged_without_what_it_carries(template: Template) -> None:
    log = json.loads(template.only("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"])

    assert {"request_id", "route", "status", "milliseconds"} <= set(log)
    carried = ("claims", "querystring", "context.path")  # a path may be a sealed key
    assert not [value for value in log.values() if any(one in value for one in carried)]
    assert set(log.values()) <= SAID_BY_THE_GATEWAY


def test_no_other_origin_may_read_answers(template: Template) -> None:
    assert "CorsConfiguration" not in template.only("AWS::ApiGatewayV2::Api")
