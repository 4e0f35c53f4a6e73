"""Observations: facts that providers hold, with source and time; or none at all (protocol 2)."""

from __future__ import annotations

from collections.abc import Mapping

from placet.domain.authorization.operation import Subject
from placet.errors import ConfigurationError
from placet.ports.effects import FindProvider, Observation
from placet.ports.executor import FactReader
from placet.ports.world import Clock


class LiveObserver:
    """Reads facts at the provider that a subject names. Sends nothing that could act."""

    def __init__(self, readers: Mapping[str, FactReader], find_provider: FindProvider, clock: Clock) -> None:
        """Take who reads at providers of which kind, where provider records are, and the time."""
        self._readers = dict(readers)
        self._find_provider = find_provider
        self._clock = clock

    async def observe(self, subject: Subject, fact: str) -> Observation:
        """Return the fact as `Observer.observe` says; its time is taken before it is read.

        Raise `ConfigurationError` (`PROVIDER_UNKNOWN`) where no provider of that id and a known
        kind is configured.
        """
        at = self._clock.now()
        provider = await self._find_provider(subject.provider)
        reader = self._readers.get(provider.kind) if provider else None
        if provider is None or reader is None:
            raise ConfigurationError(
                "PROVIDER_UNKNOWN",
                f"there is no provider {subject.provider} whose facts can be read",
                hint="add it with `placet provider add`",
            )
        value = await reader.read(provider, subject, fact)
        return Observation(fact=fact, value=value, source=subject.provider, at=at)


class OfflineObserver:
    """Observes nothing: every fact is `unobserved` (`--offline`)."""

    def __init__(self, clock: Clock) -> None:
        """Take the time."""
        self._clock = clock

    async def observe(self, subject: Subject, fact: str) -> Observation:
        """Return `unobserved` for whatever is asked."""
        return Observation(fact=fact, value="unobserved", source=subject.provider, at=self._clock.now())
