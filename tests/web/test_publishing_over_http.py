"""Publications over HTTP: uploaded by digest, approved from other machines, carried out once, verified anywhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from placet.demo.npm_double import NpmDouble
from placet.domain.values.digest import sha256
from placet.facade import PublishRequest, RemotePlacet
from support.remote import PUBLISHES, Person, archive, make_key
from support.service import Service


@pytest.fixture(scope="module")
def people(team: Service) -> dict[str, Person]:
    """Return alice, bob and carol, each with a key of their own."""
    names = ("alice", "bob", "carol")
    keys = {
        name: make_key(team.shell, *PUBLISHES, principal=f"person:{name}", requester="person:alice") for name in names
    }
    return {name: Person(team, name, key) for name, key in keys.items()}


@pytest.fixture(scope="module")
def alice(people: dict[str, Person]) -> Person:
    return people["alice"]


@pytest.fixture(scope="module")
def bob(people: dict[str, Person]) -> Person:
    return people["bob"]


@pytest.fixture(scope="module")
def carol(people: dict[str, Person]) -> Person:
    return people["carol"]


def test_on_the_command_line_alice_publishes_what_bob_and_carol_approve_from_their_own_machines(
    team: Service, people: dict[str, Person], tmp_path: Path, registry: NpmDouble
) -> None:
    shells = {name: team.client(tmp_path / name, person.key) for name, person in people.items()}
    alice = shells["alice"]
    publishing = alice.start("publish", str(alice.package("1.0.0")), "--evidence", "evidence.json", "--json")
    assert publishing.stderr is not None
    told: list[str] = []
    while not told or not told[-1].startswith("waiting"):
        told.append(publishing.stderr.readline().decode().strip())
    run_id = next(line.split()[2] for line in told if line.startswith("placet approve"))
    phrase = told[told.index(next(each for each in told if "Its phrase" in each)) + 1].rstrip(",")

    for name, confirmation in (("bob", ("--phrase", phrase)), ("carol", ("--yes",))):
        shutil.copy(team.shell.place / name, shells[name].place / name)
        who = ("--as", f"person:{name}", "--key", name)
        said = shells[name].done("approve", run_id, *who, *confirmation, "--json").json()
        assert (said["phrase"], said["approver"]) == (phrase, f"person:{name}")
    out, err = (each.decode() for each in publishing.communicate(timeout=120))

    assert publishing.returncode == 0, err
    done = json.loads(out)
    assert done["state"] == "executed"
    assert done["bundle"].endswith(f"/api/v1/runs/{run_id}/evidence")
    assert str(team.shell.place) not in out + err
    assert registry.effects("@acme/tool", "1.0.0") == 1
    trust_root = team.shell.place / "home" / "trust-root.json"
    verdict = alice.done("verify", "@acme/tool@1.0.0", "--trust-root", trust_root, "--json").json()
    assert {each["approver"] for each in verdict["approvers"]} == {"person:bob", "person:carol"}
    assert "under authorization" in alice.done("verify", "evidence.json", "--trust-root", trust_root).out


def test_asking_again_finishes_the_same_run_and_publishes_nothing_twice(
    alice: Person, bob: Person, carol: Person, registry: NpmDouble
) -> None:
    tarball = archive("1.1.0")
    run_id = alice.asks(tarball)
    assert alice.asks(tarball) == run_id
    assert bob.says("approve", run_id)["missing"] != []
    assert carol.says("approve", run_id)["missing"] == []

    done = [alice.publish(tarball) for _ in range(2)]

    assert {each["run_id"] for each in done} == {run_id}
    assert registry.effects("@acme/tool", "1.1.0") == 1


def test_who_waits_is_told_what_is_missing_and_goes_on_by_themselves(
    alice: Person, bob: Person, carol: Person, registry: NpmDouble
) -> None:
    told: list[int] = []
    approvers = iter((bob, carol))

    async def publish(placet: RemotePlacet) -> dict[str, Any]:
        async def approved(run_id: str, missing: tuple[str, ...]) -> bool:
            told.append(len(missing))
            approver = next(approvers)
            ballot = await placet.publishing.ballot(run_id, approver.principal)
            await placet.publishing.say(
                ballot, "approve", approver=approver.principal, key=approver.ssh_key, signer=placet.signer
            )
            return True

        return dict(await placet.publishing.publish(PublishRequest(tgz=archive("1.1.1")), wait=approved))

    assert alice.do(publish)["state"] == "executed"
    assert told == [1, 1]
    assert registry.effects("@acme/tool", "1.1.1") == 1


def test_a_denied_run_goes_no_further(alice: Person, bob: Person, registry: NpmDouble) -> None:
    run_id = alice.asks(archive("1.2.0"))

    assert bob.says("deny", run_id)["decision"] == "deny"

    refused = alice.refused(lambda placet: placet.publishing.resume(run_id), "DENIED_BY_APPROVER")
    assert refused.exit_code == 3
    assert registry.effects("@acme/tool", "1.2.0") == 0


def test_a_dry_run_over_http_touches_nothing(team: Service, alice: Person, registry: NpmDouble) -> None:
    request, before = PublishRequest(tgz=archive("1.3.0")), len(registry.requests)

    rehearsed = alice.do(lambda placet: placet.publishing.rehearse(request), offline=True)

    assert rehearsed["would_ship"] == "unknown"
    operations: Any = rehearsed["operations"]
    assert all(each["blocked_by_mode"] and not each["enforceable"] for each in operations)
    assert len(registry.requests) == before
    found = team.ask("GET", "/api/v1/certificates?package=%40acme%2Ftool%401.3.0", key=alice.key)
    assert found.document["total"] == 0
    observed = alice.do(lambda placet: placet.publishing.rehearse(request))
    assert observed["would_ship"] == "after_approvals"


@pytest.mark.parametrize(
    ("scopes", "needed"),
    [(("runs:write=@other/*",), "runs:write=@acme/tool"), (("runs:read=*", "certificates:issue=*"), "runs:write")],
)
def test_who_may_not_publish_the_package_is_told_which_scope_is_missing(
    team: Service, scopes: tuple[str, ...], needed: str
) -> None:
    key = make_key(team.shell, *scopes, principal="person:alice", requester="person:alice")
    request = PublishRequest(tgz=archive("1.4.0"))

    refused = Person(team, "alice", key).refused(
        lambda placet: placet.publishing.publish(request), "SCOPE_INSUFFICIENT"
    )

    assert needed in refused.message


def test_nobody_asks_in_the_name_of_somebody_else(alice: Person) -> None:
    request = PublishRequest(tgz=archive("1.5.0"), requester="person:bob")

    alice.refused(lambda placet: placet.publishing.publish(request), "REQUESTER_MISMATCH")


def test_an_approval_that_is_not_the_persons_own_counts_for_nobody(alice: Person, bob: Person) -> None:
    run_id = alice.asks(archive("1.6.0"))

    for approver, code in (("person:bob", "APPROVAL_INVALID"), ("person:alice", "APPROVER_INELIGIBLE")):

        async def say(placet: RemotePlacet, who: str = approver) -> object:
            ballot = await placet.publishing.ballot(run_id, who)
            return await placet.publishing.say(
                ballot, "approve", approver=who, key=alice.ssh_key, signer=placet.signer, group="maintainers"
            )

        alice.refused(say, code)

    assert bob.do(lambda placet: placet.publishing.run(run_id))["approvals"] == []


def test_two_break_the_glass_from_their_own_machines_and_neither_of_them_reviews_it(
    alice: Person, bob: Person, carol: Person, registry: NpmDouble
) -> None:
    run_id = alice.asks(archive("1.6.1"))

    def waive(person: Person) -> Any:
        async def sign(placet: RemotePlacet) -> object:
            ballot = await placet.publishing.ballot(run_id, person.principal)
            return await placet.break_glass.approve(
                ballot, ("approvals",), b"a leak", approver=person.principal, key=person.ssh_key, signer=placet.signer
            )

        return person.do(sign)

    assert (waive(bob)["broken"], waive(carol)["broken"]) == (False, True)
    assert alice.do(lambda placet: placet.publishing.resume(run_id))["state"] == "executed"
    shown: Any = alice.do(lambda placet: placet.break_glass.show(run_id))
    assert [each["text"] for each in shown["exceptions"]] == ["a leak", "a leak"]
    assert registry.effects("@acme/tool", "1.6.1") == 1

    async def review(placet: RemotePlacet) -> object:
        ballot = await placet.publishing.ballot(run_id, bob.principal)
        return await placet.break_glass.review(ballot, approver=bob.principal, key=bob.ssh_key, signer=placet.signer)

    bob.refused(review, "APPROVER_INELIGIBLE")


def test_an_archive_is_what_it_is_said_to_be(team: Service, alice: Person) -> None:
    alice.do(lambda placet: placet.publishing.rehearse(PublishRequest(tgz=archive("1.7.0"))))
    digest = sha256(archive("1.7.0"))

    body = {"package": "@acme/other", "version": "1.7.0", "archive": digest}
    refused = team.ask("POST", "/api/v1/publications", body, key=alice.key)

    assert (refused.status, refused.code) == (400, "MANIFEST_MISMATCH")


def test_bytes_that_change_between_the_upload_and_the_plan_are_refused(team: Service, alice: Person) -> None:
    tarball = archive("1.8.0")
    alice.do(lambda placet: placet.publishing.rehearse(PublishRequest(tgz=tarball)))
    digest = sha256(tarball)
    blob = team.shell.place / "home" / "blobs" / "sha256" / digest[7:9] / digest[9:]
    blob.write_bytes(archive("1.8.1"))

    body = {"package": "@acme/tool", "version": "1.8.0", "archive": digest}
    refused = team.ask("POST", "/api/v1/publications", body, key=alice.key)

    assert (refused.status, refused.code) == (503, "BLOB_CORRUPT")
    assert team.ask("GET", "/api/v1/search?q=tool%401.8&type=certificate", key=alice.key).document["hits"] == []


def test_what_somebody_else_uploaded_is_nothing_to_name(team: Service, alice: Person, bob: Person) -> None:
    tarball = archive("1.9.0")
    alice.do(lambda placet: placet.publishing.rehearse(PublishRequest(tgz=tarball)))
    known, unknown = sha256(tarball), "sha256:" + "0" * 64

    refused = [
        team.ask(
            "POST", "/api/v1/publications", {"package": "@acme/tool", "version": "1.9.0", "archive": each}, key=bob.key
        )
        for each in (known, unknown)
    ]

    assert [(each.status, each.code) for each in refused] == [(404, "ARTIFACT_MISSING")] * 2
    texts = [
        each.document["message"].replace(digest, "") for each, digest in zip(refused, (known, unknown), strict=True)
    ]
    assert texts[0] == texts[1]
