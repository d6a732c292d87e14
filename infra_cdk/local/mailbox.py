"""Where mails end up here: what SES is told to send is relayed to a folder of `.eml` files."""

from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra_cdk.local.emulator import free_port


class Mailbox:
    """An SMTP server on the loopback that writes every mail to a folder as `.eml`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._server: Controller | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server = Controller(self, hostname="127.0.0.1", port=self._port)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep one mail; the file is named by when it came, so that they sort."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z.eml"
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        (self._folder / name).write_bytes(raw)
        return "250 kept"
