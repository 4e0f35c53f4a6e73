"""A service that is killed at any moment under load: what it acknowledged stands, and the ledger verifies."""

from __future__ import annotations

import asyncio
import http.client
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct, field

from placet import config
from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from placet.facade import Placet
from support.service import Service, serving
from support.shell import Shell

ISSUE = "/v1/certificates/issue"
CLIENTS = 6


class Acknowledged(Struct):
    """What clients were told, by certificate."""

    issued: dict[str, str] = field(default_factory=dict)
    revoked: dict[str, str] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)
    versions: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_version(self) -> str:
        with self.lock:
            self.versions += 1
            return f"1.0.{self.versions}"


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path, kills: int) -> None:
    shell = Shell(tmp_path, {"PLACET_RATE_PER_KEY": "0"})
    asyncio.run(Placet.init(config.load(shell.environment()), profile="trial"))
    told, chance, key = Acknowledged(), random.Random(kills), ""  # noqa: S311 - when to kill is no secret
    for _ in range(kills):
        with serving(shell) as service:
            key = key or service.key("*=*")
            until_killed(service, key, told, chance)

    assert told.refused == []
    assert len(told.issued) >= kills
    known, verified = asyncio.run(found_in(shell))
    assert {certificate: known[certificate]["fingerprint"] for certificate in told.issued} == told.issued
    assert {certificate: known[certificate]["revocation"]["revoked_at"] for certificate in told.revoked} == told.revoked
    assert verified is True


async def found_in(shell: Shell) -> tuple[dict[str, Any], object]:
    """Return every certificate that is there, and whether the ledger verifies."""
    async with Placet.open(config.load(shell.environment())) as placet:
        listed: Any = (await placet.certificates.list())["certificates"]
        return {each["cert_id"]: each for each in listed}, (await placet.ledger.verify())["verified"]


def until_killed(service: Service, key: str, told: Acknowledged, chance: random.Random) -> None:
    """Let clients ask as fast as they can, and kill the service in the middle of it."""
    before = len(told.issued)
    clients = [threading.Thread(target=ask_on_and_on, args=(service, key, told)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    until = time.monotonic() + 60
    while len(told.issued) == before and not told.refused:
        assert time.monotonic() < until
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.3))
    service.process.kill()
    for client in clients:
        client.join(timeout=60)
        assert not client.is_alive()


def ask_on_and_on(service: Service, key: str, told: Acknowledged) -> None:
    """Issue certificates and revoke them, until nobody answers."""
    try:
        while not told.refused:
            csr = make_request(SoftwareKeyMaker().private_key(KeyAlgorithm.P256)).public_bytes(Encoding.PEM).decode()
            wanted = {"type": "package", "package_name": "@acme/tool", "version": told.next_version(), "csr": csr}
            issued = asked(service, key, told, ISSUE, wanted)
            told.issued[issued["cert_id"]] = issued["fingerprint"]
            path = f"/v1/certificates/{issued['cert_id']}/revoke"
            revoked = asked(service, key, told, path, {"reason": "superseded"})
            told.revoked[revoked["cert_id"]] = revoked["revoked_at"]
    except (OSError, KeyError, http.client.HTTPException):  # it was killed, or refused something
        return


def asked(service: Service, key: str, told: Acknowledged, path: str, body: dict[str, str]) -> dict[str, Any]:
    """Return the document of an answer, which must be a success."""
    reply = service.ask("POST", path, body, key=key)
    if reply.status not in (200, 201):
        told.refused.append(reply.content)
    document: dict[str, Any] = reply.document
    return document
