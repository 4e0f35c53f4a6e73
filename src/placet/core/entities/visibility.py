"""Which packages everybody may see: each by itself, and the rest together (contract 1, ADR 28)."""

from __future__ import annotations

from msgspec import Struct

from placet.core.entities.stored import entity_of, record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey, Snapshot
from placet.domain.values.kinds import Visibility

EVERY_OTHER = "*"
"""Stands for every package of which nothing is said by its name."""
VISIBLE = "visibility"
"""The index of what is said by name: `VISIBILITY PACKAGE`."""


class PackageVisibility(Struct, frozen=True, kw_only=True):
    """Who may see a package, or every other one."""

    package: str
    visibility: Visibility

    @property
    def key(self) -> EntityKey:
        """Return `visibility/NAME`."""
        return visibility_key(self.package)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        rows = [] if self.package == EVERY_OTHER else [(VISIBLE, f"{self.visibility.value} {self.package}")]
        return with_index({"package": self.package, "visibility": self.visibility.value}, rows)


def visibility_key(package: str) -> EntityKey:
    """Return the key of what is said of a package, or of every other one."""
    return EntityKey(f"visibility/{package}")


def read_visibility(entity: Entity) -> PackageVisibility:
    """Return what the entity says."""
    record = record_of(entity, "visibility")
    found = PackageVisibility(package=record.text("package"), visibility=record.choice("visibility", Visibility))
    record.end()
    return found


def visibility_in(snapshot: Snapshot, package: str) -> Visibility:
    """Return how visible a package is: as is said of it, else of every other one, else public.

    The snapshot holds the keys of both.
    """
    for name in (package, EVERY_OTHER):
        entity = entity_of(snapshot, visibility_key(name))
        if entity is not None:
            return read_visibility(entity).visibility
    return Visibility.PUBLIC
