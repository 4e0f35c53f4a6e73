"""Add or replace a provider's record: where its effects go, and the name of its credential (protocol 5)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.governance import provider_key, provider_object
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.ports.effects import Provider


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {provider_key(operation.subject.name)}


def _perform(performance: Performance) -> Deed:
    """Record the provider as the operation's parameters say."""
    provider = Provider(
        provider_id=performance.operation.subject.name,
        kind=performance.text("kind"),
        url=performance.text("url"),
        credential=performance.text("credential"),
        private=performance.operation.params.get("private") is True,
        region=performance.text("region"),
    )
    record = provider_object(provider)
    return Deed(
        type="executor.changed",
        data={"receipt": performance.receipt, "provider_id": provider.provider_id, "kind": provider.kind},
        writes={provider_key(provider.provider_id): record},
        response={"provider_id": provider.provider_id},
    )


ACT = Act(premises=_premises, perform=_perform)
