"""What Google's clients need to log in without Google: a service account's key and a token endpoint."""

import json
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from taxi_assets_tests.servers.loopback import LoopbackHandler, LoopbackServer

PROJECT = "test-project"


class GoogleLogin:
    """A key file for GOOGLE_APPLICATION_CREDENTIALS, whose token endpoint answers inside the `with` block."""

    project = PROJECT

    def __init__(self, folder: Path) -> None:
        self.key_file = folder / "service-account.json"
        self._server = LoopbackServer(_TokenEndpoint)

    def __enter__(self) -> Self:
        self._server.start()
        self.key_file.parent.mkdir(parents=True, exist_ok=True)
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(json.dumps(self._key()))
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _key(self) -> dict[str, str]:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "test",
            "private_key": pem.decode(),
            # With an address, google-auth asks Google in the background where the account may be used from;
            # tests stay on this machine.
            "client_email": "",
            "client_id": "1",
            "token_uri": f"{self._server.url}/token",
            "universe_domain": "googleapis.com",
        }


class _TokenEndpoint(LoopbackHandler):
    def answer(self) -> None:
        self.read_body()
        token = {"access_token": "test", "token_type": "Bearer", "expires_in": 3600}
        self.reply(200, json.dumps(token).encode(), [("Content-Type", "application/json")])
