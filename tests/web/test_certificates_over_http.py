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


def test_a_reason_in_the_client_s_own_words_is_given_back_as_it_was_said_first(
    service: Service, everything: str
) -> None:
    certificate_id = issue(service, everything, "1.7.0").document["cert_id"]
    path = f"/v1/certificates/{certificate_id}/revoke"

    first = service.ask("POST", path, {"reason": "Wir haben den Schlüssel verlegt", "by": "us"}, key=everything)
    again = service.ask("POST", path, {"reason": "no, superseded"}, key=everything)

    assert (first.status, again.status) == (200, 200)
    assert first.document["reason"] == again.document["reason"] == "Wir haben den Schlüssel verlegt"
    assert first.document["revoked_at"] == again.document["revoked_at"]
    assert first.document["authorization"]["rules"] == [2]
    assert again.document["authorization"] is None
    assert "'by'" in first.document["warnings"][0]
    shown = service.shell.done("certificate", "show", certificate_id, "--json").json()
    assert shown["revocation"]["reason"] == "unspecified"


@pytest.mark.parametrize(
    ("said", "kept"),
    [("keyCompromise", "key_compromise"), ("Key Compromise", "key_compromise"), ("superseded", "superseded")],
)
def test_a_known_reason_is_known_however_it_is_spelled(service: Service, everything: str, said: str, kept: str) -> None:
    certificate_id = issue(service, everything, "1.8.0").document["cert_id"]

    revoked = service.ask("POST", f"/v1/certificates/{certificate_id}/revoke", {"reason": said}, key=everything)

    assert revoked.document["reason"] == said
    assert service.shell.done("certificate", "show", certificate_id, "--json").json()["revocation"]["reason"] == kept


def test_a_theft_that_is_told_later_holds_from_then_on(service: Service, everything: str) -> None:
    certificate_id = issue(service, everything, "1.9.0").document["cert_id"]
    path = f"/v1/certificates/{certificate_id}/revoke"
    service.ask("POST", path, {"reason": "a typing error"}, key=everything)

    told = service.ask("POST", path, {"reason": "key_compromise"}, key=everything)

    assert told.document["reason"] == "key_compromise"


def test_a_revocation_has_a_reason(service: Service, everything: str) -> None:
    certificate_id = issue(service, everything, "2.0.0").document["cert_id"]

    for body in ({}, {"reason": ""}, {"reason": None}):
        refused = service.ask("POST", f"/v1/certificates/{certificate_id}/revoke", body, key=everything)
        assert (refused.status, refused.code) == (400, "MISSING_REASON")


def test_claims_are_kept_and_decide_nothing(service: Service, everything: str) -> None:
    claims = {
        "requester": {"github_user": "octocat", "workflow_run": 7, "commit": "abc"},
        "governance_approval": {"approved_by": ["somebody"]},
    }

    issued = issue(service, everything, "2.1.0", **claims)

    assert issued.document["warnings"] == []
    assert issued.document["authorization"]["approvers"] == []
    shown = service.ask("GET", f"/v1/certificates/{issued.document['cert_id']}", key=everything).document
    assert shown["claims"] == claims
    assert "octocat" not in service.shell.done("ledger", "show", "--count", "5", "--json").out


@pytest.mark.parametrize("digest", ["ab" * 32, "sha256:" + "ab" * 32])
def test_the_archive_is_named_with_or_without_the_algorithm(service: Service, everything: str, digest: str) -> None:
    issued = issue(service, everything, "2.2.0", tar_sha256=digest).document

    shown = service.shell.done("certificate", "show", issued["cert_id"], "--json").json()
    assert shown["tar_sha256"] == "ab" * 32
    verified = service.ask("GET", f"/v1/certificates/verify/{issued['cert_id']}?sha256={digest}")
    assert (verified.status, verified.code) == (409, "DIGEST_MISMATCH")


def test_a_certificate_that_was_never_issued_is_not_valid(service: Service) -> None:
    missing = service.ask("GET", "/v1/certificates/verify/CERT-PKG-20200101-001")

    assert (missing.status, missing.code) == (404, "CERTIFICATE_NOT_FOUND")
    assert missing.document["valid"] is False
    assert missing.document["error"] == "CERTIFICATE_NOT_FOUND"


def test_the_answer_names_the_rule_that_lets_old_clients_through(service: Service, everything: str) -> None:
    named = issue(service, everything, "2.3.0").document["authorization"]

    assert (named["policy_version"], named["rules"]) == ("trial-1", [2])
    assert named["receipt_id"].startswith("fc-receipt-")


def test_a_revocation_list_is_given_out_under_the_name_that_certificates_say(
    service: Service, everything: str, tmp_path: Path
) -> None:
    issued = issue(service, everything, "2.4.0").document
    service.ask("POST", f"/v1/certificates/{issued['cert_id']}/revoke", {"reason": "superseded"}, key=everything)
    (tmp_path / "leaf.pem").write_text(issued["pem"])
    command = ["openssl", "x509", "-in", "leaf.pem", "-noout", "-ext", "crlDistributionPoints"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    path = shown.split("http://localhost:8480")[1].split()[0]

    found = service.ask("GET", path)

    assert (found.status, found.headers["content-type"]) == (200, "application/pkix-crl")
    (tmp_path / "list.crl").write_bytes(found.content)
    command = ["openssl", "crl", "-inform", "DER", "-in", "list.crl", "-noout", "-text"]
    text = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert issued["serial_number"].upper() in text.replace(":", "").upper()
    assert service.ask("GET", "/crl/root.crl").status == 200
    assert service.ask("GET", "/crl/intermediate.crl").content == found.content
    for wrong in ("nobody.crl", path.rpartition("/")[2].removesuffix(".crl"), "root"):
        assert service.ask("GET", f"/crl/{wrong}").status == 404


def test_the_service_signs_a_request_and_makes_no_key(service: Service, everything: str, tmp_path: Path) -> None:
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"]
    subprocess.run(
        [*command, "key.pem", "-subj", "/CN=x", "-out", "csr.pem"], cwd=tmp_path, capture_output=True, check=True
    )

    issued = issue(service, everything, "2.5.0", csr=(tmp_path / "csr.pem").read_text())
    renewed = service.ask("POST", f"/v1/certificates/{issued.document['cert_id']}/renew", {}, key=everything)

    assert issued.document["private_key"] is None
    assert renewed.document["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert renewed.document["cert_id"] != issued.document["cert_id"]
