"""Registrations: which package versions stand in our registry, as reported or as published (contract 5, ADR 27)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.names import name_rows
from placet.core.entities.stored import record_of, remembered, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.package.status import VersionStatus
from placet.domain.values.time import format_instant, parse_instant

NAMED_PACKAGES = "package_name"
"""The index of registrations by any part of the package's name."""
OF_PACKAGE = "package"
"""The index of registrations: `NAME@VERSION`."""


class PublicationState(StrEnum):
    """Whether the Core published a version: what verifications read, whatever its status is said to be."""

    EXECUTED = "executed"
    NONE = "none"


class Registration(Struct, frozen=True, kw_only=True):
    """One package version. Digests are hex, of the stamped tarball that users install.

    `publication` tells whether the Core published it, `published_under` by which receipt; before
    that there are no digests and no statement, and `status` is a report like everything else.
    `event_id` is the event that speaks for it: the ledger entry that certified it, or what was
    reported. `said` and `status_reason` are salted digests of what was reported, empty where
    nothing was; `status_updated_at` is None where the status was never changed.
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
    status: VersionStatus
    registered_by: str
    registered_at: datetime
    publication: PublicationState
    published_under: str = ""
    said: str = ""
    status_updated_at: datetime | None = None
    status_reason: str = ""

    @property
    def key(self) -> EntityKey:
        """Return `registration/NAME@VERSION`."""
        return registration_key(self.package, self.version)

    @property
    def is_published(self) -> bool:
        """Tell whether the Core published the version."""
        return self.publication is PublicationState.EXECUTED

    @property
    def publication_receipt(self) -> str:
        """Return the receipt under which it was published, that of the registration where it is from before both."""
        return self.published_under or (self.receipt_id if self.is_published else "")

    def completed_by(self, published: Registration) -> Registration:
        """Return what was reported with what was then published: its id stays, and who registered it, when."""
        return replace(
            published,
            registration_id=self.registration_id,
            registered_by=self.registered_by,
            registered_at=self.registered_at,
            said=self.said,
            status_updated_at=published.registered_at,
        )

    def moved(self, status: VersionStatus, *, at: datetime, reason: str) -> Registration:
        """Return the registration with another status, reported `at` that time; `reason` is a salted digest."""
        return replace(self, status=status, status_updated_at=at, status_reason=reason)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        changed_at = format_instant(self.status_updated_at) if self.status_updated_at else ""
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
            "status": self.status.value,
            "registered_by": self.registered_by,
            "registered_at": format_instant(self.registered_at),
            "publication": self.publication.value,
            "published_under": self.published_under,
            "said": self.said,
            "status_updated_at": changed_at,
            "status_reason": self.status_reason,
        }
        about = f"{self.package}@{self.version}"
        rows = [(OF_PACKAGE, about), ("registration", self.registration_id)]
        rows += [("artifact", self.sha256)] if self.sha256 else []
        return with_index(members, [*rows, *name_rows(NAMED_PACKAGES, about)])


def registration_key(package: str, version: str) -> EntityKey:
    """Return the key of a package version's registration."""
    return EntityKey(f"registration/{package}@{version}")


@remembered
def read_registration(entity: Entity) -> Registration:
    """Return the registration that the entity holds; one from before there were reports is a publication."""
    record = record_of(entity, "registration")
    publication = record.later_text("publication", "|".join(PublicationState))
    changed_at = record.later_text("status_updated_at")
    registration = Registration(
        registration_id=record.text("registration_id", r"reg_[0-9]+_[a-z0-9]{6}"),
        package=record.text("package"),
        version=record.text("version"),
        certificate_id=record.text("certificate_id"),
        event_id=record.text("event_id"),
        run_id=record.text("run_id"),
        receipt_id=record.text("receipt_id"),
        sha256=record.text("sha256", r"([0-9a-f]{64})?"),
        sha512=record.text("sha512", r"([0-9a-f]{128})?"),
        statement_sha256=record.text("statement_sha256", r"([0-9a-f]{64})?"),
        status=record.choice("status", VersionStatus),
        registered_by=record.text("registered_by"),
        registered_at=record.instant("registered_at"),
        publication=PublicationState(publication or PublicationState.EXECUTED),
        published_under=record.later_text("published_under"),
        said=record.later_text("said"),
        status_updated_at=parse_instant(changed_at) if changed_at else None,
        status_reason=record.later_text("status_reason"),
    )
    record.end()
    return registration
