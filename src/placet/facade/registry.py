"""The package registry of the wire contract: what is registered, reported or published (contract 5)."""

from __future__ import annotations

import re

from placet.bootstrap import Opened
from placet.core.acts import report_registration
from placet.core.acts.act import PROVIDER
from placet.core.entities.registered import RegisteredPackage
from placet.core.entities.registrations import Registration, read_registration, registration_key
from placet.core.entities.stored import entity_of
from placet.core.governed import ask, authorization_of
from placet.core.runs import Intent
from placet.core.said import NOTHING_SAID, keeping, said_under
from placet.core.sight import may_see, sight_of
from placet.domain.authorization.operation import Subject
from placet.domain.certificate.identifiers import CERTIFICATE_ID
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.log.lifecycle import EVENT_ID
from placet.domain.package.status import VersionStatus
from placet.domain.values.kinds import OperationKind
from placet.domain.values.npm import parse_package_name, parse_version
from placet.domain.values.time import format_instant
from placet.domain.values.unshown import Unshown
from placet.errors import DeniedError, InvalidInputError, NotFoundError
from placet.facade.requester import requester_of
from placet.usecases.list_packages import WantedPackages, list_packages, list_versions

_KEPT = ("r2_location", "npm_registry")
_OWN = frozenset({"package_name", "version", "cert_id", "chronicle_event_id", "status", "metadata", *_KEPT})


class RegistrationReport(Unshown, frozen=True, kw_only=True):
    """A registration as a client reports it; `said` is the whole of it, as it came, kept erasable."""

    package: str
    version: str
    certificate_id: str
    event_id: str
    status: str = ""
    said: bytes = b""


class Registry:
    """Registered versions. A status is a report; `publication` is what happened."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def register(self, report: RegistrationReport) -> Object:
        """Register a version as reported.

        Raise as `ask`, and `DeniedError`: `VERSION_EXISTS`, `REGISTRATION_MISMATCH` where certificate
        or event do not fit, `ILLEGAL_TRANSITION` where it cannot begin with its status.
        """
        subject = _subject(report.package, report.version)
        status = _status(report.status or VersionStatus.CERTIFIED)
        for name, pattern in ((report.certificate_id, CERTIFICATE_ID), (report.event_id, EVENT_ID)):
            if re.fullmatch(pattern, name) is None:
                raise DeniedError("REGISTRATION_MISMATCH", f"{name[:60]!a} is not here")
        said = keeping(self._context, report.said)
        params: Object = {
            report_registration.CERTIFICATE: report.certificate_id,
            report_registration.EVENT: report.event_id,
            report_registration.STATUS: status.value,
            report_registration.SAID: said.digest,
        }
        intent = Intent(kind=OperationKind.REGISTER_PACKAGE, subject=subject, params=params)
        who = await requester_of(self._opened, "")
        asked = await ask(self._context, intent, requester=who, contents={}, said=said)
        registration = await self._the_registration(report.package, report.version)
        return {
            "reg_id": registration.registration_id,
            "package_name": registration.package,
            "version": registration.version,
            "registry_url": self._url(registration),
            "registered_at": format_instant(registration.registered_at),
            "authorization": await authorization_of(self._context, asked),
        }

    async def set_status(self, package: str, version: str, status: str, *, said: bytes = b"") -> Object:
        """Report another status of a version; `said` is the whole report, as it came, kept erasable.

        Raise as `ask`, `NotFoundError` where it is not registered, and `DeniedError` (`ILLEGAL_TRANSITION`).
        """
        wanted = _status(status)
        await self._the_registration(package, version)
        kept = keeping(self._context, said) if said else NOTHING_SAID
        intent = Intent(
            kind=OperationKind.SET_STATUS,
            subject=_subject(package, version),
            params={"status": wanted.value, "said": kept.digest},
        )
        who = await requester_of(self._opened, "")
        asked = await ask(self._context, intent, requester=who, contents={}, said=kept)
        return {
            "package_name": package,
            "version": version,
            **asked.report.response,
            "authorization": await authorization_of(self._context, asked),
        }

    async def packages(self, *, query: str = "", status: str = "", limit: int = 100, after: str = "") -> Object:
        """Return the packages that the caller may see: by a part of the name, and the latest version's status."""
        wanted = WantedPackages(query=query, status=_status(status) if status else None, limit=limit, after=after)
        page = await list_packages(self._context, await sight_of(self._context, self._opened.caller), wanted)
        return {"packages": [_package(each) for each in page.packages], "total": page.total, "after": page.after}

    async def versions(self, package: str) -> Object:
        """Return the registered versions of a package; raise `NotFoundError` where there is none to be seen."""
        name = parse_package_name(package)
        found = await list_versions(self._context, await sight_of(self._context, self._opened.caller), name)
        if not found:
            raise _nothing()
        return {"package_name": name, "versions": [_version(each) for each in found], "total": len(found)}

    async def show(self, package: str, version: str) -> JsonObject:
        """Return a whole registration; raise `NotFoundError` where there is none to be seen."""
        found = await self._the_registration(package, version)
        said = await said_under(self._context, found.said)
        reason = (await said_under(self._context, found.status_reason)).get("reason", "")
        given = said.get("metadata")
        unknown = {name: value for name, value in said.items() if name not in _OWN}
        return {
            "package_name": found.package,
            "version": found.version,
            "cert_id": found.certificate_id,
            "chronicle_event_id": found.event_id,
            **{name: said.get(name, "") for name in _KEPT},
            "metadata": {**unknown, **(given if isinstance(given, dict) else {})},
            "reg_id": found.registration_id,
            "registry_url": self._url(found),
            "status": found.status.value,
            "registered_at": format_instant(found.registered_at),
            "registered_by": found.registered_by,
            "status_updated_at": format_instant(found.status_updated_at or found.registered_at),
            "status_reason": reason,
            "publication": found.publication.value,
            "publication_receipt": found.publication_receipt,
            "sha256": found.sha256,
            "sha512": found.sha512,
        }

    async def _the_registration(self, package: str, version: str) -> Registration:
        key = registration_key(parse_package_name(package), parse_version(version))
        entity = entity_of(await self._context.store.load([key]), key)
        if not await may_see(self._context, self._opened.caller, package) or entity is None:
            raise _nothing()
        return read_registration(entity)

    def _url(self, found: Registration) -> str:
        return f"{self._context.settings.bases.registry}/registry/packages/{found.package}/{found.version}"


def _subject(package: str, version: str) -> Subject:
    return Subject(provider=PROVIDER, name=parse_package_name(package), version=parse_version(version), tag="")


def _status(text: str) -> VersionStatus:
    try:
        return VersionStatus(text)
    except ValueError as error:
        raise InvalidInputError(
            "STATUS_INVALID", f"{text[:40]!a} is no status", hint=f"they are {', '.join(VersionStatus)}"
        ) from error


def _nothing() -> NotFoundError:
    return NotFoundError("NOT_FOUND", "this is not registered here")


def _package(each: RegisteredPackage) -> Object:
    return {
        "package_name": each.package,
        "latest_version": each.latest_version,
        "registered_at": format_instant(each.registered_at),
    }


def _version(each: Registration) -> Object:
    return {
        "version": each.version,
        "reg_id": each.registration_id,
        "cert_id": each.certificate_id,
        "status": each.status.value,
        "registered_at": format_instant(each.registered_at),
    }
