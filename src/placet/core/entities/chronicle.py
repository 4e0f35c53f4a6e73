"""Events of the Chronicle, each under every list that it belongs to (contract 4, ADR 26).

An event is named as the ledger entry that records it, and is written once. It stands in the index
under each combination of its type, package and actor, newest first, so that any filter is one
stretch of rows: a page costs a page. Its package has a list of its own, oldest first.
"""

from __future__ import annotations

from datetime import datetime
from itertools import product

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.certificate.identifiers import CERTIFICATE_ID
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.log.entry import ACTOR
from placet.domain.log.lifecycle import EVENT_ID, EVENT_TYPE, Source
from placet.domain.values.time import format_instant

NEWEST_FIRST = "chronicle"
"""The index of all lists: `TYPE PACKAGE ACTOR ORDER ID ABOUT`, each of the first three or `*`; ABOUT is the package."""
OF_PACKAGE = "chronicle_package"
"""The index of each package's own list: `PACKAGE MILLISECONDS ID`."""
ANY = "*"
_ABOUT_NONE = "-"
_LAST_MILLISECOND = 253_402_300_799_999
"""The end of the year 9999."""


class ChronicleEvent(Struct, frozen=True, kw_only=True):
    """One event. `package`, `version` and `certificate_id` are empty where it is about none.

    `said` is the salted digest of what was reported, empty where the Core observed; `run_id` and
    `receipt_id` say under which authority it observed, empty where it was reported.
    """

    event_id: str
    event_type: str
    package: str
    version: str
    certificate_id: str
    actor: str
    source: Source
    recorded_at: datetime
    said: str = ""
    run_id: str = ""
    receipt_id: str = ""

    @property
    def key(self) -> EntityKey:
        """Return `chronicle/ID`."""
        return event_key(self.event_id)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "event_id": self.event_id,
            "event_type": self.event_type,
            "package": self.package,
            "version": self.version,
            "certificate_id": self.certificate_id,
            "actor": self.actor,
            "source": self.source.value,
            "recorded_at": format_instant(self.recorded_at),
            "said": self.said,
            "run_id": self.run_id,
            "receipt_id": self.receipt_id,
        }
        return with_index(members, self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        about = self.package or _ABOUT_NONE
        lists = product((self.event_type, ANY), (about, ANY), (self.actor, ANY))
        place = f"{order(self.recorded_at)} {self.event_id} {about}"
        rows = [(NEWEST_FIRST, f"{' '.join(each)} {place}") for each in lists]
        if self.package:
            rows.append((OF_PACKAGE, f"{self.package} {_milliseconds(self.recorded_at):015d} {self.event_id}"))
        return rows


def list_prefix(*, event_type: str = "", package: str = "", actor: str = "") -> str:
    """Return what every row of a list begins with; what is empty is not filtered by."""
    return f"{event_type or ANY} {package or ANY} {actor or ANY} "


def order(instant: datetime) -> str:
    """Return the part of a row by which later events come first."""
    return f"{_LAST_MILLISECOND - _milliseconds(instant):015d}"


def place_in(value: str) -> str:
    """Return the part of a row of `NEWEST_FIRST` by which those of several lists are put in order."""
    return value.split(" ", 3)[3]


def package_in(value: str) -> str:
    """Return the package of a row of `NEWEST_FIRST`, empty where it is about none."""
    return value.rpartition(" ")[2].removesuffix(_ABOUT_NONE)


def event_key(event_id: str) -> EntityKey:
    """Return the key of an event."""
    return EntityKey(f"chronicle/{event_id}")


def read_event(entity: Entity) -> ChronicleEvent:
    """Return the event that the entity holds."""
    record = record_of(entity, "event")
    event = ChronicleEvent(
        event_id=record.text("event_id", EVENT_ID),
        event_type=record.text("event_type", EVENT_TYPE),
        package=record.text("package"),
        version=record.text("version"),
        certificate_id=record.text("certificate_id", rf"({CERTIFICATE_ID})?"),
        actor=record.text("actor", ACTOR),
        source=record.choice("source", Source),
        recorded_at=record.instant("recorded_at"),
        said=record.text("said"),
        run_id=record.text("run_id"),
        receipt_id=record.text("receipt_id"),
    )
    record.end()
    return event


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
