from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from placet.domain.encoding.canonical import Object, Value, decode
from placet.domain.package.metadata import BLOCK_KEY, read_metadata
from placet.errors import InvalidInputError
from support.metadata import MOMENT, metadata

MEMBERS = {
    "service_id": None,
    "domain": None,
    "certificate": ["cert_id", "chitty_id", "expires_at", "fingerprint", "issued_at", "verify_url"],
    "provenance": ["chronicle_event", "chronicle_url", "r2_storage", "registry_url", "tarball_hash"],
    "governance": ["approval_date", "approval_url", "approved_by", "policy_version"],
    "build": ["commit", "timestamp", "workflow_run"],
}


def block() -> dict[str, dict[str, object]]:
    copied: dict[str, dict[str, object]] = json.loads(metadata().encode())
    return copied


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(InvalidInputError) as refusal:
        act()
    return refusal.value.code


def as_object(value: object) -> Object:
    decoded: Object = json.loads(json.dumps(value))
    return decoded


def test_the_block_has_exactly_the_members_of_the_contract() -> None:
    members = metadata().to_object()
    assert {name: sorted(each) if isinstance(each, dict) else None for name, each in members.items()} == MEMBERS
    assert BLOCK_KEY == "chittyos"


@pytest.mark.parametrize("approved_by", [(), ("alice",), ("alice", "bob")])
def test_a_block_reads_back_as_it_was(approved_by: tuple[str, ...]) -> None:
    written = metadata(approved_by=approved_by)
    assert read_metadata(decode(written.encode())) == written


def test_what_is_absent_is_the_empty_string() -> None:
    members = metadata(approved_by=()).to_object()
    assert members["governance"] == {
        "approved_by": [],
        "approval_date": "",
        "approval_url": "https://example.com/runs/run_1",
        "policy_version": "v1.0",
    }
    assert members["build"] == {"commit": "0" * 40, "workflow_run": "", "timestamp": ""}


def test_times_are_written_as_the_contract_says() -> None:
    assert json.loads(metadata().encode())["certificate"]["issued_at"] == "2026-01-02T03:04:05.678Z"
    assert metadata().certificate.issued_at == MOMENT


@pytest.mark.parametrize(
    ("part", "member"), [(part, member) for part, members in MEMBERS.items() for member in members or [""]]
)
def test_a_block_without_one_of_its_members_is_refused(part: str, member: str) -> None:
    members = block()
    (members[part] if member else members).pop(member or part)
    assert code_of(lambda: read_metadata(as_object(members))) == "METADATA_INVALID"


@pytest.mark.parametrize("part", ["", "certificate", "provenance", "governance", "build"])
def test_a_block_with_one_more_member_is_refused(part: str) -> None:
    members = block()
    (members[part] if part else members)["more"] = {}
    assert code_of(lambda: read_metadata(as_object(members))) == "METADATA_INVALID"


@pytest.mark.parametrize(
    ("part", "member", "value"),
    [
        ("certificate", "fingerprint", "SHA256:00"),
        ("certificate", "issued_at", ""),
        ("certificate", "expires_at", "2027-01-02"),
        ("provenance", "tarball_hash", ""),
        ("governance", "approved_by", "alice"),
        ("governance", "approved_by", [1]),
        ("governance", "approval_date", "yesterday"),
        ("build", "timestamp", "2026-13-01T00:00:00.000Z"),
        ("build", "commit", 1),
        ("build", "commit", "caf\u00e9"),
    ],
)
def test_a_block_with_a_member_of_another_kind_is_refused(part: str, member: str, value: object) -> None:
    members = block()
    members[part][member] = value
    assert code_of(lambda: read_metadata(as_object(members))) == "METADATA_INVALID"


@pytest.mark.parametrize("value", [[], "", 1, True])
def test_anything_but_an_object_is_no_block(value: Value) -> None:
    assert code_of(lambda: read_metadata(value)) == "METADATA_INVALID"


def test_a_block_outside_the_profile_is_not_written() -> None:
    assert code_of(metadata(service_id="caf\u00e9").encode) == "JSON_INVALID"
    assert code_of(metadata(service_id="x" * 17_000).encode) == "JSON_INVALID"
