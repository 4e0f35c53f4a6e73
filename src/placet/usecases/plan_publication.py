"""Plan a publication: the two objects, the registry, our registration, in this order (protocol 8, contract 6)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from placet.core.acts.act import PROVIDER
from placet.core.context import Context
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.runs import Run
from placet.core.entities.storage import CHECKED_KIND, STORE_KINDS, passed_check
from placet.core.entities.stored import entity_of
from placet.core.runs import Intent, add_plan
from placet.domain.authorization.operation import Artifact, Precondition, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.plan_file import Made
from placet.domain.values.kinds import OperationKind
from placet.errors import ConfigurationError
from placet.ports.effects import Provider

_NOT_MADE = {Made.TARBALL: "stamp", Made.CERTIFICATE: "certificate", Made.STATEMENT: "signature"}


class Targets(Struct, frozen=True, kw_only=True):
    """Where a publication goes: one registry, any number of object stores, by provider id."""

    registry: str
    stores: tuple[str, ...]


class Parcel(Struct, frozen=True, kw_only=True):
    """What a publication sends: name, version, the archive, and what certifies it.

    A dry run has no certificate and no statement: `certificate_id` is empty, both artifacts None,
    and the archive is as it was packed, without a stamp.
    """

    package: str
    version: str
    dist_tag: str
    access: str
    archive: Artifact
    certificate_id: str
    certificate_pem: Artifact | None
    statement: Artifact | None

    def artifacts(self, made: Made) -> tuple[Artifact, ...]:
        """Return what stands for `made` in an operation: nothing where a dry run has not made it."""
        found = {Made.TARBALL: self.archive, Made.CERTIFICATE: self.certificate_pem, Made.STATEMENT: self.statement}
        artifact = found[made]
        return (artifact,) if artifact else ()

    def lacks(self, made: Made) -> tuple[str, ...]:
        """Return what a dry run has not made of `made`."""
        return () if self.certificate_id else (_NOT_MADE[made],)


async def known_providers(context: Context) -> list[Provider]:
    """Return every provider's record."""
    rows = await context.store.find("provider", "", limit=1000)
    return [await _provider(context, row.value) for row in rows]


async def choose_targets(context: Context, wanted: tuple[str, ...]) -> Targets:
    """Return the providers to publish to: those named, or all that are configured.

    Raise `ConfigurationError` (`PROVIDER_UNKNOWN`) for a name that is not configured,
    `PROVIDER_MISSING` where there is no registry, `PROVIDER_AMBIGUOUS` where there are several,
    `STORE_UNCHECKED` for an object store that has not passed its check.
    """
    known = await known_providers(context)
    unknown = set(wanted) - {provider.provider_id for provider in known}
    if unknown:
        raise ConfigurationError(
            "PROVIDER_UNKNOWN", f"there is no provider {min(unknown)}", hint="see `placet provider list`"
        )
    chosen = [provider for provider in known if not wanted or provider.provider_id in wanted]
    registries = [provider.provider_id for provider in chosen if provider.kind == "npm"]
    if not registries:
        raise ConfigurationError(
            "PROVIDER_MISSING", "no npm registry is configured", hint="placet provider add npm --kind npm --url URL"
        )
    if len(registries) > 1:
        raise ConfigurationError(
            "PROVIDER_AMBIGUOUS", f"which registry? {', '.join(registries)}", hint="name one with --to"
        )
    stores = [provider for provider in chosen if provider.kind in STORE_KINDS]
    await check_stores(context, stores)
    return Targets(registry=registries[0], stores=tuple(store.provider_id for store in stores))


async def check_stores(context: Context, providers: Iterable[Provider]) -> None:
    """Return if no object store is among `providers` that has not passed its check.

    Raise `ConfigurationError` (`STORE_UNCHECKED`).
    """
    for provider in providers:
        if provider.kind == CHECKED_KIND and not await passed_check(context.store, provider):
            raise ConfigurationError(
                "STORE_UNCHECKED",
                f"{provider.provider_id} has not passed its check as it is recorded now",
                hint=f"placet storage check {provider.provider_id}",
            )


def publication(targets: Targets, parcel: Parcel) -> list[Intent]:
    """Return the operations of a publication, in order."""
    return [
        *(intent for store in targets.stores for intent in _objects(store, parcel)),
        *registry_and_registration(targets.registry, parcel),
    ]


async def plan_publication(context: Context, run: Run, targets: Targets, parcel: Parcel) -> Plan:
    """Store the plan of a publication, whose every artifact is in the blob store already."""
    return await add_plan(context, run, publication(targets, parcel))


async def _provider(context: Context, provider_id: str) -> Provider:
    key = provider_key(provider_id)
    entity = entity_of(await context.store.load([key]), key)
    if entity is None:
        raise ConfigurationError(
            "PROVIDER_UNKNOWN", f"there is no provider {provider_id}", hint="see `placet provider list`"
        )
    return stored_provider(entity)


def object_key(parcel: Parcel, made: Made) -> str:
    """Return the key of an object of contract 6: the archive, or its certificate with the chain."""
    suffix = ".tgz.cert.pem" if made is Made.CERTIFICATE else ".tgz"
    return f"packages/{parcel.package}/{parcel.version}{suffix}"


def registry_and_registration(registry: str, parcel: Parcel) -> list[Intent]:
    """Return the publication itself and, right behind it, our registration of it: nothing else may come between."""
    return [_registry(registry, parcel), _registration(parcel)]


def _objects(store: str, parcel: Parcel) -> list[Intent]:
    subject = Subject(provider=store, name=parcel.package, version=parcel.version, tag="")
    return [
        Intent(
            kind=OperationKind.PUT_OBJECT,
            subject=subject,
            params={"key": object_key(parcel, made)},
            artifacts=parcel.artifacts(made),
            certificate_id=parcel.certificate_id,
            not_made=parcel.lacks(made),
        )
        for made in (Made.TARBALL, Made.CERTIFICATE)
    ]


def _registry(registry: str, parcel: Parcel) -> Intent:
    return Intent(
        kind=OperationKind.PUBLISH_PACKAGE,
        subject=Subject(provider=registry, name=parcel.package, version=parcel.version, tag=parcel.dist_tag),
        params={"dist_tag": parcel.dist_tag, "access": parcel.access},
        artifacts=parcel.artifacts(Made.TARBALL),
        preconditions=(Precondition(fact="version", expected="absent"),),
        certificate_id=parcel.certificate_id,
        not_made=parcel.lacks(Made.TARBALL),
    )


def _registration(parcel: Parcel) -> Intent:
    return Intent(
        kind=OperationKind.REGISTER_PACKAGE,
        subject=Subject(provider=PROVIDER, name=parcel.package, version=parcel.version, tag=""),
        params={"sha256": parcel.archive.sha256, "sha512": parcel.archive.sha512},
        artifacts=parcel.artifacts(Made.STATEMENT),
        certificate_id=parcel.certificate_id,
        not_made=parcel.lacks(Made.STATEMENT),
    )
