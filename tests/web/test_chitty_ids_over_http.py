"""Minting and verifying ChittyIDs (contract 3)."""

from __future__ import annotations

import time

import pytest

from support.service import Reply, Service

HASH = "sha256:" + "ab" * 32


def mint(service: Service, key: str, nonce: str, /, **members: object) -> Reply:
    now = time.time_ns() // 1_000_000
    body = {"content_hash": HASH, "namespace": "DOC", "type": "I", "timestamp": now, "nonce": nonce} | members
    return service.ask("POST", "/api/v2/chittyid/mint", body, key=key)


def test_a_minted_name_is_verified_by_anybody(service: Service, everything: str) -> None:
    minted = mint(service, everything, "one", metadata={"title": "x"})

    assert minted.status == 200
    assert minted.document["status_block"]["status"] == "active"
    name = minted.document["chitty_id"]
    assert minted.document["status_block"]["verification_endpoint"].endswith(f"/api/v2/chittyid/verify/{name}")
    verified = service.ask("GET", f"/api/v2/chittyid/verify/{name}").document
    assert verified == {
        "valid": True,
        "chitty_id": name,
        "status": "active",
        "created_at": minted.document["status_block"]["creation_time"],
        "namespace": "DOC",
        "type": "I",
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nonce": "again"}, "REPLAY_DETECTED"),
        ({"nonce": None}, "MISSING_REPLAY_PROTECTION"),
        ({"timestamp": None}, "MISSING_REPLAY_PROTECTION"),
        ({"timestamp": 1_600_000_000_000}, "TIMESTAMP_OUT_OF_RANGE"),
        ({"content_hash": "abc"}, "INVALID_HASH"),
        ({"content_hash": ""}, "MISSING_REQUIRED_FIELDS"),
        ({"namespace": "XXX"}, "BODY_INVALID"),
        ({"type": "X"}, "BODY_INVALID"),
        ({"timestamp": "now"}, "BODY_INVALID"),
    ],
)
def test_what_cannot_be_minted_is_refused_with_its_code(
    service: Service, everything: str, change: dict[str, object], code: str
) -> None:
    mint(service, everything, "again")

    refused = mint(service, everything, f"fresh {code} {sorted(change)}", **change)

    assert (refused.status, refused.code) == (400, code)


def test_any_good_key_mints_and_nobody_without_one(service: Service) -> None:
    assert mint(service, service.key("certificates:issue=@acme/*"), "scoped").status == 200
    assert mint(service, "", "none").status == 401


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("A2-F-DOC-1693-I-NU-4-Z", 404, "NOT_FOUND"),
        ("A2-F-DOC-1693-I-NU-4-Y", 400, "CHITTY_ID_INVALID"),
        ("nonsense", 400, "CHITTY_ID_INVALID"),
    ],
)
def test_what_was_not_minted_is_not_valid(service: Service, name: str, status: int, code: str) -> None:
    refused = service.ask("GET", f"/api/v2/chittyid/verify/{name}")

    assert (refused.status, refused.code) == (status, code)
    assert refused.document["valid"] is False
