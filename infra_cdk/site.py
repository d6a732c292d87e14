"""The site: a private bucket and a CloudFront distribution, through which the API is reached, too.

The files come by `infra_cdk.publish_site`, to a stage on AWS as to the local one.
"""

from typing import Final
from urllib.parse import urlsplit

from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra_cdk.api import Api
from infra_cdk.edge import web_acl_of
from infra_cdk.identity import Identity
from infra_cdk.secret import Secrets
from infra_cdk.site_file import (
    API_CONTENT_SECURITY_POLICY,
    OTHER_HEADERS,
    REWRITE,
    content_security_policy,
)
from infra_cdk.stage import Stage
from shared.aws.entrance import HEADER

HSTS: Final = Duration.days(365)


class Site(Construct):
    """One address for pages and API, so that no page needs another origin but the sign-in's."""

    def __init__(
        self, scope: Construct, *, stage: Stage, api: Api, identity: Identity, secrets: Secrets
    ) -> None:
        super().__init__(scope, "site")
        self.bucket = s3.Bucket(
            self,
            "bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=stage.require_tls,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.DESTROY,  # every file can be built again
        )
        self.distribution = cloudfront.Distribution(
            self,
            "distribution",
            comment=f"tutor-quality {stage.name}",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=self._headers(
                    "headers", content_security_policy(identity.domain.base_url()), override=True
                ),
                function_associations=[
                    cloudfront.FunctionAssociation(
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                        function=cloudfront.Function(
                            self,
                            "rewrite",
                            comment="Every address that is no file is a page: the index.",
                            code=cloudfront.FunctionCode.from_inline(REWRITE),
                            runtime=cloudfront.FunctionRuntime.JS_2_0,
                        ),
                    )
                ],
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(
                        Fn.select(2, Fn.split("/", api.http_api.api_endpoint)),
                        protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                        read_timeout=Duration.seconds(30),
                        custom_headers={HEADER: secrets.sent_by_cloudfront()},
                    ),
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                    # The page on which a link in a mail is confirmed brings a policy of its own.
                    response_headers_policy=self._headers(
                        "api-headers", API_CONTENT_SECURITY_POLICY, override=False
                    ),
                )
            },
            web_acl_id=web_acl_of(stage) if stage.web_acl else None,
            domain_names=[_host(stage.site_url)] if stage.site_certificate else None,
            certificate=(
                acm.Certificate.from_certificate_arn(self, "certificate", stage.site_certificate)
                if stage.site_certificate
                else None
            ),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )

    def _headers(
        self, name: str, policy: str, *, override: bool
    ) -> cloudfront.ResponseHeadersPolicy:
        """Those of `site_file`, and HTTPS for a year.

        `override`: whether `policy`, what may be loaded, goes before one of the origin's.
        """
        return cloudfront.ResponseHeadersPolicy(
            self,
            name,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy, override=override
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=HSTS, include_subdomains=True, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="permissions-policy",
                        value=OTHER_HEADERS["permissions-policy"],
                        override=True,
                    )
                ]
            ),
        )


def _host(url: str) -> str:
    return urlsplit(url).netloc
