"""Governed acts, freezes and keys over HTTP: no key and no scope changes who may say yes (protocol 6, attacks A94)."""

from __future__ import annotations

from typing import Any

import pytest

from placet.errors import ApprovalsPendingError
from placet.facade import RemotePlacet
from support.homes import TEAM_POLICY
from support.remote import PUBLISHES, Person, make_key
from support.service import Service

NOBODY_APPROVES = 'version = "v9"\n[[rule]]\noperations = ["activate_policy"]\nsubjects = ["core:*"]\n'
LAX = NOBODY_APPROVES + 'requesters = ["person:*"]\napprovals = []\n'
GOVERNED: dict[str, tuple[str, dict[str, object]]] = {
    "activate_policy": ("/api/v1/policy", {"document": LAX}),
    "enrol_principal": ("/api/v1/principals", {"principal_id": "person:mallory"}),
    "change_role": ("/api/v1/principals/role", {"principal_id": "person:local", "disabled": True}),
    "change_executor": ("/api/v1/providers", {"provider_id": "npm2", "kind": "npm", "url": "http://127.0.0.1:9"}),
    "create_key": ("/api/v1/keys", {"name": "more", "principal_id": "person:local", "scopes": ["*=*"]}),
}


@pytest.fixture(scope="module")
def local(service: Service, everything: str) -> Person:
    return Person(service, "local", everything)


@pytest.fixture(scope="module")
def people(team: Service) -> dict[str, Person]:
    """Return alice, bob and carol, each with a key of their own."""
    return {
        name: Person(team, name, make_key(team.shell, *PUBLISHES, principal=f"person:{name}", requester="person:alice"))
        for name in ("alice", "bob", "carol")
    }


@pytest.mark.parametrize("kind", GOVERNED)
def test_a_key_for_everything_governs_nothing_even_where_nobody_has_to_approve(
    service: Service, everything: str, kind: str
) -> None:
    path, body = GOVERNED[kind]

    refused = service.ask("POST", path, body, key=everything)

    assert (refused.status, refused.code, refused.document["kind"]) == (403, "APPROVALS_MISSING", "denied")
    assert kind in refused.document["message"]
    run = service.ask("GET", "/api/v1/runs?limit=1", key=everything).document["runs"][0]
    assert run["state"] == "abandoned"
    (denied,) = service.ask("GET", f"/api/v1/runs/{run['run_id']}", key=everything).document["denials"]
    assert (denied["code"], denied["actor"]) == ("APPROVALS_MISSING", "person:local")


def test_a_freeze_is_set_by_who_may_and_lifted_by_no_key(service: Service, everything: str) -> None:
    frozen = service.ask("POST", "/api/v1/freezes", {"reason": "a leak", "subjects": ["npm:@old/*"]}, key=everything)
    assert (frozen.status, frozen.document["holds"]) == (201, True)

    refused = service.ask("POST", f"/api/v1/freezes/{frozen.document['freeze_id']}/lift", {}, key=everything)

    assert (refused.status, refused.code) == (403, "APPROVALS_MISSING")
    found = service.ask("GET", "/api/v1/freezes", key=everything).document["freezes"]
    assert frozen.document["freeze_id"] in [each["freeze_id"] for each in found]


def test_a_governed_act_waits_for_approvals_from_elsewhere_and_is_done_once_they_are_there(
    people: dict[str, Person],
) -> None:
    alice, bob = people["alice"], people["bob"]

    def enrol(placet: RemotePlacet) -> Any:
        return placet.governance.add_principal("service:builder", public_keys=())

    pending = alice.refused(enrol, "APPROVALS_MISSING")
    assert isinstance(pending, ApprovalsPendingError)
    alice.refused(lambda placet: placet.publishing.resume(pending.run_id), "APPROVALS_MISSING")

    assert bob.says("approve", pending.run_id)["missing"] == []
    done = alice.do(lambda placet: placet.publishing.resume(pending.run_id))

    assert done["state"] == "executed"
    listed: Any = alice.do(lambda placet: placet.governance.principals())["principals"]
    assert "service:builder" in [each["principal_id"] for each in listed]


def test_a_key_that_was_asked_for_works_once_it_was_approved(team: Service, people: dict[str, Person]) -> None:
    alice, bob = people["alice"], people["bob"]
    pending = alice.refused(
        lambda placet: placet.governance.add_principal("service:deployer", public_keys=()), "APPROVALS_MISSING"
    )
    assert isinstance(pending, ApprovalsPendingError)
    bob.says("approve", pending.run_id)
    alice.do(lambda placet: placet.publishing.resume(pending.run_id))

    made = alice.do(lambda placet: placet.keys.create("later", "service:deployer", ("runs:read=@acme/*",)))
    key, run_id = str(made["key"]), str(made["run_id"])
    assert made["status"] == "waiting"
    assert team.ask("GET", "/api/v1/runs", key=key).status == 401
    bob.says("approve", run_id)
    alice.do(lambda placet: placet.publishing.resume(run_id))

    assert team.ask("GET", "/api/v1/runs", key=key).status == 200
    listed = team.ask("GET", "/api/v1/keys", key=key).document["keys"]
    assert [each["principal_id"] for each in listed] == ["service:deployer"]


def test_a_key_for_oneself_is_made_by_no_key_where_nobody_has_to_approve(people: dict[str, Person]) -> None:
    refused = people["alice"].refused(
        lambda placet: placet.keys.create("more", "person:alice", ("runs:read=@acme/*",)), "APPROVALS_MISSING"
    )

    assert refused.kind == "denied"


def test_a_policy_is_checked_without_being_put_in_force(people: dict[str, Person], team: Service) -> None:
    alice = people["alice"]

    checked = team.ask("POST", "/api/v1/policy/check", {"document": LAX}, key=alice.key)
    broken = team.ask("POST", "/api/v1/policy/check", {"document": "version = 1"}, key=alice.key)

    assert (checked.status, checked.document["rules"]) == (200, 1)
    assert (broken.status, broken.code) == (400, "POLICY_INVALID")
    assert alice.do(lambda placet: placet.governance.policy())["version"] == "v1"


@pytest.mark.parametrize("kind", ["enrol_principal", "create_key"])
def test_what_no_plan_can_hold_is_refused_with_a_code_that_says_so(
    service: Service, everything: str, kind: str
) -> None:
    path, body = GOVERNED[kind]
    before = service.ask("GET", "/api/v1/runs?limit=1", key=everything).document["runs"]

    refused = service.ask("POST", path, {**body, "principal_id": "person:b\u00f6b"}, key=everything)

    assert (refused.status, refused.code) == (400, "PLAN_INVALID")
    assert "printable ASCII" in refused.document["message"]
    assert service.ask("GET", "/api/v1/runs?limit=1", key=everything).document["runs"] == before


def test_an_address_that_nothing_is_sent_to_is_refused_by_us_and_no_failure_of_a_gateway(
    service: Service, everything: str
) -> None:
    body = {"provider_id": "npm2", "kind": "npm", "url": "file:/etc"}

    refused = service.ask("POST", "/api/v1/providers", body, key=everything)

    assert (refused.status, refused.code) == (403, "EGRESS_DENIED")


def test_nobody_learns_which_folders_the_service_has(people: dict[str, Person], team: Service) -> None:
    alice = people["alice"]
    asked = [
        team.ask(
            "POST", "/api/v1/providers", {"provider_id": "f", "kind": "folder", "url": f"file:{path}"}, key=alice.key
        )
        for path in (team.shell.place, "/nowhere")
    ]

    assert {(each.status, each.code, each.document["message"]) for each in asked} == {
        (400, "PROVIDER_INVALID", "a folder is a provider only where it was added on its own machine")
    }


def test_keys_are_listed_to_whom_they_concern_and_revoked_at_once(team: Service, people: dict[str, Person]) -> None:
    alice = people["alice"]
    keys: Any = alice.do(lambda placet: placet.keys.list())["keys"]
    assert {each["principal_id"] for each in keys} >= {"person:alice", "person:bob"}  # approvers see all

    spare = make_key(team.shell, "runs:read=@acme/*", principal="person:alice", requester="person:alice")
    newest: Any = alice.do(lambda placet: placet.keys.list())["keys"]
    key_id = str(newest[-1]["key_id"])
    assert alice.do(lambda placet: placet.keys.revoke(key_id))["status"] == "revoked"

    gone = team.ask("GET", "/api/v1/runs", key=spare)
    assert (gone.status, gone.code) == (401, "UNAUTHENTICATED")


def test_unknown_members_of_a_body_that_decides_are_refused(team: Service, people: dict[str, Person]) -> None:
    body = {"document": TEAM_POLICY, "approvals": []}

    refused = team.ask("POST", "/api/v1/policy", body, key=people["alice"].key)

    assert (refused.status, refused.code) == (400, "BODY_INVALID")
