"""A49: no secret that a service is given, shown or makes appears in a log, an answer, an entry, a figure or a file."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.domain.certificate.keys import KeyAlgorithm
from support.raw_client import head, send
from support.service import Reply, Service, serving_trial

ISSUE = "/v1/certificates/issue"
LIST = "/v1/certificates/package/tool"
GIVEN = {
    "PLACET_PASSPHRASE": "p4ssphrase canary",
    "PLACET_BOOTSTRAP_KEY": "placet_boot_c4n4ryc4n4ryc4n4ry",
    "NPM_TOKEN": "npm_c4n4rytoken",
    "S3_SECRET_KEY": "AKIA:c4n4rys3",
}
WRONG_KEY = "placet_key_" + "c4n4rykey" * 5 + "12345"
CLAIMED = "cl4imcanary"
"""What a client says of itself is kept where it can be erased, and told to nobody who did not ask for it."""
SHOWN = {
    "a wrong key": {"X-API-Key": WRONG_KEY},
    "a wrong bearer": {"Authorization": "Bearer c4n4rybearer"},
    "a password": {"Authorization": "Basic " + base64.b64encode(b"alice:c4n4rypassword").decode()},
    "a session": {"Cookie": "session=c4n4rysession; __Host-placet=c4n4rysession"},
    "a csrf token": {"X-CSRF-Token": "c4n4rycsrf", "X-Session": "c4n4rysession"},
    "a proxy's": {"Proxy-Authorization": "Basic c4n4ryproxy", "X-Forwarded-For": "c4n4ryaddress"},
    "a client's": {"User-Agent": "c4n4ryagent", "Referer": "https://example.com/?token=c4n4ryreferer"},
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_trial(tmp_path_factory.mktemp("trial"), PLACET_LOG_LEVEL="debug", **GIVEN) as service:
        yield service


def key_for(service: Service, scope: str) -> str:
    """Make an API key, without the bootstrap key of the service's environment: it is dead in a trial."""
    asked = ("key", "create", "--name", "test", "--principal", "person:local", "--scope", scope, "--json")
    return str(service.shell.done(*asked, env={"PLACET_BOOTSTRAP_KEY": ""}).json()["key"])


def private_key() -> str:
    key = SoftwareKeyMaker().private_key(KeyAlgorithm.P256)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def issuing(service: Service, key: str, **members: object) -> Reply:
    return service.ask("POST", ISSUE, {"type": "package", "package_name": "tool", **members}, key=key)


def everything_told(service: Service) -> tuple[str, str]:
    """End the service; return its log, its ledger and its figures, and every file of its home and anchors."""
    figures = service.ask("GET", "/metrics").content
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=60) == 0
    shown = service.shell.done("ledger", "show", "--count", "1000", "--json").out
    place: Path = service.shell.place
    files = b"".join(each.read_bytes() for each in place.rglob("*") if each.is_file())
    return service.log + shown + figures.decode(), files.decode("latin-1")


def test_no_secret_appears_anywhere(service: Service) -> None:
    key, lost = key_for(service, "*=*"), private_key()
    made = issuing(service, key, version="1.0.0")
    assert made.status == 201
    secret = made.document["private_key"]
    replies = [
        issuing(service, key, version="1.0.1", csr=lost),
        issuing(service, key, version="1.0.2", csr=f"-----BEGIN CERTIFICATE REQUEST-----\n{lost}"),
        issuing(service, key, version=["c4n4ryversion"]),
        issuing(service, key, version="1.0.4", requester={"token": CLAIMED}),
        issuing(service, "", version="1.0.5"),
        issuing(service, key_for(service, "registry:write=@acme/*"), version="1.0.6"),
        service.ask("POST", ISSUE, key=key, headers={"Content-Type": "application/json"}, content=b'{"c4n4rybody'),
        service.ask("POST", ISSUE, key=key, headers={"Content-Type": "c4n4rytype/x"}, content=b"c4n4rybody"),
        service.ask("GET", f"{LIST}?token=c4n4ryquery", key=key),
        service.ask("GET", "/c4n4rypath/%00"),
        *(service.ask("GET", path, headers=headers) for headers in SHOWN.values() for path in (LIST, "/health")),
        service.ask("GET", LIST, key=key, headers={"Authorization": "Bearer c4n4ryother"}),
    ]
    replies += [service.ask("GET", f"/v1/certificates/{made.document['cert_id']}", key=key)]
    raw = [
        send(service, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-API-Key: c4n4ryraw\r\n folded\r\n\r\n"),
        send(service, head("GET", "/health", X_API_Key="c4n4ryraw", Content_Length="c4n4rylength")),
    ]
    answered = b"".join([*(each.content for each in replies), *(each.content for each in raw)]).decode()
    told, kept = everything_told(service)

    secrets = ["c4n4ry", *GIVEN.values(), key, WRONG_KEY, *lines_of(secret), *lines_of(lost)]
    assert [each for each in secrets if each in answered] == []
    assert [each for each in secrets if each in told + kept] == []
    assert CLAIMED not in answered + told
    assert made.document["cert_id"] in told


def lines_of(pem: str) -> list[str]:
    """Return the lines of a key that nobody could write by chance."""
    return [line for line in pem.splitlines() if len(line) > 30 and "PRIVATE" not in line]
