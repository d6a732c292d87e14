"""What a deployed local stack is called and how to reach it, as kept in `stack.json`."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """Addresses, names and the emulator's root credentials; safe to print, useless elsewhere."""

    endpoint: str
    region: str
    front_door: str
    api_id: str
    table: str
    queue_urls: dict[str, str] = field(hash=False)
    dead_letter_urls: dict[str, str] = field(hash=False)
    model_bucket: str
    vault_bucket: str
    webhook_secret_arn: str
    user_pool_id: str
    site_client_id: str
    rails_client_id: str
    local_client_id: str
    access_key_id: str
    secret_access_key: str
    webhook_secret: str

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client that may do everything, like an administrator's."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=20,
                retries={"total_max_attempts": 3, "mode": "standard"},
                **options,
            ),
        )

    def function_name(self, function: str) -> str:
        """The name in Lambda of a file in `functions/`."""
        return f"tutor-quality-local-{function}"

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `make run` wrote; raises FileNotFoundError when nothing runs."""
        return cls(**json.loads(path.read_text()))
