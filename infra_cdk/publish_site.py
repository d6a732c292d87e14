"""`make publish-site`: build the site, put it into a stage's bucket, and have CloudFront show it.

New files go before the index that names them, so that a page never asks for what is not there;
those of the version before stay, for pages that are open.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra_cdk.package.site import site_folder
from infra_cdk.place import on_stage
from infra_cdk.site_file import ASSETS, cache_of, type_of
from infra_cdk.stage import STAGES

CONFIG: Final = "/config.json"
LAST: Final = "/index.html"


def config(outputs: Mapping[str, str], stage: str, region: str) -> dict[str, str]:
    """What the site has to know of the stage it runs in: where people sign in."""
    sign_in = outputs["SignInDomain"]
    return {
        "stage": stage,
        "issuer": f"https://cognito-idp.{region}.amazonaws.com/{outputs['UserPoolId']}",
        "clientId": outputs["SiteClientId"],
        "authorizeUrl": f"{sign_in}/oauth2/authorize",
        "tokenUrl": f"{sign_in}/oauth2/token",
        "logoutUrl": f"{sign_in}/logout",
    }


def files(folder: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Names and contents in the order in which they go up."""
    found = {
        f"/{path.relative_to(folder).as_posix()}": path
        for path in folder.rglob("*")
        if path.is_file()
    }
    for name in sorted(found, key=lambda name: (name == LAST, not name.startswith(ASSETS), name)):
        if name == LAST:
            yield CONFIG, json.dumps(settings).encode()
        yield name, found[name].read_bytes()


def publish(folder: Path, outputs: Mapping[str, str], stage: str, s3: Any, region: str) -> None:
    """Put every file of a built site into the stage's bucket."""
    for name, content in files(folder, config(outputs, stage, region)):
        s3.put_object(
            Bucket=outputs["SiteBucket"],
            Key=name.removeprefix("/"),
            Body=content,
            ContentType=type_of(name),
            CacheControl=cache_of(name),
        )


def main() -> None:
    """Publish to a stage in the AWS account of the shell."""
    parser = argparse.ArgumentParser(prog="python -m infra_cdk.publish_site", description=__doc__)
    parser.add_argument("--stage", choices=sorted(STAGES.keys() - {"local"}), default="dev")
    stage = parser.parse_args().stage
    with on_stage(stage) as place:
        s3 = place.client("s3")
        publish(site_folder(), place.outputs, stage, s3, s3.meta.region_name)
        place.client("cloudfront").create_invalidation(
            DistributionId=place["SiteDistributionId"],
            InvalidationBatch={
                "Paths": {"Quantity": 2, "Items": [CONFIG, LAST]},
                "CallerReference": str(time.time_ns()),
            },
        )


if __name__ == "__main__":
    main()
