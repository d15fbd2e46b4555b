"""A mail server on loopback that speaks SMTP over TLS, takes every login, and keeps what it is sent."""

from __future__ import annotations

import base64
import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Mail:
    """A message as it arrived: who logged in, and who it is for."""

    login: tuple[str, str]
    recipients: list[str]
    message: EmailMessage


class MailServer:
    """Listens on `port`; `certificate` is the file of the certificate that clients must trust (SSL_CERT_FILE)."""

    def __init__(self, folder: Path) -> None:
        self.mails: list[Mail] = []
        self.certificate = folder / "certificate.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, _make_certificate(self.certificate))
        self._server = _Server((HOST, 0), _Handler)
        self._server.mails = self.mails
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    mails: list[Mail]


class _Handler(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        login, recipients = ("", ""), []
        self._say("220 ready")
        while words := self.rfile.readline().decode().split():
            match words[0].upper():
                case "EHLO":
                    self._say("250-here", "250 AUTH PLAIN")
                case "AUTH":
                    _, user, password = base64.b64decode(words[2]).decode().split("\0")
                    login = (user, password)
                    self._say("235 welcome")
                case "RCPT":
                    recipients.append(words[1].partition(":")[2].strip("<>"))
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    message = message_from_bytes(self._content(), policy=policy.default)
                    self.server.mails.append(Mail(login, recipients, message))
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _content(self) -> bytes:
        """The lines up to the one that is a dot alone."""
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def _make_certificate(path: Path) -> Path:
    """Writes a self-signed certificate for HOST to `path`, and its key beside it; returns the path of the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path = path.with_suffix(".key")
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return key_path
