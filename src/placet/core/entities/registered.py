"""Packages of our registry: each with its latest version, in the lists that people look through (contract 5)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.names import name_rows
from placet.core.entities.registrations import Registration
from placet.core.entities.stored import entity_of, record_of, remembered, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey, Snapshot
from placet.domain.package.status import VersionStatus
from placet.domain.values.npm import Version, precedence
from placet.domain.values.time import format_instant

REGISTERED = "registered"
"""The index of packages: `STATUS NAME`, the status of the latest version or `*`."""
NAMED = "registered_name"
"""The index of packages by any part of their names: `STATUS PART NAME`."""
ANY = "*"


class RegisteredPackage(Struct, frozen=True, kw_only=True):
    """A package, with its latest version: the highest release, or prerelease where there is no release."""

    package: str
    latest_version: str
    status: VersionStatus
    registered_at: datetime

    @property
    def key(self) -> EntityKey:
        """Return `registered/NAME`."""
        return registered_key(self.package)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "package": self.package,
            "latest_version": self.latest_version,
            "status": self.status.value,
            "registered_at": format_instant(self.registered_at),
        }
        statuses = (ANY, self.status.value)
        parts = [part for _, part in name_rows(NAMED, self.package)]
        rows = [(REGISTERED, f"{status} {self.package}") for status in statuses]
        rows += [(NAMED, f"{status} {part}") for status in statuses for part in parts]
        return with_index(members, rows)


def registered_key(package: str) -> EntityKey:
    """Return the key of a package of our registry."""
    return EntityKey(f"registered/{package}")


@remembered
def read_registered(entity: Entity) -> RegisteredPackage:
    """Return the package that the entity holds."""
    record = record_of(entity, "registered package")
    package = RegisteredPackage(
        package=record.text("package"),
        latest_version=record.text("latest_version"),
        status=record.choice("status", VersionStatus),
        registered_at=record.instant("registered_at"),
    )
    record.end()
    return package


def registration_writes(snapshot: Snapshot, registration: Registration) -> dict[EntityKey, Object | None]:
    """Return what a new or changed registration writes: itself, and its package where it is the latest version.

    The snapshot holds the package's key.
    """
    writes: dict[EntityKey, Object | None] = {registration.key: registration.to_object()}
    mine = RegisteredPackage(
        package=registration.package,
        latest_version=registration.version,
        status=registration.status,
        registered_at=registration.registered_at,
    )
    entity = entity_of(snapshot, mine.key)
    standing = read_registered(entity) if entity else mine
    if precedence(Version(mine.latest_version)) >= precedence(Version(standing.latest_version)):
        writes[mine.key] = mine.to_object()
    return writes
