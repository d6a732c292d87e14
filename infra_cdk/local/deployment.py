"""Deploys the synthesized stack to the emulator through CloudFormation, as `cdk deploy` would."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from infra_cdk.function_spec import FUNCTIONS
from infra_cdk.local.emulator import ACCOUNT, REGION
from infra_cdk.local.folder import ROOT
from infra_cdk.package.code import BUILD, code_folder, move_into_place
from infra_cdk.package.layer import layer_folder
from infra_cdk.stage import STAGES

STACK: Final = "tutor-quality-local"
_SITE_URL: Final = STAGES["local"].site_url
_WAIT_SECONDS: Final = 120
_FAILED: Final = ("FAILED", "ROLLBACK")


class DeploymentError(Exception):
    """CloudFormation refused the stack; the message has its first complaints."""


def synthesize() -> Path:
    """The cloud assembly of the local stage; made again only when something in it changed."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stacks may start at once, and both want the same
        folder = BUILD / "assembly" / _digest()
        if not folder.exists():
            _synthesize(folder)
        return folder


def _digest() -> str:
    digest = hashlib.sha256()
    for source in sorted((ROOT / "infra_cdk").rglob("*.py")):
        if "local" not in source.parts:
            digest.update(source.read_bytes())
    digest.update(str(code_folder()).encode())
    for layer in sorted({layer for spec in FUNCTIONS for layer in spec.layers}):
        digest.update(str(layer_folder(layer, "host")).encode())
    return digest.hexdigest()[:16]


def _synthesize(folder: Path) -> None:
    staging = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    # A process of its own: the CDK leaves a Node process in the one that imports it.
    subprocess.run(
        [sys.executable, "-m", "infra_cdk.app"],
        cwd=ROOT,
        env=os.environ | {"CDK_OUTDIR": str(staging), "CDK_CONTEXT_JSON": '{"stage": "local"}'},
        check=True,
    )
    move_into_place(staging, folder)


def deploy(assembly: Path, endpoint: str, site_url: str) -> dict[str, str]:
    """Upload the assets, create or update the stack, and return its outputs.

    The site's address, which each stack here has of its own, is put into the template on the way:
    to synthesize again takes half a minute.
    """
    clients = _clients(endpoint)
    manifest = json.loads((assembly / f"{STACK}.assets.json").read_text())
    template_url = ""
    for asset in manifest["files"].values():
        for destination in asset["destinations"].values():
            bucket, key = _filled(destination["bucketName"]), _filled(destination["objectKey"])
            source = assembly / asset["source"]["path"]
            if source.name == f"{STACK}.template.json":
                body = source.read_bytes().replace(_SITE_URL.encode(), site_url.encode())
                template_url = f"{endpoint}/{bucket}/{key}"
            elif asset["source"]["packaging"] == "zip":
                body = zipped(source).read_bytes()
            else:
                body = source.read_bytes()
            _upload(clients["s3"], bucket, key, body)
    return _apply(clients["cloudformation"], template_url)


def _clients(endpoint: str) -> dict[str, Any]:
    return {
        service: boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )
        for service in ("s3", "cloudformation")
    }


def _filled(name: str) -> str:
    return name.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)


def _upload(s3: Any, bucket: str, key: str, body: bytes) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=body)


def zipped(folder: Path) -> Path:
    """The folder as a zip beside it, made once; the folder's name carries its hash."""
    target = folder.with_name(f"{folder.name}.zip")
    if not target.exists():
        partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    packed.write(path, path.relative_to(folder))
        partial.rename(target)
    return target


def _apply(cloudformation: Any, template_url: str) -> dict[str, str]:
    arguments = {
        "StackName": STACK,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    }
    try:
        cloudformation.describe_stacks(StackName=STACK)
    except ClientError:
        cloudformation.create_stack(**arguments)
    else:
        try:
            cloudformation.update_stack(**arguments)
        except ClientError as refused:
            if "No updates" not in str(refused):
                raise
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        status = stack["StackStatus"]
        if any(word in status for word in _FAILED):
            raise DeploymentError(f"{status}\n{_complaints(cloudformation)}")
        if status.endswith("_COMPLETE"):
            return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        time.sleep(0.1)
    raise DeploymentError(f"Not finished after {_WAIT_SECONDS} s")


def _complaints(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in reversed(events)
        if "FAILED" in event["ResourceStatus"]
    )
