"""Plan a publication: the two objects, the registry, our registration, in this order (protocol 8, contract 6)."""

from __future__ import annotations

from dataclasses import dataclass

from placet.core.acts.act import PROVIDER
from placet.core.context import Context
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.runs import Run
from placet.core.entities.storage import CHECKED_KIND, STORE_KINDS, passed_check
from placet.core.entities.stored import entity_of
from placet.core.runs import Intent, add_plan
from placet.domain.authorization.operation import Artifact, Precondition, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import OperationKind
from placet.errors import ConfigurationError
from placet.ports.effects import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Where a publication goes: one registry, any number of object stores, by provider id."""

    registry: str
    stores: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a publication sends: name, version, the archive, and what certifies it.

    A dry run has no certificate and no statement: `certificate_id` is empty, both artifacts None.
    """

    package: str
    version: str
    dist_tag: str
    access: str
    archive: Artifact
    certificate_id: str
    certificate_pem: Artifact | None
    statement: Artifact | None


async def choose_targets(context: Context, wanted: tuple[str, ...]) -> Targets:
    """Return the providers to publish to: those named, or all that are configured.

    Raise `ConfigurationError` (`PROVIDER_UNKNOWN`) for a name that is not configured,
    `PROVIDER_MISSING` where there is no registry, `PROVIDER_AMBIGUOUS` where there are several,
    `STORE_UNCHECKED` for an object store that has not passed its check.
    """
    rows = await context.store.find("provider", "", limit=1000)
    known = [await _provider(context, row.value) for row in rows]
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
    for store in stores:
        if store.kind == CHECKED_KIND and not await passed_check(context.store, store):
            raise ConfigurationError(
                "STORE_UNCHECKED",
                f"{store.provider_id} has not passed its check as it is recorded now",
                hint=f"placet storage check {store.provider_id}",
            )
    return Targets(registry=registries[0], stores=tuple(store.provider_id for store in stores))


async def plan_publication(context: Context, run: Run, targets: Targets, parcel: Parcel) -> Plan:
    """Store the plan of a publication, whose every artifact is in the blob store already."""
    intents = [intent for store in targets.stores for intent in _objects(store, parcel)]
    intents.append(_registry(targets.registry, parcel))
    if parcel.statement is not None:
        intents.append(_registration(parcel, parcel.statement))
    return await add_plan(context, run, intents)


async def _provider(context: Context, provider_id: str) -> Provider:
    key = provider_key(provider_id)
    entity = entity_of(await context.store.load([key]), key)
    if entity is None:
        raise ConfigurationError("PROVIDER_UNKNOWN", f"there is no provider {provider_id}")
    return stored_provider(entity)


def _objects(store: str, parcel: Parcel) -> list[Intent]:
    """Return the objects of contract 6: the archive, and its certificate with the chain."""
    subject = Subject(provider=store, name=parcel.package, version=parcel.version, tag="")
    path = f"packages/{parcel.package}/{parcel.version}.tgz"
    artifacts = [(path, parcel.archive)]
    if parcel.certificate_pem is not None:
        artifacts.append((f"{path}.cert.pem", parcel.certificate_pem))
    return [
        Intent(
            kind=OperationKind.PUT_OBJECT,
            subject=subject,
            params={"key": key},
            artifacts=(artifact,),
            certificate_id=parcel.certificate_id,
        )
        for key, artifact in artifacts
    ]


def _registry(registry: str, parcel: Parcel) -> Intent:
    return Intent(
        kind=OperationKind.PUBLISH_PACKAGE,
        subject=Subject(provider=registry, name=parcel.package, version=parcel.version, tag=parcel.dist_tag),
        params={"dist_tag": parcel.dist_tag, "access": parcel.access},
        artifacts=(parcel.archive,),
        preconditions=(Precondition(fact="version", expected="absent"),),
        certificate_id=parcel.certificate_id,
    )


def _registration(parcel: Parcel, statement: Artifact) -> Intent:
    return Intent(
        kind=OperationKind.REGISTER_PACKAGE,
        subject=Subject(provider=PROVIDER, name=parcel.package, version=parcel.version, tag=""),
        params={"sha256": parcel.archive.sha256, "sha512": parcel.archive.sha512},
        artifacts=(statement,),
        certificate_id=parcel.certificate_id,
    )
