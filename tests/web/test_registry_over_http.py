"""The package registry of the wire contract (contract 5)."""

from __future__ import annotations

import pytest

from support.old_client import OldClient, client_with
from support.service import Service


@pytest.fixture
def client(service: Service, everything: str) -> OldClient:
    return client_with(service, everything)


def test_the_registry_says_what_it_is_and_what_it_takes(service: Service) -> None:
    found = service.ask("GET", "/registry").document

    assert (found["service"], found["status"]) == ("ChittyOS Registry", "operational")
    assert "PUT /registry/packages/{package}/{version}/status" in found["endpoints"]


def test_a_registration_is_shown_whole_as_a_report(client: OldClient) -> None:
    made = client.register(
        "@acme/whole", "1.0.0", r2_location="r2://bucket/x", npm_registry="https://npm.example.com",
        metadata={"team": "blue"}, colour="red",
    )  # fmt: skip

    assert made.status == 201
    assert made.document["success"] is True
    assert made.document["reg_id"].startswith("reg_")
    assert made.document["registry_url"].endswith("/registry/packages/@acme/whole/1.0.0")
    shown = client.show("@acme/whole", "1.0.0").document
    assert (shown["status"], shown["publication"], shown["publication_receipt"]) == ("certified", "none", "")
    assert (shown["sha256"], shown["sha512"]) == ("", "")
    assert (shown["r2_location"], shown["npm_registry"]) == ("r2://bucket/x", "https://npm.example.com")
    assert shown["metadata"] == {"team": "blue", "colour": "red"}
    assert shown["registered_by"] == "person:local"
    assert shown["registered_at"] == made.document["registered_at"]


def test_the_answer_names_the_rule_that_lets_old_clients_through(client: OldClient) -> None:
    named = client.register("@acme/named", "1.0.0").document["authorization"]

    assert (named["policy_version"], named["rules"], named["approvers"]) == ("trial-1", [2], [])
    receipt = client.service.shell.done("receipt", "show", named["receipt_id"], "--json").json()
    assert receipt["state"] == "executed"


@pytest.mark.parametrize("prefix", ["/registry/packages/", "/packages/"])
@pytest.mark.parametrize("name", ["@acme/tool", "@acme%2Ftool"])
def test_a_registration_is_found_with_and_without_the_service_s_name(client: OldClient, prefix: str, name: str) -> None:
    client.register("@acme/tool", "1.0.0")

    assert client.service.ask("GET", f"{prefix}{name}/1.0.0").document["package_name"] == "@acme/tool"


def test_versions_are_listed_in_their_order(client: OldClient) -> None:
    for version in ("1.10.0", "1.9.0", "2.0.0-rc.1", "1.9.0-1"):
        client.register("@acme/ordered", version)

    found = client.service.ask("GET", "/registry/packages/@acme/ordered").document

    assert [each["version"] for each in found["versions"]] == ["1.9.0-1", "2.0.0-rc.1", "1.9.0", "1.10.0"]
    assert found["total"] == 4
    assert set(found["versions"][0]) == {"version", "reg_id", "cert_id", "status", "registered_at"}


def test_packages_are_listed_with_their_latest_version_page_by_page(client: OldClient) -> None:
    for name in ("list-a", "list-b", "list-c"):
        client.register(name, "1.0.0")
        client.register(name, "0.9.0")
    client.set_status("list-b", "1.0.0", "unpublished")
    query = "/registry/packages?q=list-"

    first = client.service.ask("GET", f"{query}&limit=2").document
    second = client.service.ask("GET", f"{query}&limit=2&after={first['after'].replace(' ', '%20')}").document

    assert [each["package_name"] for each in (*first["packages"], *second["packages"])] == [
        "list-a", "list-b", "list-c",
    ]  # fmt: skip
    assert {each["latest_version"] for each in first["packages"]} == {"1.0.0"}
    assert (first["total"], second["total"], second["after"]) == (3, 3, "")
    gone = client.service.ask("GET", f"{query}&status=unpublished").document
    assert [each["package_name"] for each in gone["packages"]] == ["list-b"]
    assert client.service.ask("GET", "/registry/packages?limit=1").document["after"] != ""


def test_a_status_follows_the_machine_and_its_reason_is_shown(client: OldClient) -> None:
    client.register("@acme/life", "1.0.0")

    for status in ("published", "deprecated", "published", "unpublished"):
        changed = client.set_status("@acme/life", "1.0.0", status, f"now {status}")
        assert changed.status == 200
        assert changed.document["status"] == status
        shown = client.show("@acme/life", "1.0.0").document
        assert (shown["status"], shown["status_reason"]) == (status, f"now {status}")
        assert shown["status_updated_at"] == changed.document["updated_at"]
        assert shown["publication"] == "none"
    for status in ("certified", "published", "deprecated", "unpublished"):
        refused = client.set_status("@acme/life", "1.0.0", status)
        assert (refused.status, refused.code) == (409, "ILLEGAL_TRANSITION")


def test_a_version_is_registered_once(client: OldClient) -> None:
    first = client.register("@acme/once", "1.0.0").document

    again = client.register("@acme/once", "1.0.0")

    assert (again.status, again.code) == (409, "VERSION_EXISTS")
    assert client.show("@acme/once", "1.0.0").document["reg_id"] == first["reg_id"]


def test_what_is_registered_needs_a_certificate_and_an_event_of_its_own(client: OldClient) -> None:
    certificate, event = client.issue("@acme/own", "1.0.0"), client.report("@acme/own", "1.0.0")
    revoked = client.issue("@acme/own", "1.0.0")
    client.service.ask("POST", f"/v1/certificates/{revoked}/revoke", {"reason": "superseded"}, key=client.issuing)
    wrong: list[dict[str, object]] = [
        {"cert_id": client.issue("@acme/own", "1.0.1")},
        {"cert_id": client.issue("@acme/other", "1.0.0")},
        {"cert_id": revoked},
        {"cert_id": "CERT-PKG-20200101-001"},
        {"cert_id": "nonsense"},
        {"chronicle_event_id": client.report("@acme/own", "1.0.1")},
        {"chronicle_event_id": "evt_20251113120000_abc123"},
        {"chronicle_event_id": "nonsense"},
    ]

    for change in wrong:
        refused = client.register(
            "@acme/own", "1.0.0", **{"cert_id": certificate, "chronicle_event_id": event, **change}
        )
        assert (refused.status, refused.code) == (409, "REGISTRATION_MISMATCH"), change
    assert client.show("@acme/own", "1.0.0").status == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"status": "gone"}, 400, "STATUS_INVALID"),
        ({"status": "deprecated"}, 409, "ILLEGAL_TRANSITION"),
        ({"metadata": 5}, 400, "BODY_INVALID"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_its_code(
    client: OldClient, change: dict[str, object], status: int, code: str
) -> None:
    refused = client.register("@acme/bad", "1.0.0", **change)

    assert (refused.status, refused.code) == (status, code)


def test_what_is_not_registered_is_not_found(client: OldClient) -> None:
    for path in ("@acme/never", "@acme/never/1.0.0", "never/1.0.0"):
        refused = client.service.ask("GET", f"/registry/packages/{path}")
        assert (refused.status, refused.code) == (404, "NOT_FOUND")
    assert client.set_status("@acme/never", "1.0.0", "published").code == "NOT_FOUND"


def test_a_scope_is_for_its_verb_and_its_packages(service: Service, client: OldClient) -> None:
    client.register("@acme/scoped", "1.0.0")
    for scope in ("registry:write=@other/*", "chronicle:write=@acme/*"):
        limited = client_with(service, service.key(scope))
        refused = limited.set_status("@acme/scoped", "1.0.0", "published")
        assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")
        refused = limited.register("@acme/scoped", "1.0.1", cert_id="x", chronicle_event_id="x")
        assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")
