"""The certificate endpoints of the wire contract (contract 3)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.service import Reply, Service

ISSUE = "/v1/certificates/issue"


def issue(service: Service, key: str, version: str, /, **members: object) -> Reply:
    body = {"type": "package", "package_name": "@acme/tool", "version": version} | members
    return service.ask("POST", ISSUE, body, key=key)


def test_a_key_is_made_once_and_the_chain_verifies_with_openssl(
    service: Service, everything: str, tmp_path: Path
) -> None:
    issued = issue(service, everything, "1.0.0")

    assert issued.status == 201
    assert issued.document["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert issued.headers["cache-control"] == "no-store"
    (tmp_path / "leaf.pem").write_text(issued.document["pem"])
    intermediate, root = issued.document["chain"].split("-----END CERTIFICATE-----\n", 1)
    (tmp_path / "intermediate.pem").write_text(f"{intermediate}-----END CERTIFICATE-----\n")
    (tmp_path / "root.pem").write_text(root)
    command = ["openssl", "verify", "-CAfile", "root.pem", "-untrusted", "intermediate.pem", "leaf.pem"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"leaf.pem: OK\n"


@pytest.mark.parametrize("name", ["@acme/tool", "@acme%2Ftool", "@acme%2ftool", "%40acme%2Ftool"])
def test_a_scope_may_be_raw_or_encoded(service: Service, everything: str, name: str) -> None:
    issue(service, everything, "1.1.0")

    found = service.ask("GET", f"/v1/certificates/package/{name}", key=everything)

    assert found.status == 200
    assert found.document["package_name"] == "@acme/tool"
    assert found.document["total"] >= 1


def test_a_revoked_certificate_is_gone_by_its_status_alone(service: Service, everything: str) -> None:
    certificate_id = issue(service, everything, "1.2.0").document["cert_id"]
    assert service.ask("GET", f"/v1/certificates/verify/{certificate_id}").status == 200

    revoked = service.ask("POST", f"/v1/certificates/{certificate_id}/revoke", {"reason": "superseded"}, key=everything)

    assert revoked.status == 200
    assert revoked.document["status"] == "revoked"
    verified = service.ask("GET", f"/v1/certificates/verify/{certificate_id}")
    assert (verified.status, verified.code) == (410, "CERTIFICATE_REVOKED")
    assert verified.document["valid"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "person"}, "UNSUPPORTED_CERTIFICATE_TYPE"),
        ({"version": ""}, "MISSING_REQUIRED_FIELDS"),
        ({"version": "v1"}, "VERSION_INVALID"),
        ({"package_name": "Tool"}, "NAME_INVALID"),
        ({"csr": "-----BEGIN"}, "PEM_INVALID"),
        ({"csr": 5}, "BODY_INVALID"),
    ],
)
def test_what_cannot_be_certified_is_refused_with_its_code(
    service: Service, everything: str, change: dict[str, object], code: str
) -> None:
    refused = issue(service, everything, "1.3.0", **change)

    assert (refused.status, refused.code) == (400, code)


def test_members_that_are_not_known_are_named_in_a_warning(service: Service, everything: str) -> None:
    assert "'colour'" in issue(service, everything, "1.4.0", colour="red").document["warnings"][0]


def test_without_a_key_or_with_a_bad_one_nobody_asks(service: Service) -> None:
    for key in ("", "placet_key_nonsense"):
        refused = issue(service, key, "1.5.0")
        assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")


def test_two_different_keys_are_one_too_many(service: Service, everything: str) -> None:
    refused = service.ask(
        "GET", "/v1/certificates/package/tool", key=everything, headers={"Authorization": "Bearer other"}
    )

    assert (refused.status, refused.code) == (400, "CREDENTIALS_CONFLICT")


def test_a_scope_is_for_its_verb_and_its_packages(service: Service) -> None:
    for scope in ("certificates:issue=@other/*", "registry:write=@acme/*"):
        refused = issue(service, service.key(scope), "1.6.0")
        assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")
        assert "certificates:issue=@acme/tool" in refused.document["message"]
