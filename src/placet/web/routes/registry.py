"""The package registry of the wire contract: register, list, show, change a status (contract 5)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from placet.domain.authorization.api_key import Verb
from placet.facade.registry import RegistrationReport
from placet.web.authorization import REFUSED, Authorization
from placet.web.forms import (
    AnyStatus,
    CertificateId,
    EventId,
    Moment,
    PackageName,
    RegistrationId,
    Status,
    VersionText,
)
from placet.web.ignored import warnings_of
from placet.web.route import Access, Answer, Call, Route

_TAG = "registry"
_LIMIT_BYTES = 16 * 1024
_NAMES = ("NAME_INVALID", "NAME_CONFUSABLE", "VERSION_INVALID")


class RegistryService(msgspec.Struct, kw_only=True):
    """What the registry is, and what it takes."""

    service: str
    message: str
    status: str
    endpoints: list[str]


class RegisterRequest(msgspec.Struct, kw_only=True):
    """A version to register. What else is sent is kept in its metadata."""

    package_name: PackageName
    version: VersionText
    cert_id: CertificateId
    chronicle_event_id: EventId
    r2_location: str = ""
    npm_registry: str = ""
    status: AnyStatus = ""
    metadata: dict[str, Any] | None = None


class Registered(msgspec.Struct, kw_only=True):
    """A version that was registered."""

    success: bool
    reg_id: RegistrationId
    package_name: PackageName
    version: VersionText
    registry_url: str
    registered_at: Moment
    authorization: Authorization


class PackagesQuery(msgspec.Struct, kw_only=True):
    """Which packages: `q` is a part of the name, `status` the latest version's, `after` what the page before said."""

    q: str = ""
    status: AnyStatus = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    after: str = ""


class PackageRow(msgspec.Struct, kw_only=True):
    """A package with its latest version."""

    package_name: PackageName
    latest_version: VersionText
    registered_at: Moment


class Packages(msgspec.Struct, kw_only=True):
    """A page of packages; `total` counts those that the caller may see, `after` is empty on the last page."""

    packages: list[PackageRow]
    total: int
    after: str


class VersionRow(msgspec.Struct, kw_only=True):
    """One version of a package."""

    version: VersionText
    reg_id: RegistrationId
    cert_id: CertificateId
    status: Status
    registered_at: Moment


class Versions(msgspec.Struct, kw_only=True):
    """The versions of a package, in order."""

    package_name: PackageName
    versions: list[VersionRow]
    total: int


class WholeRegistration(msgspec.Struct, kw_only=True):
    """A registration. `status` is a report; `publication` is what happened: `executed`, under a receipt, or `none`."""

    package_name: PackageName
    version: VersionText
    cert_id: CertificateId
    chronicle_event_id: str
    r2_location: str
    npm_registry: str
    metadata: dict[str, Any]
    reg_id: RegistrationId
    registry_url: str
    status: Status
    registered_at: Moment
    registered_by: str
    status_updated_at: Moment
    status_reason: str
    publication: str
    publication_receipt: str
    sha256: str
    sha512: str


class StatusRequest(msgspec.Struct, kw_only=True):
    """Another status, and why."""

    status: Status
    reason: str


class StatusChanged(msgspec.Struct, kw_only=True):
    """A status that was changed."""

    success: bool
    package_name: PackageName
    version: VersionText
    status: Status
    updated_at: Moment
    authorization: Authorization
    warnings: list[str]


async def about(call: Call) -> Answer:
    """Say what the registry is."""
    found = await call.placet.ledger.health()
    document = {
        "service": "ChittyOS Registry",
        "message": "package versions with their certificates, as reported and as published",
        "status": "operational" if found["serves"] else "degraded",
        "endpoints": [f"{each.method} {each.path}" for each in ROUTES],
    }
    return Answer(document=document)


async def register(call: Call) -> Answer:
    """Register a version. Whatever status it names, nothing is published by it."""
    given: RegisterRequest = call.body
    call.authenticated.check_scope(Verb.REGISTER, given.package_name)
    made = await call.placet.registry.register(
        RegistrationReport(
            package=given.package_name,
            version=given.version,
            certificate_id=given.cert_id,
            event_id=given.chronicle_event_id,
            status=given.status,
            said=call.content,
        )
    )
    return Answer(status=201, document={"success": True, **made})


async def packages(call: Call) -> Answer:
    """List packages by name."""
    query: PackagesQuery = call.query
    found = await call.placet.registry.packages(
        query=query.q, status=query.status, limit=query.limit, after=query.after
    )
    return Answer(document=found)


async def versions(call: Call) -> Answer:
    """List the versions of a package."""
    return Answer(document=await call.placet.registry.versions(call.path["package"]))


async def show(call: Call) -> Answer:
    """Show a whole registration."""
    return Answer(document=await call.placet.registry.show(call.path["package"], call.path["version"]))


async def show_short(call: Call) -> Answer:
    """Show a whole registration, at its address without the service's name."""
    return await show(call)


async def set_status(call: Call) -> Answer:
    """Report another status of a version; whether it was published stays what it is."""
    package, version = call.path["package"], call.path["version"]
    call.authenticated.check_scope(Verb.REGISTER, package)
    changed = await call.placet.registry.set_status(package, version, call.body.status, said=call.content)
    return Answer(document={"success": True, **changed, "warnings": warnings_of(call)})


ROUTES = (
    Route(
        method="GET",
        path="/registry",
        handler=about,
        summary="Tell what the registry is",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: RegistryService},
    ),
    Route(
        method="POST",
        path="/registry/api/packages/register",
        handler=register,
        summary="Register a package version",
        tag=_TAG,
        scope=Verb.REGISTER,
        body=RegisterRequest,
        answers={201: Registered},
        codes=("VERSION_EXISTS", "REGISTRATION_MISMATCH", "ILLEGAL_TRANSITION", "STATUS_INVALID", *_NAMES, *REFUSED),
        limit_bytes=_LIMIT_BYTES,
    ),
    Route(
        method="GET",
        path="/registry/packages",
        handler=packages,
        summary="List the packages",
        tag=_TAG,
        access=Access.PUBLIC,
        query=PackagesQuery,
        answers={200: Packages},
        codes=("QUERY_INVALID", "STATUS_INVALID"),
    ),
    Route(
        method="GET",
        path="/registry/packages/{package}",
        handler=versions,
        summary="List the versions of a package",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: Versions},
        codes=("NOT_FOUND", "NAME_INVALID"),
    ),
    Route(
        method="GET",
        path="/registry/packages/{package}/{version}",
        handler=show,
        summary="Show a registration",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: WholeRegistration},
        codes=("NOT_FOUND", "NAME_INVALID", "VERSION_INVALID"),
    ),
    Route(
        method="GET",
        path="/packages/{package}/{version}",
        handler=show_short,
        summary="Show a registration",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: WholeRegistration},
        codes=("NOT_FOUND", "NAME_INVALID", "VERSION_INVALID"),
    ),
    Route(
        method="PUT",
        path="/registry/packages/{package}/{version}/status",
        handler=set_status,
        summary="Report another status of a version",
        tag=_TAG,
        scope=Verb.REGISTER,
        body=StatusRequest,
        answers={200: StatusChanged},
        codes=("NOT_FOUND", "ILLEGAL_TRANSITION", "STATUS_INVALID", *_NAMES, *REFUSED),
        limit_bytes=_LIMIT_BYTES,
    ),
)
