"""Who asks over the network: a principal, by a credential that was checked, within its scopes."""

from __future__ import annotations

from dataclasses import dataclass

from placet.domain.authorization.api_key import Scope, check_scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated principal. Made by `usecases.authenticate` alone.

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
