"""A version in a `World`'s registry: published by the Core, or reported as a client does (contract 5)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from placet.core.acts import report_registration
from placet.core.acts.register_package import STATEMENT_ARTIFACT
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.registered import read_registered, registered_key
from placet.core.entities.registrations import (
    Registration,
    read_registration,
    registration_key,
)
from placet.core.entities.stored import required
from placet.core.execute import execute_plan
from placet.core.governed import Asked, ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Value
from placet.domain.package.status import VersionStatus
from placet.domain.values.kinds import OperationKind
from placet.usecases.report_event import Report, report_event
from support.installation import ACTOR, CERTIFYING, PUBLISHING, TEAM
from support.intents import ARCHIVE, a_publication, artifact
from support.world import World

REPORTING = """\
[[rule]]
operations = ["register_package", "set_status"]
subjects = ["core:@acme/*"]
requesters = ["ci:**", "person:*"]
approvals = []
"""
POLICY = TEAM + PUBLISHING.replace(', "register_package"', "") + CERTIFYING + REPORTING
STATEMENT = b"the signed statement"
TOOL = ("@acme/tool", "1.0.0")


def world() -> World:
    here = World(POLICY)
    here.run(here.blobs.put(STATEMENT))
    return here


def registration_of(certificate_id: str, *, content: bytes = ARCHIVE, version: str = "1.0.0") -> Intent:
    """Return the registration that a publication puts right behind itself."""
    sent = artifact(content)
    return Intent(
        kind=OperationKind.REGISTER_PACKAGE,
        subject=Subject(provider="core", name="@acme/tool", version=version, tag=""),
        params={"sha256": sent.sha256, "sha512": sent.sha512},
        artifacts=(artifact(STATEMENT, STATEMENT_ARTIFACT),),
        certificate_id=certificate_id,
    )


def published(here: World, certificate_id: str, *, registry: str = "npm", content: bytes = ARCHIVE) -> Plan:
    """Publish `@acme/tool` 1.0.0 under its certificate, with its registration, and return the plan."""
    here.run(here.blobs.put(content))
    publication = a_publication(
        subject=Subject(provider=registry, name="@acme/tool", version="1.0.0", tag="latest"),
        artifacts=(artifact(content),),
        certificate_id=certificate_id,
    )
    plan = here.plan(publication, registration_of(certificate_id, content=content), subject=f"at {registry}")
    here.run(execute_plan(here.context, here.approved(plan), actor=ACTOR))
    return plan


def reported(here: World, **changed: Value) -> Intent:
    """Return the report of `@acme/tool` 1.0.0, with a certificate and an event of its own unless they are given."""
    params: dict[str, Value] = {
        report_registration.CERTIFICATE: str(changed.pop("certificate", "")) or here.certificate(),
        report_registration.EVENT: str(changed.pop("event", "")) or event(here),
        report_registration.STATUS: "published",
        report_registration.SAID: "",
        **changed,
    }
    subject = Subject(provider="core", name=TOOL[0], version=TOOL[1], tag="")
    return Intent(kind=OperationKind.REGISTER_PACKAGE, subject=subject, params=params)


def event(here: World, version: str = "1.0.0", certificate: str = "") -> str:
    report = Report(event_type="package.published", package="@acme/tool", version=version, certificate_id=certificate)
    return here.run(report_event(here.context, report, actor="person:alice")).event_id


def asked(here: World, intent: Intent, **more: Any) -> Asked:
    return here.run(ask(here.context, intent, requester="person:alice", contents={}, **more))


def status(wanted: str, version: str = "1.0.0") -> Intent:
    subject = Subject(provider="core", name="@acme/tool", version=version, tag="")
    return Intent(kind=OperationKind.SET_STATUS, subject=subject, params={"status": wanted, "said": ""})


def kept(here: World, version: str = "1.0.0") -> Registration:
    key = registration_key("@acme/tool", version)
    return read_registration(required(here.load(key), key, "registration"))


def latest(here: World) -> tuple[str, VersionStatus]:
    key = registered_key("@acme/tool")
    found = read_registered(required(here.load(key), key, "package"))
    return found.latest_version, found.status


def certificate_of(here: World, **changed: Any) -> str:
    """Issue a certificate and change what is kept of it."""
    certificate_id = here.certificate()
    key = certificate_key(certificate_id)
    record = read_certificate(required(here.load(key), key, "certificate"))
    here.write(key, replace(record, **changed).to_object())
    return certificate_id
