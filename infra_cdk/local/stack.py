"""A running local stack: emulator, deployed system and front door, started and stopped together.

Tests and the benchmark start a throw-away one:

    with throwaway_stack() as stack:
        stack.deployed.client("dynamodb").describe_table(TableName=stack.deployed.table)
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from infra_cdk.function_spec import QUEUES
from infra_cdk.local import saved_state
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.deployment import deploy, synthesize
from infra_cdk.local.emulator import ACCOUNT, REGION, Emulator, free_port, is_free
from infra_cdk.local.folder import ROOT, Folder
from infra_cdk.local.front_door import AUTHORIZE, ENTRANCE, LOGOUT, TOKEN
from infra_cdk.local.mailbox import Mailbox
from infra_cdk.local.saved_state import Found
from infra_cdk.package.site import site_folder
from infra_cdk.place import url_output

LOCAL_WEBHOOK_SECRET: Final = "whsec_bG9jYWwtZGV2ZWxvcG1lbnQtc2VjcmV0LTAx"
_DOOR_SECONDS: Final = 20
_WHAT_WAS_FOUND: Final = {
    Found.NOTHING: "Starting the emulator",
    Found.SAVED: "Starting the emulator with what it held when it stopped",
    Found.INTERRUPTED: "The last run was cut off: starting the emulator with what was saved before",
    Found.LOST: "The last run was cut off before anything was saved: starting from nothing",
}


def _silent(_: str) -> None:
    return


class LocalStack:
    """One stack in one folder; `start` may be called again after `stop` or `kill`."""

    def __init__(
        self,
        folder: Folder,
        *,
        port: int,
        keep_state: bool,
        webhook_secret: str = LOCAL_WEBHOOK_SECRET,
        site: bool = False,
        say: Callable[[str], None] = _silent,
    ) -> None:
        self.folder, self._port, self._say, self._site = folder, port, say, site
        self._webhook_secret = webhook_secret
        self._lock = folder.lock()
        self.mailbox = Mailbox(folder.mail)
        self.emulator = Emulator(
            folder,
            port=_emulator_port(folder),
            keep_state=keep_state,
            lock=self._lock,
            relay=self.mailbox.address,
        )
        self._door: subprocess.Popen[bytes] | None = None
        self._deployed: Deployed | None = None
        self.found = Found.NOTHING
        self._half_made = False

    @property
    def deployed(self) -> Deployed:
        if self._deployed is None:
            raise RuntimeError("The stack is not started")
        return self._deployed

    @property
    def _site_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start the emulator, bring the stack up to date, and open the front door."""
        self._say("Preparing the stack; the first time builds layers and takes a minute")
        assembly = synthesize()
        self.found = saved_state.prepare(self.folder)
        self._half_made = True
        self._say(_WHAT_WAS_FOUND[self.found])
        self.mailbox.start()
        self.emulator.start()
        self._say("Deploying")
        outputs = deploy(assembly, self.emulator.endpoint, self._site_url)
        self._deployed = self._described(outputs)
        self._put_webhook_secret()
        self._half_made = False
        entrance = self._entrance(outputs["EntranceSecretArn"])
        self._open_door(entrance, [f"--site={self._put_site()}"] if self._site else [])
        self._deployed.write(self.folder.deployed)

    def stop(self) -> None:
        """Stop cleanly; what the emulator holds is saved when it keeps state."""
        self._close_door()
        self.emulator.stop()
        self.mailbox.stop()
        if self._half_made:  # nothing to go on from
            saved_state.forget_last(self.folder)
        self.folder.deployed.unlink(missing_ok=True)

    def kill(self) -> None:
        """End everything at once, as a power cut would."""
        self.emulator.kill()
        self._close_door()
        self.mailbox.stop()

    def close(self) -> None:
        """Stop, and let others use the folder."""
        self.stop()
        os.close(self._lock)

    def _described(self, outputs: dict[str, str]) -> Deployed:
        return Deployed(
            endpoint=self.emulator.endpoint,
            region=REGION,
            front_door=self._site_url,
            api_id=outputs["ApiId"],
            table=outputs["TableName"],
            queue_urls={name: outputs[url_output(name)] for name in QUEUES},
            dead_letter_urls={name: outputs[url_output(name, dead=True)] for name in QUEUES},
            model_bucket=outputs["ModelBucket"],
            vault_bucket=outputs["VaultBucket"],
            webhook_secret_arn=outputs["WebhookSecretArn"],
            user_pool_id=outputs["UserPoolId"],
            site_client_id=outputs["SiteClientId"],
            rails_client_id=outputs["RailsClientId"],
            local_client_id=outputs["LocalClientId"],
            access_key_id=ACCOUNT,
            secret_access_key="local",
            webhook_secret=self._webhook_secret,
        )

    def _put_webhook_secret(self) -> None:
        self.deployed.client("secretsmanager").put_secret_value(
            SecretId=self.deployed.webhook_secret_arn,
            SecretString=json.dumps({"current": self._webhook_secret, "previous": None}),
        )

    def _entrance(self, arn: str) -> str:
        """What CloudFront would add to requests."""
        found = self.deployed.client("secretsmanager").get_secret_value(SecretId=arn)
        value: str = json.loads(found["SecretString"])["current"]
        return value

    def _put_site(self) -> Path:
        """The built site, with where its pages find their sign-in."""
        shutil.rmtree(self.folder.site, ignore_errors=True)
        shutil.copytree(site_folder(), self.folder.site)
        door = self.deployed.front_door
        config = {
            "stage": "local",
            "issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{self.deployed.user_pool_id}",
            "clientId": self.deployed.site_client_id,
            "authorizeUrl": door + AUTHORIZE,
            "tokenUrl": door + TOKEN,
            "logoutUrl": door + LOGOUT,
        }
        (self.folder.site / "config.json").write_text(json.dumps(config))
        return self.folder.site

    def _open_door(self, entrance: str, site: list[str]) -> None:
        command = [sys.executable, "-m", "infra_cdk.local.front_door", *site]
        with self.folder.log.open("ab") as log:
            self._door = subprocess.Popen(
                [*command, str(self._port), self.emulator.endpoint, self.deployed.api_id],
                cwd=ROOT,
                env=os.environ | {ENTRANCE: entrance},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _DOOR_SECONDS
        while time.monotonic() < deadline and self._door.poll() is None:
            try:
                urllib.request.urlopen(f"{self.deployed.front_door}/", timeout=1).close()
                return
            except urllib.error.HTTPError:
                return  # it answers, if only that there is nothing here
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"Nothing answers at {self.deployed.front_door}; see {self.folder.log}")

    def _close_door(self) -> None:
        if self._door:
            with self._door as door:  # which also closes the pipe to it
                door.kill()
            self._door = None


def _emulator_port(folder: Folder) -> int:
    """The port of last time: saved queues have it in their URLs. Else a free one, and no state."""
    kept = folder.path / "port"
    if kept.exists() and is_free(port := int(kept.read_text())):
        return port
    saved_state.drop(folder)
    port = free_port()
    kept.write_text(str(port))
    return port


@contextlib.contextmanager
def throwaway_stack(
    *, keep_state: bool = False, webhook_secret: str = LOCAL_WEBHOOK_SECRET, site: bool = False
) -> Iterator[LocalStack]:
    """A stack of its own, on its own ports, in a folder that is deleted afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tutor-quality-"))
    stack = LocalStack(
        Folder(path),
        port=free_port(),
        keep_state=keep_state,
        webhook_secret=webhook_secret,
        site=site,
    )
    try:
        stack.start()
        yield stack
    finally:
        stack.close()
        shutil.rmtree(path, ignore_errors=True)
