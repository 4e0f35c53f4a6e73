"""Who asks over the network: a principal, by a credential that was checked, within its scopes; or nobody known."""

from __future__ import annotations

from msgspec import Struct

from placet.domain.authorization.api_key import ANY, Scope, check_scopes
from placet.domain.authorization.shown_token import CredentialKind
from placet.errors import DeniedError


class Caller(Struct, frozen=True, kw_only=True):
    """An authenticated principal. Made by `usecases.authenticate` alone, but for `NOBODY`.

    `credential_id` is what it showed, which every run remembers that it asks for: once that is
    revoked, nothing that it asked for goes further. A session has no scopes: its person may read
    everything, and what they may ask for, the policy says.
    """

    principal_id: str
    credential_id: str
    scopes: tuple[Scope, ...]

    @property
    def in_session(self) -> bool:
        """Tell whether this is a person who signed in, and no program with a key."""
        return self.credential_id.startswith(f"{CredentialKind.SESSION.value}_")

    def check_known(self) -> None:
        """Raise `DeniedError` (`UNAUTHENTICATED`) where nothing was shown."""
        if not self.principal_id:
            raise DeniedError("UNAUTHENTICATED", "nobody asks here without a key")

    def check_scope(self, verb: str, package: str) -> None:
        """Raise `DeniedError` (`SCOPE_INSUFFICIENT`) where no scope of a key covers `verb` of `package`.

        Raise as `check_known`, too.
        """
        self.check_known()
        if not self.in_session:
            check_scopes(self.scopes, verb, package)

    def covers(self, verb: str, package: str) -> bool:
        """Tell whether a scope covers `verb` of `package`."""
        return any(scope.covers(verb, package) for scope in self.scopes)

    def covers_everything(self, verb: str) -> bool:
        """Tell whether a scope covers `verb` of whatever there is, packages or not: `VERB=*`, typed out."""
        return any(scope.verb in (verb, ANY) and scope.pattern.text == ANY for scope in self.scopes)

    def has(self, verb: str) -> bool:
        """Tell whether a scope covers `verb` of anything at all."""
        return any(scope.verb in (verb, ANY) for scope in self.scopes)

    def may_see(self, package: str) -> bool:
        """Tell whether a scope is about `package`: then it may be read, whatever its visibility."""
        return self.in_session or any(scope.matches(package) for scope in self.scopes)

    @property
    def may_see_all(self) -> bool:
        """Tell whether a scope is about every package there is."""
        return self.in_session or any(scope.pattern.text in (ANY, "**") for scope in self.scopes)


NOBODY = Caller(principal_id="", credential_id="", scopes=())
"""Whoever asks over the network and shows nothing: sees what is public, and asks for nothing."""
