"""Who asks over the network: a principal, by a credential that was checked, within its scopes; or nobody known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from placet.core.context import Context
from placet.core.entities.credentials import credential_key, read_credential
from placet.core.entities.stored import entity_of
from placet.domain.authorization.api_key import ANY, Scope, Verb, check_scopes
from placet.domain.log.change import EntityKey, Snapshot
from placet.errors import DeniedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated principal. Made by `usecases.authenticate` alone, but for `NOBODY`.

    `credential_id` is what it showed, which every run remembers that it asks for: once that is
    revoked, nothing that it asked for goes further.
    """

    principal_id: str
    credential_id: str
    scopes: tuple[Scope, ...]

    def check_scope(self, verb: str, package: str) -> None:
        """Raise `DeniedError` (`SCOPE_INSUFFICIENT`) where no scope covers `verb` of `package`."""
        check_scopes(self.scopes, verb, package)

    def may_see(self, package: str) -> bool:
        """Tell whether a scope is about `package`: then it may be read, whatever its visibility."""
        return any(scope.matches(package) for scope in self.scopes)

    def may_read_runs(self, package: str) -> bool:
        """Tell whether a scope lets its holder read the runs of `package`, and what belongs to them."""
        return any(scope.covers(Verb.READ, package) for scope in self.scopes)

    @property
    def may_see_all(self) -> bool:
        """Tell whether a scope is about every package there is."""
        return any(scope.pattern.text in (ANY, "**") for scope in self.scopes)


NOBODY = Caller(principal_id="", credential_id="", scopes=())
"""Whoever asks over the network and shows nothing: sees what is public, and asks for nothing."""


def credential_premises(context: Context) -> set[EntityKey]:
    """Return what a change rests on that the caller asks for directly: what they showed."""
    return {credential_key(context.credential_id)} if context.credential_id else set()


def check_credential(context: Context, snapshot: Snapshot, now: datetime) -> None:
    """Return where what the caller showed is still good; raise `DeniedError` (`STALE_REQUESTER`)."""
    for key in credential_premises(context):
        entity = entity_of(snapshot, key)
        if entity is None or not read_credential(entity).good_at(now):
            raise DeniedError("STALE_REQUESTER", "the key that was shown was revoked meanwhile, or is out of time")
