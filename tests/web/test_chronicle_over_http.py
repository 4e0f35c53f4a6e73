"""The event log of the wire contract (contract 4)."""

from __future__ import annotations

import base64
import hashlib

import pytest

from placet.domain.log.checkpoint import open_checkpoint, parse_vkey
from placet.domain.log.merkle import verify_inclusion
from support.service import Reply, Service

EVENTS = "/chronicle/events"
RAW = ["@acme/tool", "@acme%2Ftool"]


def report(service: Service, key: str, **members: object) -> Reply:
    body = {"event_type": "package.build.start", "package": "@acme/tool", "version": "1.0.0"} | members
    return service.ask("POST", EVENTS, body, key=key)


def test_the_chronicle_says_what_it_is_and_what_it_takes(service: Service) -> None:
    found = service.ask("GET", "/chronicle").document

    assert (found["service"], found["status"]) == ("ChittyOS Chronicle", "operational")
    assert len(found["package_event_types"]) == 8
    assert "POST /chronicle/events" in found["endpoints"]


def test_a_reported_event_is_shown_as_reported_by_who_did_it(service: Service, everything: str) -> None:
    made = report(
        service,
        everything,
        version="1.0.1",
        actor="octocat",
        artifacts=[{"name": "tool.tgz"}],
        colour="red",
        metadata={"source": "observed", "run": 7.5},
    )

    assert made.status == 201
    assert made.document["success"] is True
    assert made.document["chronicle_url"].endswith(f"/chronicle/events/{made.document['event_id']}")
    shown = service.ask("GET", f"{EVENTS}/{made.document['event_id']}").document
    assert shown["actor"] == "person:local"
    assert shown["payload"] == {
        "package": "@acme/tool",
        "version": "1.0.1",
        "actor": "octocat",
        "artifacts": [{"name": "tool.tgz"}],
        "colour": "red",
    }
    assert shown["metadata"] == {"source": "reported", "run": 7.5}
    assert shown["timestamp"] == made.document["timestamp"]


def test_the_place_of_an_event_in_the_ledger_is_proved(service: Service, everything: str) -> None:
    made = report(service, everything, version="1.0.2")
    entries = service.shell.done("ledger", "show", "--count", "1", "--json").json()

    shown = service.ask("GET", f"{EVENTS}/{made.document['event_id']}").document

    proof = shown["inclusion"]
    checkpoint = open_checkpoint(proof["checkpoint"], parse_vkey(entries["checkpoint_key"]))
    path = [bytes.fromhex(each) for each in proof["path"]]
    verify_inclusion(bytes.fromhex(proof["leaf_hash"]), shown["index"], checkpoint.size, path, checkpoint.root)
    assert entries["entries"][0]["id"] == shown["id"]
    assert entries["entries"][0]["leaf_hash"] == proof["leaf_hash"]
    assert entries["entries"][0]["type"] == "chronicle.reported"


def test_nothing_that_a_client_says_stands_in_an_entry(service: Service, everything: str) -> None:
    report(service, everything, version="1.0.3", metadata={"note": "canary-in-metadata"}, actor="canary-actor")

    shown = service.shell.done("ledger", "show", "--count", "2", "--json").out
    assert "canary" not in shown
    assert base64.b64encode(b"canary").decode()[:6] not in shown
    assert hashlib.sha256(b"canary-actor").hexdigest() not in shown


@pytest.mark.parametrize("name", RAW)
def test_a_package_s_events_are_listed_oldest_first(service: Service, everything: str, name: str) -> None:
    ids = [report(service, everything, version=f"3.{minor}.0").document["event_id"] for minor in range(3)]

    found = service.ask("GET", f"/chronicle/packages/{name}/events").document

    assert found["package"] == "@acme/tool"
    assert [each["event_id"] for each in found["events"]][-3:] == ids
    assert found["total"] == len(found["events"])
    assert set(found["events"][0]) == {"event_id", "event_type", "version", "timestamp"}


def test_events_are_found_by_type_package_and_actor_newest_first_page_by_page(
    service: Service, everything: str
) -> None:
    for minor in range(5):
        report(service, everything, event_type="package.test.complete", package="paged", version=f"1.{minor}.0")
    report(service, everything, event_type="package.build.failed", package="paged", version="9.0.0")
    query = f"{EVENTS}?package=paged&type=package.test.complete&actor=person:local"

    pages = [service.ask("GET", f"{query}&limit=2&offset={offset}").document for offset in (0, 2, 4, 6)]

    versions = [each["payload"]["version"] for page in pages for each in page["events"]]
    assert versions == ["1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"]
    assert [page["total"] for page in pages] == [5, 5, 5, 5]
    assert [page["offset"] for page in pages] == [0, 2, 4, 6]
    assert service.ask("GET", f"{EVENTS}?package=paged").document["total"] == 6
    assert service.ask("GET", f"{EVENTS}?package=paged&actor=person:other").document["total"] == 0


def test_events_are_found_by_time_both_ends_within(service: Service, everything: str) -> None:
    times = [
        report(service, everything, package="timed", version=f"1.{minor}.0").document["timestamp"] for minor in range(3)
    ]
    query = f"{EVENTS}?package=timed"

    found = service.ask("GET", f"{query}&since={times[1]}&until={times[1]}").document

    assert [each["timestamp"] for each in found["events"]] == [times[1]] * found["total"]
    assert service.ask("GET", f"{query}&since={times[1]}").document["total"] >= 2
    assert service.ask("GET", f"{query}&until=2000-01-01T00:00:00.000Z").document["total"] == 0


def test_what_the_core_did_is_observed(service: Service, everything: str) -> None:
    body = {"type": "package", "package_name": "observed", "version": "1.0.0"}
    certificate_id = service.ask("POST", "/v1/certificates/issue", body, key=everything).document["cert_id"]

    found = service.ask("GET", f"{EVENTS}?package=observed").document

    (event,) = found["events"]
    assert event["type"] == "package.certificate.issued"
    assert event["metadata"] == {"source": "observed"}
    assert event["payload"]["cert_id"] == certificate_id
    assert event["payload"]["receipt_id"].startswith("fc-receipt-")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_type": "package.party"}, "EVENT_INVALID"),
        ({"event_type": "Package.published"}, "EVENT_INVALID"),
        ({"event_type": "package.published", "version": ""}, "EVENT_INVALID"),
        ({"event_type": "package.published", "package": ""}, "EVENT_INVALID"),
        ({"event_type": "build", "package": ""}, "EVENT_INVALID"),
        ({"event_type": ""}, "MISSING_REQUIRED_FIELDS"),
        ({"cert_id": "CERT"}, "EVENT_INVALID"),
        ({"package": "Tool"}, "NAME_INVALID"),
        ({"version": "v1"}, "VERSION_INVALID"),
        ({"metadata": "text"}, "BODY_INVALID"),
    ],
)
def test_what_is_no_event_is_refused_with_its_code(
    service: Service, everything: str, change: dict[str, object], code: str
) -> None:
    refused = report(service, everything, **change)

    assert (refused.status, refused.code) == (400, code)


def test_an_event_of_no_package_needs_a_scope_for_every_package(service: Service) -> None:
    body = {"event_type": "deploy.done", "where": "production"}
    refused = service.ask("POST", EVENTS, body, key=service.key("chronicle:write=@acme/*"))
    assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")

    made = service.ask("POST", EVENTS, body, key=service.key("chronicle:write=*"))

    assert made.status == 201
    shown = service.ask("GET", f"{EVENTS}/{made.document['event_id']}").document
    assert (shown["type"], shown["payload"]) == ("deploy.done", {"where": "production"})


def test_a_scope_is_for_its_verb_and_its_packages(service: Service) -> None:
    for scope in ("chronicle:write=@other/*", "registry:write=@acme/*"):
        refused = report(service, service.key(scope))
        assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")


@pytest.mark.parametrize("event_id", ["evt_20251113120000_abc123", "nonsense", "genesis"])
def test_what_is_no_event_of_the_chronicle_is_not_found(service: Service, event_id: str) -> None:
    refused = service.ask("GET", f"{EVENTS}/{event_id}")

    assert (refused.status, refused.code) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "query", ["actor=*", "type=*", "package=*", "limit=0", "limit=501", "offset=-1", "since=yesterday", "actor=a%20b"]
)
def test_a_query_that_asks_nothing_is_refused(service: Service, query: str) -> None:
    assert service.ask("GET", f"{EVENTS}?{query}").status == 400


def test_the_chronicle_describes_itself(service: Service) -> None:
    found = service.ask("GET", "/chronicle/openapi.json").document

    assert "/chronicle/packages/{package}/events" in found["paths"]
    assert "/v1/certificates/issue" not in found["paths"]
