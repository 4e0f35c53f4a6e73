"""TLS of the service, where it refuses to listen without, and whom it believes about addresses."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.config.service import HostPort
from placet.errors import ConfigurationError
from placet.web.server.listening import Tls, check_exposure, make_room, tls_context
from support.service import Reply, Service, serving_trial
from support.tls_server import server_context

BURST = 4


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `server.pem`, a key and its certificate for localhost, and whose authority's it is."""
    folder = tmp_path_factory.mktemp("tls")
    server_context(folder, "localhost")
    (folder / "server.pem").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, material: Path) -> Iterator[Service]:
    pem = str(material / "server.pem")
    with serving_trial(tmp_path_factory.mktemp("secure"), "--tls-cert", pem, "--tls-key", pem) as service:
        yield service


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_trial(
        tmp_path_factory.mktemp("proxied"),
        *("--trusted-proxy", "127.0.0.0/8"),
        PLACET_RATE_PER_ADDRESS="1",
        PLACET_RATE_PER_KEY="1",
    ) as service:
        yield service


def client(material: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=material / "certificate.pem")


def test_over_tls_it_answers_and_keeps_browsers_from_asking_without(secure: Service, material: Path) -> None:
    connection = http.client.HTTPSConnection("localhost", secure.port, context=client(material), timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/health")
        answer = connection.getresponse()

        assert answer.status == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
        assert b"healthy" in answer.read()


@pytest.mark.parametrize(
    ("arguments", "agreed"),
    [
        (["-tls1_3"], True),
        (["-tls1_2"], True),
        (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"], False),
        (["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"], False),
    ],
)
def test_only_modern_tls_is_spoken(secure: Service, arguments: list[str], agreed: bool) -> None:
    said = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{secure.port}", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert (said.returncode == 0) is agreed


def test_plain_http_is_not_answered_where_tls_is_spoken(secure: Service) -> None:
    with pytest.raises((http.client.BadStatusLine, ConnectionError)):
        secure.ask("GET", "/health")


def test_a_key_that_others_may_read_is_refused(material: Path, tmp_path: Path) -> None:
    exposed = tmp_path / "key.pem"
    exposed.write_bytes((material / "server.pem").read_bytes())
    for mode in (0o640, 0o604, 0o602):
        exposed.chmod(mode)
        with pytest.raises(ConfigurationError) as refused:
            tls_context(Tls(certificate=material / "server.pem", key=exposed))
        assert refused.value.code == "KEY_FILE_EXPOSED"


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_files_that_are_no_certificate_and_key_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "some.pem"
    file.write_bytes(content)
    file.chmod(0o600)

    with pytest.raises(ConfigurationError) as refused:
        tls_context(Tls(certificate=file, key=file))

    assert refused.value.code == "TLS_UNUSABLE"


def test_a_key_with_a_password_is_refused_without_asking_for_it(material: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "ec", "-aes256", "-passout", "pass:secret", "-in", material / "server.pem", "-out", locked],
        capture_output=True,
        check=True,
    )
    locked.chmod(0o600)

    with pytest.raises(ConfigurationError) as refused:
        tls_context(Tls(certificate=material / "server.pem", key=locked))

    assert refused.value.code == "TLS_UNUSABLE"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - nothing listens there
def test_beyond_this_machine_keys_do_not_travel_in_the_clear(host: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_exposure(HostPort(host=host, port=0), tls=False, behind_proxy=False)

    assert refused.value.code == "TLS_REQUIRED"
    check_exposure(HostPort(host=host, port=0), tls=True, behind_proxy=False)
    check_exposure(HostPort(host=host, port=0), tls=False, behind_proxy=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_this_machine_plain_http_is_enough(host: str) -> None:
    check_exposure(HostPort(host=host, port=0), tls=False, behind_proxy=False)


def test_the_command_refuses_before_it_listens(secure: Service) -> None:
    for arguments, code in (
        (["--host", "0.0.0.0"], "TLS_REQUIRED"),  # noqa: S104 - it must not listen there
        (["--tls-cert", "cert.pem"], "TLS_UNUSABLE"),
        (["--trusted-proxy", "10.0.0.1/8"], "SETTING_INVALID"),
    ):
        refused = secure.shell.placet("serve", "--port", "0", *arguments, "--json")
        assert (refused.code, refused.error()["code"]) == (1, code)


def test_as_many_connections_are_taken_as_there_can_be_files() -> None:
    assert make_room(1) == 1
    assert 1 <= make_room(10**7) <= 10**7


def test_behind_a_proxy_nobody_is_believed_to_be_on_this_machine(proxied: Service) -> None:
    assert proxied.ask("GET", "/livez").status == 200
    assert proxied.ask("GET", "/metrics").status == 404


def from_address(service: Service, address: str) -> Reply:
    return service.ask("GET", "/livez", headers={"X-Forwarded-For": address})


def test_each_address_behind_a_trusted_proxy_has_a_rate_of_its_own(proxied: Service) -> None:
    replies = [from_address(proxied, "203.0.113.1") for _ in range(8 * BURST)]

    assert replies[0].status == 200
    refused = replies[-1]
    assert (refused.status, refused.code) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) >= 1
    assert from_address(proxied, "203.0.113.2").status == 200
    assert from_address(proxied, "203.0.113.1, 203.0.113.3").status == 200


def test_each_key_has_a_rate_of_its_own(proxied: Service) -> None:
    one, other = proxied.key("*=*"), proxied.key("*=*")
    replies = [proxied.ask("GET", "/v1/certificates/package/tool", key=one) for _ in range(8 * BURST)]

    assert (replies[0].status, replies[-1].status, replies[-1].code) == (200, 429, "RATE_LIMITED")
    assert proxied.ask("GET", "/v1/certificates/package/tool", key=other).status == 200


def test_making_a_key_counts_for_many_requests(proxied: Service) -> None:
    key = proxied.key("*=*")
    body = {"type": "package", "package_name": "@acme/tool", "version": "1.0.0"}

    assert proxied.ask("POST", "/v1/certificates/issue", body, key=key).status == 201
    refused = proxied.ask("GET", "/v1/certificates/package/tool", key=key)
    assert (refused.status, refused.code) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) > BURST
