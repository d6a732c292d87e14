"""The site is served from a private bucket, under headers that let nothing else in."""

import json
import shutil
import subprocess
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra_cdk.publish_site import config, files, publish
from infra_cdk.site_file import REWRITE, cache_of, content_security_policy, file_of, type_of
from shared.aws.entrance import HEADER
from tests.infra.template import Properties, Template, flat

OUTPUTS = {
    "SiteBucket": "site",
    "SiteClientId": "client",
    "UserPoolId": "us-east-1_pool",
    "SignInDomain": "https://tutors.auth.us-east-1.amazoncognito.com",
}
ADDRESSES = [
    ("/", "/index.html"),
    ("/tutors/t-7", "/index.html"),
    ("/tutors/t.7", "/index.html"),
    ("/signed-in", "/index.html"),
    ("/config.json", "/config.json"),
    ("/favicon.svg", "/favicon.svg"),
    ("/licenses.md", "/licenses.md"),
    ("/assets/index-1a2b.js", "/assets/index-1a2b.js"),
    ("/assets/../index.html", "/assets/../index.html"),
]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built site of three files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<html></html>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("start()")
    return tmp_path


def distribution(template: Template) -> Properties:
    found: Properties = template.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    return found


def behaviours(template: Template) -> dict[str, Properties]:
    """What is done with requests, by the pattern of their addresses."""
    told = distribution(template)
    found: dict[str, Properties] = {one["PathPattern"]: one for one in told["CacheBehaviors"]}
    return found | {"*": told["DefaultCacheBehavior"]}


def added_headers(template: Template, behaviour: Properties) -> Properties:
    policy: Properties = template.content["Resources"][behaviour["ResponseHeadersPolicyId"]["Ref"]]
    found: Properties = policy["Properties"]["ResponseHeadersPolicyConfig"]
    return found


@pytest.mark.parametrize(("address", "file"), ADDRESSES)
def test_an_address_that_is_no_file_is_a_page(address: str, file: str) -> None:
    assert file_of(address) == file


@pytest.mark.skipif(not shutil.which("node"), reason="CloudFront's function runs on Node")
def test_cloudfront_finds_the_same_files() -> None:
    asked = [{"request": {"uri": address}} for address, _ in ADDRESSES]
    script = f"{REWRITE}console.log(JSON.stringify({json.dumps(asked)}.map(e => handler(e).uri)))"

    said = subprocess.run(["node", "-e", script], capture_output=True, check=True, text=True)

    assert json.loads(said.stdout) == [file for _, file in ADDRESSES]


def test_a_page_loads_nothing_but_the_sites_own_files() -> None:
    policy = content_security_policy("https://sign-in.example.com")

    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "connect-src 'self' https://sign-in.example.com;" in policy
    assert "unsafe" not in policy
    assert "data:" not in policy


@pytest.mark.parametrize("pattern", ["*", "/api/*"])
def test_whatever_cloudfront_answers_asks_for_https_and_is_not_guessed_at(
    template: Template, pattern: str
) -> None:
    added = added_headers(template, behaviours(template)[pattern])
    sent = added["SecurityHeadersConfig"]

    assert sent["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 365 * 24 * 3600
    assert sent["ContentTypeOptions"] == {"Override": True}
    assert sent["FrameOptions"] == {"FrameOption": "DENY", "Override": True}
    assert sent["ReferrerPolicy"] == {"ReferrerPolicy": "no-referrer", "Override": True}
    (custom,) = added["CustomHeadersConfig"]["Items"]
    assert custom["Header"] == "permissions-policy"


def test_there_is_no_third_behaviour_to_be_forgotten(template: Template) -> None:
    assert set(behaviours(template)) == {"*", "/api/*"}


def test_pages_fetch_tokens_from_the_sign_in_and_are_sent_to_https(template: Template) -> None:
    behaviour = behaviours(template)["*"]
    sent = added_headers(template, behaviour)["SecurityHeadersConfig"]["ContentSecurityPolicy"]

    policy = json.dumps(sent["ContentSecurityPolicy"])
    assert "default-src 'none'" in policy
    assert ".amazoncognito.com" in policy
    assert sent["Override"] is True
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["FunctionAssociations"][0]["EventType"] == "viewer-request"


def test_an_answer_of_the_api_loads_nothing_unless_it_says_so_itself(template: Template) -> None:
    sent = added_headers(template, behaviours(template)["/api/*"])["SecurityHeadersConfig"]

    assert sent["ContentSecurityPolicy"] == {
        "ContentSecurityPolicy": "default-src 'none'; frame-ancestors 'none'",
        "Override": False,
    }


def test_the_api_is_reached_through_it_uncached_with_every_header(template: Template) -> None:
    (api,) = distribution(template)["CacheBehaviors"]

    assert api["PathPattern"] == "/api/*"
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "AWS: CachingDisabled"
    assert set(api["AllowedMethods"]) >= {"GET", "POST", "PUT", "DELETE"}


def test_the_api_is_told_by_a_secret_that_it_was_reached_through_it(template: Template) -> None:
    origins = distribution(template)["Origins"]

    (added,) = [each for origin in origins for each in origin.get("OriginCustomHeaders", [])]
    assert added["HeaderName"] == HEADER
    said = flat(added["HeaderValue"])
    assert said.startswith("{{resolve:secretsmanager:<secretsentrance")
    assert said.endswith(":SecretString:current::}}")


def test_missing_pages_do_not_hide_the_apis_own_errors(template: Template) -> None:
    assert "CustomErrorResponses" not in distribution(template)


def test_nobody_but_cloudfront_reads_the_bucket(prod: Template) -> None:
    for bucket in prod.properties("AWS::S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    reading = [
        statement
        for policy in prod.properties("AWS::S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert [statement["Principal"] for statement in reading] == [
        {"Service": "cloudfront.amazonaws.com"}
    ]


def test_the_index_goes_up_after_what_it_names(built: Path) -> None:
    names = [name for name, _ in files(built, {})]

    assert names == ["/assets/index-1a2b.js", "/favicon.svg", "/config.json", "/index.html"]


@mock_aws
def test_files_go_up_with_their_type_and_age(built: Path) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="site")

    publish(built, OUTPUTS, "dev", s3, "us-east-1")

    script = s3.head_object(Bucket="site", Key="assets/index-1a2b.js")
    assert script["ContentType"] == "text/javascript; charset=utf-8"
    assert script["CacheControl"] == "public, max-age=31536000, immutable"
    index = s3.head_object(Bucket="site", Key="index.html")
    assert index["CacheControl"] == "no-cache"
    told = json.loads(s3.get_object(Bucket="site", Key="config.json")["Body"].read())
    assert told == config(OUTPUTS, "dev", "us-east-1")
    assert told["tokenUrl"] == "https://tutors.auth.us-east-1.amazoncognito.com/oauth2/token"
    assert told["issuer"] == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"


def test_what_may_change_is_asked_for_again() -> None:
    assert cache_of("/index.html") == "no-cache"
    assert type_of("/favicon.svg") == "image/svg+xml"
    assert type_of("/licenses.md") == "text/markdown; charset=utf-8"
