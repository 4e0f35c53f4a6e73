"""The Chronicle: what is reported and observed of packages (contract 4)."""

from __future__ import annotations

from collections.abc import Mapping

from placet.bootstrap import Opened
from placet.core.entities.chronicle import ChronicleEvent, event_key, read_event
from placet.core.entities.stand_ins import an_event
from placet.core.entities.stored import entity_of
from placet.core.said import said_under
from placet.core.sight import may_see, sight_of
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.foreign_json import JsonObject
from placet.domain.log.lifecycle import LifecycleType, Source
from placet.domain.log.merkle import leaf_hash
from placet.domain.values.npm import parse_package_name
from placet.domain.values.time import format_instant
from placet.errors import NotFoundError
from placet.facade.requester import requester_of
from placet.usecases.list_events import Wanted, list_events, list_package_events
from placet.usecases.prove_entry import prove_entry
from placet.usecases.report_event import Report, check_report, report_event

__all__ = ["Chronicle", "Report"]

_OWN = frozenset({"event_type", "metadata"})
"""Members of a report that are no payload."""


class Chronicle:
    """Events: reported ones prove nothing, observed ones are the Core's own outcomes."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    @staticmethod
    def types() -> list[str]:
        """Return the types of events that are about a package version."""
        return [each.value for each in LifecycleType]

    @staticmethod
    def check(report: Report) -> None:
        """Return where a report is one, whoever may make it; raise as `report`."""
        check_report(report)

    async def report(self, report: Report) -> Object:
        """Record what the caller reports; raise as `report_event`."""
        event = await report_event(self._context, report, actor=await requester_of(self._opened, ""))
        return {
            "event_id": event.event_id,
            "chronicle_url": self._url(event),
            "timestamp": format_instant(event.recorded_at),
        }

    async def show(self, event_id: str) -> JsonObject:
        """Return one event, its place in the ledger, and the proof that it is there.

        Raise `NotFoundError`, also where it is about a package that the caller may not see.
        """
        snapshot = await self._context.store.load([event_key(event_id)])
        entity = entity_of(snapshot, event_key(event_id))
        event = read_event(entity or an_event())
        if not await may_see(self._context, self._opened.caller, event.package) or entity is None:
            raise NotFoundError("NOT_FOUND", "there is no such event here")
        proof = await prove_entry(self._context.store, self._opened.ledger, entity.revision)
        return {
            **await self._event(event),
            "index": entity.revision,
            "inclusion": {
                "leaf_hash": leaf_hash(proof.content).hex(),
                "size": proof.size,
                "path": [each.hex() for each in proof.path],
                "checkpoint": proof.checkpoint,
            },
        }

    async def list(self, asked: Mapping[str, str], *, offset: int = 0, limit: int = 100) -> JsonObject:
        """Return events, newest first, and how many there are that the caller may see.

        `asked` may name `type`, `package`, `actor`, `since` and `until`. Raise as `Wanted.read`.
        """
        wanted = Wanted.read(asked, offset=offset, limit=limit)
        page = await list_events(self._context, await sight_of(self._context, self._opened.caller), wanted)
        return {
            "events": [await self._event(each) for each in page.events],
            "total": page.total,
            "offset": offset,
            "limit": limit,
        }

    async def of_package(self, package: str, *, offset: int = 0, limit: int = 1000) -> Object:
        """Return the events of a package, oldest first; none where there is none that the caller may see."""
        name = parse_package_name(package)
        sight = await sight_of(self._context, self._opened.caller)
        page = await list_package_events(self._context, sight, name, offset=offset, limit=limit)
        return {
            "package": name,
            "events": [
                {
                    "event_id": each.event_id,
                    "event_type": each.event_type,
                    "version": each.version,
                    "timestamp": format_instant(each.recorded_at),
                }
                for each in page.events
            ],
            "total": page.total,
        }

    async def _event(self, event: ChronicleEvent) -> JsonObject:
        said = await said_under(self._context, event.said)
        payload = _observed(event) if event.source is Source.OBSERVED else _reported(event, said)
        given = said.get("metadata")
        metadata = dict(given) if isinstance(given, dict) else {}
        return {
            "id": event.event_id,
            "type": event.event_type,
            "timestamp": format_instant(event.recorded_at),
            "actor": event.actor,
            "payload": payload,
            "metadata": {**metadata, "source": event.source.value},  # whatever the reporter says of its own source
            "chronicle_url": self._url(event),
        }

    def _url(self, event: ChronicleEvent) -> str:
        return f"{self._context.settings.bases.api}/chronicle/events/{event.event_id}"


def _observed(event: ChronicleEvent) -> JsonObject:
    return {
        "package": event.package,
        "version": event.version,
        "cert_id": event.certificate_id,
        "run_id": event.run_id,
        "receipt_id": event.receipt_id,
    }


def _reported(event: ChronicleEvent, said: JsonObject) -> JsonObject:
    """Return what was reported; where that was erased, what is left of it."""
    about = {"package": event.package, "version": event.version, "cert_id": event.certificate_id}
    kept: JsonObject = {name: value for name, value in about.items() if value}
    return {**kept, **{name: value for name, value in said.items() if name not in _OWN}}
