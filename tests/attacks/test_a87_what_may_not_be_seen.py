"""A87: what a caller may not see is for them as if it were not there: whole answers are compared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

from placet import config
from placet.facade import Placet
from support.old_client import OldClient, client_with
from support.service import Reply, Service, serving
from support.shell import Shell

HIDDEN, NOTHING, SHOWN = "@secret/tool", "@absent/tool", "@acme/tool"
NO_CERTIFICATE, NO_EVENT = "CERT-PKG-20200101-001", "evt_20200101000000_abc123"


class Secrets(Struct, frozen=True, kw_only=True):
    """A service with a private package in it, and who may see it: a key for everything, and one for that scope."""

    service: Service
    owner: OldClient
    insider: str
    outsider: str
    certificate_id: str
    event_id: str
    shown: str


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secrets]:
    shell = Shell(tmp_path_factory.mktemp("secrets"))
    asyncio.run(found(shell))
    with serving(shell) as service:
        owner = client_with(service, service.key("*=*"))
        shown = publish(owner, SHOWN)
        certificate_id, event_id = publish(owner, HIDDEN)
        yield Secrets(
            service=service,
            owner=owner,
            insider=service.key("registry:write=@secret/*"),
            outsider=service.key("*=@acme/*"),
            certificate_id=certificate_id,
            event_id=event_id,
            shown=shown[0],
        )


async def found(shell: Shell) -> None:
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        await placet.visibility.change(HIDDEN, "private")


def publish(client: OldClient, package: str) -> tuple[str, str]:
    """Let a client do all that it can about a package; return its certificate and its event."""
    certificate_id, event_id = client.issue(package, "1.0.0"), client.report(package, "1.0.0")
    assert client.register(package, "1.0.0", cert_id=certificate_id, chronicle_event_id=event_id).status == 201
    return certificate_id, event_id


def whole(reply: Reply, *names: str) -> tuple[int, Any, dict[str, str]]:
    """Return all of an answer but what differs from request to request, without the names that were asked for."""
    text = reply.content.decode()
    for name in names:
        text = text.replace(name, "NAME")
    headers = {name: value for name, value in reply.headers.items() if name not in ("x-request-id", "date")}
    document = json.loads(text)
    document.pop("request_id", None)
    return reply.status, document, {**headers, "content-length": ""}


READS = {
    "its certificate, to be verified": "/v1/certificates/verify/{certificate}",
    "its certificate with a digest": f"/v1/certificates/verify/{{certificate}}?sha256={'ab' * 32}",
    "its certificate": "/v1/certificates/{certificate}",
    "its certificates": "/v1/certificates/package/{package}",
    "its event": "/chronicle/events/{event}",
    "its events": "/chronicle/packages/{package}/events",
    "its events, filtered": "/chronicle/events?package={package}",
    "its events of a type": "/chronicle/events?package={package}&type=package.published",
    "its versions": "/registry/packages/{package}",
    "its registration": "/registry/packages/{package}/1.0.0",
    "its registration, for short": "/packages/{package}/1.0.0",
    "itself in the list": "/registry/packages?q=secret",
    "its visibility": "/v1/packages/{package}/visibility",
}


def asked(secrets: Secrets, path: str, *, there: bool, key: str) -> tuple[int, Any, dict[str, str]]:
    hidden = {"package": HIDDEN, "certificate": secrets.certificate_id, "event": secrets.event_id}
    nothing = {"package": NOTHING, "certificate": NO_CERTIFICATE, "event": NO_EVENT}
    names = hidden if there else nothing
    place = path.format(**names) if there else path.replace("q=secret", "q=absent").format(**names)
    return whole(secrets.service.ask("GET", place, key=key), *names.values())


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("who", ["nobody", "outsider"])
def test_a87_a_private_package_answers_as_nothing_does(secrets: Secrets, what: str, who: str) -> None:
    key = secrets.outsider if who == "outsider" else ""

    assert asked(secrets, READS[what], there=True, key=key) == asked(secrets, READS[what], there=False, key=key)


@pytest.mark.parametrize("what", READS)
def test_who_has_a_scope_about_it_sees_it(secrets: Secrets, what: str) -> None:
    there, nothing = (asked(secrets, READS[what], there=each, key=secrets.insider) for each in (True, False))

    assert there != nothing


WRITES: dict[str, tuple[str, str, dict[str, object]]] = {
    "revoke": ("POST", "/v1/certificates/{certificate}/revoke", {"reason": "superseded"}),
    "renew": ("POST", "/v1/certificates/{certificate}/renew", {}),
    "issue": ("POST", "/v1/certificates/issue", {"type": "package", "version": "1.0.1"}),
    "report": ("POST", "/chronicle/events", {"event_type": "package.published", "version": "1.0.0"}),
    "register": (
        "POST",
        "/registry/api/packages/register",
        {"version": "1.0.0", "cert_id": NO_CERTIFICATE, "chronicle_event_id": NO_EVENT},
    ),
    "set a status": ("PUT", "/registry/packages/{package}/1.0.0/status", {"status": "published", "reason": "x"}),
}


@pytest.mark.parametrize("what", WRITES)
def test_a87_what_is_refused_of_a_private_package_is_refused_as_of_nothing(secrets: Secrets, what: str) -> None:
    method, path, body = WRITES[what]
    answers = []
    for names in (
        {"package": HIDDEN, "certificate": secrets.certificate_id},
        {"package": NOTHING, "certificate": NO_CERTIFICATE},
    ):
        sent = {**body, "package": names["package"], "package_name": names["package"]}
        reply = secrets.service.ask(method, path.format(**names), sent, key=secrets.outsider)
        answers.append(whole(reply, *names.values()))

    assert answers[0] == answers[1]
    assert answers[0][0] in (403, 404)


def test_a87_a_foreign_certificate_fits_a_registration_no_better_than_none(secrets: Secrets) -> None:
    own = client_with(secrets.service, secrets.outsider)
    event = own.report(SHOWN, "2.0.0")
    names = (secrets.certificate_id, NO_CERTIFICATE)

    foreign, none = (own.register(SHOWN, "2.0.0", cert_id=each, chronicle_event_id=event) for each in names)

    assert whole(foreign, *names) == whole(none, *names)


def test_a87_counts_and_lists_show_only_what_may_be_seen(secrets: Secrets) -> None:
    def seen(key: str) -> tuple[set[str], int, int, set[str]]:
        events = secrets.service.ask("GET", "/chronicle/events", key=key).document
        packages = secrets.service.ask("GET", "/registry/packages", key=key).document
        named = {each["payload"]["package"] for each in events["events"]}
        assert events["total"] == len(events["events"])
        return named, events["total"], packages["total"], {each["package_name"] for each in packages["packages"]}

    assert seen(secrets.owner.issuing)[0] == {SHOWN, HIDDEN}
    assert seen(secrets.insider)[0] == {SHOWN, HIDDEN}
    for key in ("", secrets.outsider):
        named, _, packages, listed = seen(key)
        assert named == {SHOWN}
        assert (packages, listed) == (1, {SHOWN})


def test_a_public_package_is_shown_to_anybody(secrets: Secrets) -> None:
    assert secrets.service.ask("GET", f"/registry/packages/{SHOWN}/1.0.0").status == 200
    assert secrets.service.ask("GET", f"/v1/certificates/verify/{secrets.shown}").status == 200


def test_no_key_makes_a_package_public(secrets: Secrets) -> None:
    refused = secrets.service.ask(
        "PUT", f"/v1/packages/{HIDDEN}/visibility", {"visibility": "public"}, key=secrets.owner.issuing
    )

    assert (refused.status, refused.code) == (403, "APPROVALS_MISSING")
    assert secrets.service.ask("GET", f"/registry/packages/{HIDDEN}").status == 404
