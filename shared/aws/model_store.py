"""The model store: the files of every trained churn model, in a bucket of their own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from shared.aws.item import adapter
from shared.aws.model_registry import ModelRegistry, Registered
from shared.aws.table import QUICK, Table
from shared.domain.churn_model import Manifest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST = "manifest.json"
CEILING = "models/ceiling.csv.gz"
"""Beside the models, so that who may read those may read it."""
GONE = ("NoSuchKey", "AccessDenied", "404", "403")
"""Who may not list a bucket is told that what is not there is forbidden."""


class ModelFileError(Exception):
    """The files of a model are not there, or not those that were registered."""


@dataclass(frozen=True, slots=True)
class ModelStore:
    """Keeps models under `models/<version>/`; the registry knows what must stand there."""

    client: "S3Client"
    bucket: str
    registry: ModelRegistry

    def put_model(self, files: Mapping[str, bytes]) -> Manifest:
        """Register a model, then store its files; the answer is what stands under its version.

        Of two that race for a version only the files of the one registered are written, so the two
        never mix. Storing a model again mends its files. Raises VersionTakenError where the version
        was registered with other content.
        """
        manifest: Manifest = adapter(Manifest).validate_json(files[MANIFEST])
        model = Registered(manifest, _sha256(files[MANIFEST]))
        known = self.registry.register(model)
        if known.sha256 == model.sha256:
            for name, content in files.items():
                key = _key(manifest.version, name)
                self.client.put_object(Bucket=self.bucket, Key=key, Body=content)
        return known.manifest

    def model(self, version: str) -> dict[str, bytes]:
        """A model's files by name, none else than were registered; raises ModelFileError.

        The manifest's own digest stands in the table: whoever can change the bucket alone
        can not put another model in force.
        """
        known = self.registry.registered(version)
        if known is None:
            raise ModelFileError(f"{version} was never registered")
        names = (MANIFEST, *sorted(known.manifest.files))
        files = {name: self._file(version, name) for name in names}
        if _sha256(files[MANIFEST]) != known.sha256:
            raise ModelFileError(f"the manifest of {version} is not the one registered")
        return files

    def put_ceiling(self, content: bytes) -> None:
        """Keep the best possible forecast of a synthetic world, a gzipped CSV file."""
        self.client.put_object(Bucket=self.bucket, Key=CEILING, Body=content)

    def ceiling(self) -> bytes | None:
        """What `put_ceiling` kept; None where nothing did, as in every real marketplace."""
        return self._object(CEILING)

    def remove_ceiling(self) -> None:
        """Keep it no longer: the world that it told of is gone."""
        self.client.delete_object(Bucket=self.bucket, Key=CEILING)

    def _file(self, version: str, name: str) -> bytes:
        found = self._object(_key(version, name))
        if found is None:
            raise ModelFileError(f"{name} of {version} is not there")
        return found

    def _object(self, key: str) -> bytes | None:
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return None
            raise


def _key(version: str, name: str) -> str:
    return f"models/{version}/{name}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def model_store(bucket: str, table: Table) -> ModelStore:
    """The store in that bucket, with its registry in that table."""
    return ModelStore(boto3.client("s3", config=QUICK), bucket, ModelRegistry(table))
