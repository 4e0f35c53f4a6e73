"""A93: three keys of the old kind, each for one service, make nothing that verifies as published."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator

import pytest
from msgspec import Struct

from placet import config
from placet.demo.npm_double import NpmDouble
from placet.domain.encoding.archive import read_archive
from placet.facade import Placet
from support.archives import manifest, package_json, tgz
from support.old_client import EVENTS, ISSUE, REGISTER, OldClient
from support.service import Service, serving
from support.shell import Shell

TOKEN = "npm_t0ken_canary"
PACKAGE, VERSION = "@acme/tool", "1.0.0"


class Attack(Struct, frozen=True):
    """The attacker with three keys, the registry that must see nothing, and what they made."""

    client: OldClient
    registry: NpmDouble
    certificate_id: str
    sha256: str

    @property
    def service(self) -> Service:
        return self.client.service

    @property
    def shell(self) -> Shell:
        return self.client.service.shell


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    """Let the attacker do all that three keys allow, about an archive of their own."""
    with NpmDouble(TOKEN) as registry:
        shell = Shell(tmp_path_factory.mktemp("a93"), {"NPM_TOKEN": TOKEN})
        keys = asyncio.run(found(shell, registry.url))
        archive = tgz(package_json(manifest(PACKAGE, VERSION)))
        (shell.place / "tool.tgz").write_bytes(archive)
        tar_sha256 = read_archive(archive).tarball_hash
        sha256, sha512 = hashlib.sha256(archive).hexdigest(), hashlib.sha512(archive).hexdigest()
        with serving(shell) as service:
            client = OldClient(service=service, issuing=keys[0], reporting=keys[1], registering=keys[2])
            body = {
                "type": "package",
                "package_name": PACKAGE,
                "version": VERSION,
                "tar_sha256": tar_sha256,
                "governance_approval": {"approved_by": ["person:alice", "person:bob"]},
            }
            certificate_id = service.ask("POST", ISSUE, body, key=client.issuing).document["cert_id"]
            for event_type in ("package.certificate.issued", "package.published"):
                event = {
                    "event_type": event_type,
                    "package": PACKAGE,
                    "version": VERSION,
                    "cert_id": certificate_id,
                    "actor": "service:core",
                    "metadata": {"source": "observed", "receipt_id": "fc-receipt-20250210-143000-abc123def456"},
                }
                reported = service.ask("POST", EVENTS, event, key=client.reporting).document
            registered = client.register(
                PACKAGE,
                VERSION,
                cert_id=certificate_id,
                chronicle_event_id=reported["event_id"],
                status="published",
                metadata={"publication": "executed", "sha256": sha256},
                publication="executed",
                sha256=sha256,
                sha512=sha512,
            )
            assert registered.status == 201
            yield Attack(client, registry, certificate_id, sha256)


async def found(shell: Shell, url: str) -> list[str]:
    """Make a trial with a registry, and the three keys."""
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=url, credential="env:NPM_TOKEN")
        verbs = ("certificates:issue", "chronicle:write", "registry:write")
        made = [await placet.keys.create("old", "person:local", (f"{verb}=@acme/*",)) for verb in verbs]
        return [str(each["key"]) for each in made]


def test_a93_the_registration_says_that_nothing_was_published(attack: Attack) -> None:
    shown = attack.client.show(PACKAGE, VERSION).document

    assert (shown["status"], shown["publication"]) == ("published", "none")
    assert (shown["publication_receipt"], shown["sha256"], shown["sha512"]) == ("", "", "")


def test_a93_the_events_say_that_they_are_reported(attack: Attack) -> None:
    found = attack.service.ask("GET", f"{EVENTS}?package={PACKAGE}&type=package.published").document

    assert [each["metadata"]["source"] for each in found["events"]] == ["reported"]
    assert {each["actor"] for each in found["events"]} == {"person:local"}


def test_a93_the_certificate_says_that_nothing_was_published_under_it(attack: Attack) -> None:
    path = f"/v1/certificates/verify/{attack.certificate_id}"
    verified = attack.service.ask("GET", path).document
    with_bytes = attack.service.ask("GET", f"{path}?sha256={attack.sha256}")

    assert [each["result"] for each in verified["checks"] if each["check"] == "publication"] == ["none"]
    assert (with_bytes.status, with_bytes.code) == (409, "DIGEST_MISMATCH")


@pytest.mark.parametrize("what", [f"{PACKAGE}@{VERSION}", "tool.tgz"])
def test_a93_neither_name_nor_archive_verifies(attack: Attack, what: str) -> None:
    refused = attack.shell.placet("verify", what, "--json")

    assert (refused.code, refused.error()["code"]) == (5, "NOT_PUBLISHED")


def test_a93_what_is_only_certified_is_not_published_either(attack: Attack) -> None:
    attack.client.issue(PACKAGE, "1.0.1")

    refused = attack.shell.placet("verify", f"{PACKAGE}@1.0.1", "--json")

    assert (refused.code, refused.error()["code"]) == (5, "NOT_PUBLISHED")


def test_a93_a_search_says_that_the_status_is_reported(attack: Attack) -> None:
    hits = attack.shell.done("search", "tool@1.0.0", "--json").json()["hits"]

    assert [each["state"] for each in hits if each["type"] == "package"] == ["published (reported)"]


def test_a93_no_status_makes_it_published(attack: Attack) -> None:
    attack.client.register(PACKAGE, "1.1.0")
    for status in ("published", "deprecated", "published"):
        assert attack.client.set_status(PACKAGE, "1.1.0", status).status == 200

    assert attack.client.show(PACKAGE, "1.1.0").document["publication"] == "none"
    assert attack.shell.placet("verify", f"{PACKAGE}@1.1.0", "--json").error()["code"] == "NOT_PUBLISHED"


def test_a93_each_key_is_for_its_own_service(attack: Attack) -> None:
    client = attack.client
    issue = ("POST", ISSUE, {"type": "package", "package_name": PACKAGE, "version": "2.0.0"})
    event = ("POST", EVENTS, {"event_type": "package.published", "package": PACKAGE, "version": "2.0.0"})
    body = {"package_name": PACKAGE, "version": "2.0.0", "cert_id": "x", "chronicle_event_id": "x"}
    register = ("POST", REGISTER, body)
    status = ("PUT", f"/registry/packages/{PACKAGE}/{VERSION}/status", {"status": "unpublished", "reason": "x"})
    revoke = ("POST", f"/v1/certificates/{attack.certificate_id}/revoke", {"reason": "x"})
    for key, others in (
        (client.issuing, (event, register, status, revoke)),
        (client.reporting, (issue, register, status, revoke)),
        (client.registering, (issue, event, revoke)),
    ):
        for method, path, sent in others:
            refused = attack.service.ask(method, path, sent, key=key)
            assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")
    entries = attack.shell.done("ledger", "show", "--count", "1000", "--json").json()["entries"]
    denied = [each["data"]["code"] for each in entries if each["type"] == "authorization.denied"]
    assert "SCOPE_INSUFFICIENT" in denied


def test_a93_no_key_reaches_another_scope_s_packages(attack: Attack) -> None:
    client = attack.client
    sent: list[tuple[str, str, dict[str, object], str]] = [
        ("POST", ISSUE, {"type": "package", "package_name": "@other/tool", "version": "1.0.0"}, client.issuing),
        (
            "POST",
            EVENTS,
            {"event_type": "package.published", "package": "@other/tool", "version": "1.0.0"},
            client.reporting,
        ),
        (
            "POST",
            REGISTER,
            {"package_name": "@other/tool", "version": "1.0.0", "cert_id": "x", "chronicle_event_id": "x"},
            client.registering,
        ),
    ]
    for method, path, body, key in sent:
        refused = attack.service.ask(method, path, body, key=key)
        assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")


def test_a93_nothing_reached_the_registry_and_the_ledger_says_reported(attack: Attack) -> None:
    entries = attack.shell.done("ledger", "show", "--count", "1000", "--json").json()["entries"]
    types = {each["type"] for each in entries if f"{PACKAGE}@{VERSION}" in each["subject"]}

    assert attack.registry.effects(PACKAGE, VERSION) == 0
    assert types == {"package.certificate.issued", "chronicle.reported", "package.registration.reported"}
    assert attack.shell.done("ledger", "verify", "--json").json()["verified"] is True


def test_a93_a_real_publication_still_records_itself(attack: Attack) -> None:
    before = attack.client.register(PACKAGE, "3.0.0", status="unpublished").document
    (attack.shell.place / "later.tgz").write_bytes(tgz(package_json(manifest(PACKAGE, "3.0.0"))))

    published = attack.shell.done("publish", "later.tgz", "--json").json()

    after = attack.client.show(PACKAGE, "3.0.0").document
    assert (after["reg_id"], after["registered_at"]) == (before["reg_id"], before["registered_at"])
    assert (after["status"], after["publication"], after["sha256"]) == ("published", "executed", published["sha256"])
    assert after["cert_id"] == published["certificate_id"]
    assert after["publication_receipt"] in published["receipts"]
    assert attack.shell.done("verify", f"{PACKAGE}@3.0.0", "--json").json()["verified"] is True
    again = attack.client.register(PACKAGE, "3.0.0")
    assert (again.status, again.code) == (409, "VERSION_EXISTS")
