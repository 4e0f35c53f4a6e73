"""Every read of the governance API answers as it is described, and of what is hidden as of nothing (attacks A87)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from placet import config
from placet.facade import Placet, PublishRequest
from placet.web.router import Router
from placet.web.table import ROUTES
from support.remote import Person, archive, make_key
from support.service import Reply, Service

NOWHERE = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
NO_RECEIPT = "fc-receipt-20260101-000000-000000000000"
OF_A_RUN = ("", "/audit", "/missing", "/plan", "/ballot", "/evidence", "/break-glass")
ROUTER = Router(ROUTES)


@pytest.fixture(scope="module")
def published(service: Service, everything: str) -> Mapping[str, str]:
    """Publish a package, and return the ids of what came of it."""
    request = PublishRequest(tgz=archive("1.0.0"))
    done: Any = Person(service, "local", everything).do(lambda placet: placet.publishing.publish(request))
    return {
        "RUN": done["run_id"],
        "OPERATION": done["operations"][0]["operation_id"],
        "RECEIPT": done["receipts"][0],
        "CERTIFICATE": done["certificate_id"],
    }


@pytest.fixture(scope="module")
def narrow(service: Service) -> str:
    """Return the key of a program that has to do with other packages alone."""

    async def enrol() -> None:
        async with Placet.open(config.load(service.shell.environment())) as placet:
            await placet.governance.add_principal("ci:other", public_keys=())

    asyncio.run(enrol())
    return make_key(service.shell, "runs:read=@other/*", "runs:write=@other/*", principal="ci:other")


def described(path: str, reply: Reply) -> None:
    """Assert that a document is one of the shape that the table has for its status, with no member more."""
    segments = tuple(path.partition("?")[0].strip("/").replace("%40", "@").split("/"))
    route, _ = ROUTER.find("GET", segments)
    shape = route.answers[reply.status]
    if isinstance(shape, type):
        read = msgspec.to_builtins(msgspec.convert(reply.document, shape))
        assert list(more(reply.document, read)) == []


def more(document: Any, read: Any, place: str = "") -> Iterator[str]:
    """Yield each member of a document that was not read."""
    if isinstance(document, dict) and isinstance(read, dict):
        for name, value in document.items():
            if name not in read:
                yield f"{place}.{name}"
            else:
                yield from more(value, read[name], f"{place}.{name}")
    elif isinstance(document, list):
        for each, its in zip(document, read, strict=True):
            yield from more(each, its, place)


READS = [
    "/api/v1/mode",
    "/api/v1/runs",
    "/api/v1/runs?limit=1",
    *(f"/api/v1/runs/RUN{each}" for each in OF_A_RUN if each != "/break-glass"),
    "/api/v1/operations/OPERATION",
    "/api/v1/receipts/RECEIPT",
    "/api/v1/policy",
    "/api/v1/principals",
    "/api/v1/providers",
    "/api/v1/freezes",
    "/api/v1/keys",
    "/api/v1/certificates",
    "/api/v1/certificates?package=%40acme%2Ftool",
    "/api/v1/certificates/CERTIFICATE",
    "/api/v1/certificates/CERTIFICATE/verification",
    "/api/v1/crl/intermediate",
    "/api/v1/crl/root",
    "/api/v1/revocations",
    "/api/v1/packages/@acme/tool/1.0.0/evidence",
    "/api/v1/ledger?count=200",
    "/api/v1/ledger/checkpoint",
    "/api/v1/ledger/proof?seq=1",
    "/api/v1/search?q=tool",
    "/api/v1/search?q=tool&type=run&limit=1",
]


@pytest.mark.parametrize("path", READS)
def test_a_read_answers_as_it_is_described(
    service: Service, everything: str, published: Mapping[str, str], path: str
) -> None:
    for name, value in published.items():
        path = path.replace(name, value)

    found = service.ask("GET", path, key=everything)

    assert found.status == 200, found.content
    described(path, found)


def test_a_run_is_told_in_four_phases_with_the_reason_of_each_operation(
    service: Service, everything: str, published: Mapping[str, str]
) -> None:
    shown = service.ask("GET", f"/api/v1/runs/{published['RUN']}", key=everything).document

    assert [each["phase"] for each in shown["phases"]] == ["plan", "authorize", "execute", "audit"]
    assert all(each["why_not"] == {} for each in shown["operations"])


def test_a_receipt_is_told_with_the_checks_that_it_passed(
    service: Service, everything: str, published: Mapping[str, str]
) -> None:
    shown = service.ask("GET", f"/api/v1/receipts/{published['RECEIPT']}", key=everything).document

    assert shown["state"] == "executed"
    assert [shown["checks"][f"check_{number}"] for number in range(1, 9)] == ["pass"] * 8


@pytest.mark.parametrize("path", [f"/api/v1/runs/RUN{each}" for each in OF_A_RUN])
def test_a_hidden_run_is_answered_as_one_that_is_not_there(
    service: Service, narrow: str, published: Mapping[str, str], path: str
) -> None:
    hidden = service.ask("GET", path.replace("RUN", published["RUN"]), key=narrow)
    nothing = service.ask("GET", path.replace("RUN", NOWHERE), key=narrow)

    assert told(hidden, published["RUN"]) == told(nothing, NOWHERE)
    assert hidden.status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/runs/RUN/resume", {}),
        ("POST", "/api/v1/operations/RUN/2/1/receipt", {}),
        ("GET", "/api/v1/operations/RUN/2/1", None),
        ("POST", "/api/v1/runs/RUN/approvals", {"approvals": [{"approval": "{}", "signature": "AA=="}]}),
        ("POST", "/api/v1/runs/RUN/reviews", {"approval": "{}", "signature": "AA=="}),
        ("POST", "/api/v1/runs/RUN/break-glass", {"approval": "{}", "signature": "AA==", "justification": "eA=="}),
    ],
)
def test_nothing_can_be_done_to_a_hidden_run_and_nothing_learned_by_trying(
    service: Service, narrow: str, published: Mapping[str, str], method: str, path: str, body: object
) -> None:
    hidden = service.ask(method, path.replace("RUN", published["RUN"]), body, key=narrow)
    nothing = service.ask(method, path.replace("RUN", NOWHERE), body, key=narrow)

    assert told(hidden, published["RUN"]) == told(nothing, NOWHERE)
    assert hidden.status == 404


@pytest.mark.parametrize(("method", "more"), [("GET", ""), ("POST", "/revoke")])
def test_a_hidden_receipt_is_answered_as_one_that_is_not_there(
    service: Service, narrow: str, published: Mapping[str, str], method: str, more: str
) -> None:
    body: object = {} if method == "POST" else None
    hidden = service.ask(method, f"/api/v1/receipts/{published['RECEIPT']}{more}", body, key=narrow)
    nothing = service.ask(method, f"/api/v1/receipts/{NO_RECEIPT}{more}", body, key=narrow)

    assert told(hidden, published["RECEIPT"]) == told(nothing, NO_RECEIPT)
    assert hidden.status == 404


def told(reply: Reply, named: str) -> tuple[int, str]:
    """Return an answer without the name that was asked for, and what is different each time."""
    document = {name: value for name, value in reply.document.items() if name != "request_id"}
    return reply.status, json.dumps(document).replace(named, "")


def test_lists_and_searches_know_of_nothing_that_is_hidden(
    service: Service, narrow: str, published: Mapping[str, str]
) -> None:
    assert service.ask("GET", "/api/v1/runs", key=narrow).document == {"runs": [], "after": ""}
    for kind in ("run", "receipt", "event"):
        found = service.ask("GET", f"/api/v1/search?q=tool&type={kind}", key=narrow)
        assert found.document == {"hits": [], "after": ""}
    assert service.ask("POST", "/api/v1/reconcile", {}, key=narrow).document == {"receipts": []}
    keys = service.ask("GET", "/api/v1/keys", key=narrow).document["keys"]
    assert {each["principal_id"] for each in keys} == {"ci:other"}
    assert published


@pytest.mark.parametrize(
    "path",
    ["/api/v1/principals", "/api/v1/providers", "/api/v1/freezes", "/api/v1/ledger", "/api/v1/ledger/proof?seq=1"],
)
def test_a_narrow_key_is_told_that_it_may_not_know_who_and_what_there_is(
    service: Service, narrow: str, path: str
) -> None:
    refused = service.ask("GET", path, key=narrow)

    assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")
    assert "runs:read=*" in refused.document["message"]


@pytest.mark.parametrize("path", ["/api/v1/ledger/verification", "/api/v1/providers/npm/storage-check"])
def test_a_narrow_key_has_nothing_verified_or_tried_out(service: Service, narrow: str, path: str) -> None:
    refused = service.ask("POST", path, {}, key=narrow)

    assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")


def test_a_key_that_only_reads_has_nothing_put_into_a_store(service: Service) -> None:
    """A check puts and removes objects with the provider's credential, and records what came of it."""
    reads = service.key("runs:read=*")

    refused = service.ask("POST", "/api/v1/providers/objects/storage-check", {}, key=reads)

    assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")
    assert "runs:write=*" in refused.document["message"]


def test_a_query_that_does_not_fit_is_told_what_would(service: Service, everything: str) -> None:
    refused = service.ask("GET", "/api/v1/runs?limit=many", key=everything)

    assert (refused.status, refused.code) == (400, "QUERY_INVALID")
    assert "search" not in refused.document["next_action"]
    assert "/openapi.json" in refused.document["next_action"]


def test_the_ledger_is_verified_for_who_sees_everything(service: Service, everything: str) -> None:
    kept = service.ask("GET", "/api/v1/ledger/checkpoint", key=everything).document["checkpoint"]

    verified = service.ask("POST", "/api/v1/ledger/verification", {"checkpoints": [kept]}, key=everything)
    foreign = service.ask("POST", "/api/v1/ledger/verification", {"checkpoints": ["no note"]}, key=everything)

    assert (verified.status, verified.document["verified"], verified.document["finding"]) == (200, True, {})
    assert (foreign.status, foreign.code) == (409, "CHECKPOINT_INVALID")


def test_a_narrow_key_learns_nobodys_enrolment_by_asking_for_changes(service: Service, narrow: str) -> None:
    asked = [
        service.ask("POST", "/api/v1/principals/role", {"principal_id": each, "disabled": True}, key=narrow)
        for each in ("person:local", "person:nobody")
    ]

    assert {(each.status, each.code) for each in asked} == {(403, "SCOPE_INSUFFICIENT")}


@pytest.mark.parametrize("path", [each for each in READS if "RUN" not in each and "OPERATION" not in each])
def test_without_a_key_nothing_is_told(service: Service, path: str) -> None:
    refused = service.ask("GET", path)

    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")


def test_a_page_of_runs_leads_to_the_next(service: Service, everything: str, published: Mapping[str, str]) -> None:
    whole = service.ask("GET", "/api/v1/runs", key=everything).document["runs"]

    first = service.ask("GET", "/api/v1/runs?limit=1", key=everything).document
    second = service.ask("GET", f"/api/v1/runs?limit=1&after={first['after']}", key=everything).document

    assert [each["run_id"] for each in (*first["runs"], *second["runs"])] == [each["run_id"] for each in whole[:2]]
    assert published


def test_a_kept_checkpoint_is_held_against_the_ledger(service: Service, everything: str) -> None:
    kept = service.ask("GET", "/api/v1/ledger/checkpoint", key=everything).document["checkpoint"]
    service.key("runs:read=@other/*")

    grown = service.ask("POST", "/api/v1/ledger/consistency", {"checkpoint": kept}, key=everything)
    observed = service.ask("POST", "/api/v1/ledger/observations", {"checkpoint": kept}, key=everything)
    forged = service.ask("POST", "/api/v1/ledger/observations", {"checkpoint": kept + "x"}, key=everything)

    assert grown.document["new_size"] > grown.document["old_size"]
    assert observed.status == 200
    assert (forged.status, forged.code) == (409, "CHECKPOINT_INVALID")
