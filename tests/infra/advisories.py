"""An advisory service on the loopback: to pip-audit it speaks as PyPI does, to npm as a registry.

pip-audit asks one address alone, so it comes here through a proxy that answers in that one's name.
"""

import gzip
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ASKED_BY_PIP_AUDIT: Final = "pypi.org"


class Advisories:
    """What is known of releases; tests say what."""

    def __init__(self, certificate: Path) -> None:
        self.flawed: dict[str, bool] = {}
        """Releases by name and version; of PyPI's, one that is not in it is not to be found."""
        self.status = 200
        """What every question is answered with."""
        self.url = ""
        self._certificate = certificate

    @property
    def environment(self) -> dict[str, str]:
        """What leads both tools here and nowhere else."""
        return {
            "HTTPS_PROXY": self.url,
            "NO_PROXY": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(self._certificate),
            "npm_config_registry": self.url,
        }

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        return context

    def of_pypi(self, path: str) -> tuple[int, Any]:
        """`/pypi/{name}/{version}/json`."""
        match path.strip("/").split("/"):
            case ["pypi", name, version, "json"] if f"{name} {version}" in self.flawed:
                found = [_PYPI_FLAW] * self.flawed[f"{name} {version}"]
                return self.status, {"vulnerabilities": found}
        return (404 if self.status == 200 else self.status), {}

    def of_npm(self, asked: Mapping[str, list[str]]) -> tuple[int, Any]:
        """Advisories in bulk: versions by name."""
        return self.status, {
            name: [_NPM_FLAW]
            for name, versions in asked.items()
            if any(self.flawed.get(f"{name} {version}") for version in versions)
        }


@contextmanager
def serving(advisories: Advisories) -> Iterator[None]:
    """Answer at `advisories.url` until the test is over."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.connection = advisories.tls().wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", 0)

        def do_GET(self) -> None:
            self._answer(*advisories.of_pypi(self.path))

        def do_POST(self) -> None:
            packed = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*advisories.of_npm(json.loads(gzip.decompress(packed))))

        def finish(self) -> None:
            super().finish()
            self.connection.close()  # the server closes what was accepted, not what TLS made of it

        def _answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody wants to read who asked what."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    advisories.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_certificate(path: Path) -> Path:
    """A certificate and its key for the host that pip-audit asks; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ASKED_BY_PIP_AUDIT)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(ASKED_BY_PIP_AUDIT)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


_PYPI_FLAW: Final = {
    "id": "PYSEC-0000-1", "aliases": [], "summary": "a flaw", "details": "a flaw",
    "fixed_in": ["99"], "withdrawn": None, "published": None,
}  # fmt: skip
_NPM_FLAW: Final = {
    "id": 1, "url": "https://advisories.example/1", "title": "a flaw", "severity": "high",
    "vulnerable_versions": "<99", "cwe": [], "cvss": {"score": 8.0, "vectorString": None},
}  # fmt: skip
