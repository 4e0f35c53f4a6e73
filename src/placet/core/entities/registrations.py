"""Registrations: which certified package version stands in our registry, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from placet.core.entities.names import name_rows
from placet.core.entities.stored import record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.time import format_instant

NAMED_PACKAGES = "package_name"
"""The index of registrations by any part of the package's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One package version. Digests are hex, of the stamped tarball that users install.

    `event_id` is the ledger entry that certified it; `statement_sha256` the signed statement's;
    `status` the lifecycle status, `published` once the registry answered for these bytes.
    """

    registration_id: str
    package: str
    version: str
    certificate_id: str
    event_id: str
    run_id: str
    receipt_id: str
    sha256: str
    sha512: str
    statement_sha256: str
    status: str
    registered_by: str
    registered_at: datetime

    @property
    def key(self) -> EntityKey:
        """Return `registration/NAME@VERSION`."""
        return registration_key(self.package, self.version)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "registration_id": self.registration_id,
            "package": self.package,
            "version": self.version,
            "certificate_id": self.certificate_id,
            "event_id": self.event_id,
            "run_id": self.run_id,
            "receipt_id": self.receipt_id,
            "sha256": self.sha256,
            "sha512": self.sha512,
            "statement_sha256": self.statement_sha256,
            "status": self.status,
            "registered_by": self.registered_by,
            "registered_at": format_instant(self.registered_at),
        }
        about = f"{self.package}@{self.version}"
        rows = [("package", about), ("artifact", self.sha256), ("registration", self.registration_id)]
        return with_index(members, [*rows, *name_rows(NAMED_PACKAGES, about)])


def registration_key(package: str, version: str) -> EntityKey:
    """Return the key of a package version's registration."""
    return EntityKey(f"registration/{package}@{version}")


def read_registration(entity: Entity) -> Registration:
    """Return the registration that the entity holds."""
    record = record_of(entity, "registration")
    registration = Registration(
        registration_id=record.text("registration_id", r"reg_[0-9]+_[a-z0-9]{6}"),
        package=record.text("package"),
        version=record.text("version"),
        certificate_id=record.text("certificate_id"),
        event_id=record.text("event_id"),
        run_id=record.text("run_id"),
        receipt_id=record.text("receipt_id"),
        sha256=record.text("sha256", r"[0-9a-f]{64}"),
        sha512=record.text("sha512", r"[0-9a-f]{128}"),
        statement_sha256=record.text("statement_sha256", r"[0-9a-f]{64}"),
        status=record.text("status", "certified|published|deprecated|unpublished"),
        registered_by=record.text("registered_by"),
        registered_at=record.instant("registered_at"),
    )
    record.end()
    return registration
