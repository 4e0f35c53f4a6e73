"""The one door for effects, and the read port beside it (protocol 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, field

from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation, Subject
from placet.domain.authorization.place import place
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import OutcomeStatus


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of an effect, built from what the provider answered and what was read back.

    `response` holds printable facts of the provider's answer (status, digest, id): never a
    secret, never a body. `error_code` is empty when executed. `retries` counts requests sent
    again because the provider said that it had not acted, or because no byte had been sent.
    """

    status: OutcomeStatus
    response: Object = field(default_factory=dict)
    error_code: str = ""
    error_message: str = ""
    retries: int = 0


class Presence(StrEnum):
    """What a look-up found. `absent` is a positive finding; `unknown` is none."""

    SAME = "same"
    OTHER = "other"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Finding(Struct, frozen=True, kw_only=True):
    """The answer of a look-up at the provider by identity and digest."""

    presence: Presence
    response: Object = field(default_factory=dict)


class Observation(Struct, frozen=True, kw_only=True):
    """A fact held by a provider, as it was seen: its value, where and when.

    `value` is `absent`, a digest or another printable value, or `unobserved` when it could not
    be read.
    """

    fact: str
    value: str
    source: str
    at: datetime


HoldsFence = Callable[[AuthorizedOperation], Awaitable[bool]]
"""Tells whether the reservation with this fence is still ours (the newest state, not a copy)."""


class SideEffectPort(Protocol):
    """Performs authorised operations and looks effects up; nothing else reaches a provider."""

    async def perform(self, authorized: AuthorizedOperation) -> Outcome:
        """Attempt the effect once and tell what is known of it.

        Checks fence and deadline last thing before the first byte. Raises `DeniedError`
        (`MODE_NOT_PROD`, `ARTIFACT_MISMATCH`), `EffectError` (`FENCE_LOST`, `EGRESS_DENIED`),
        `InvalidInputError` (an unsafe archive) and `ConfigurationError` (`CREDENTIAL_MISSING`,
        `PROVIDER_UNKNOWN`) only where nothing was sent, or the provider said that it had not
        acted. Whatever else happens after the first byte is an `Outcome`: a timeout, a cut or an
        ambiguous answer is `indeterminate`. Repeating it is not safe.
        """
        ...

    async def look_up(self, operation: Operation) -> Finding:
        """Tell whether the effect stands at the provider. Reads only; safe to repeat.

        What the provider does not answer clearly is `unknown`; raises as `perform` does where
        the provider's record or credential is missing or denied, and where the record leads
        elsewhere than the operation is bound to (`EGRESS_DENIED`).
        """
        ...


class Observer(Protocol):
    """Reads facts that providers hold. Never sends anything that could act."""

    async def observe(self, subject: Subject, fact: str) -> Observation:
        """Return the fact, uncached; `unobserved` when the provider gave no clear answer.

        For `npm`, fact `version` is `absent` or `sha512-…` (the integrity), fact `dist_tag:NAME`
        is `absent` or a version. For `github`, facts `tag:NAME` and `branch:NAME` are `absent` or a
        SHA, `release:TAG` is `absent` or `published`. Where the provider holds
        repositories, facts `pusher:SHA` and `merger:SHA` are its ids of the accounts that pushed and
        merged that commit, comma-separated, or `none`. For a folder and for `s3`, fact `object:KEY`
        is `absent` or `sha256:…`.
        """
        ...


class Provider(Struct, frozen=True, kw_only=True):
    """Where effects of one provider id go, and the *name* of its credential.

    `kind` is `npm`, `github`, `folder` or `s3`; `url` the base address (for a folder `file:` and an
    absolute path, for `s3` `https://HOST/BUCKET[/PREFIX]`); `credential` is empty, `env:NAME` or
    `file:PATH`. `private` says that the operator expects the host's name to lead into a private
    network, which is refused otherwise. `region` is empty where the address tells it, or nobody asks.
    """

    provider_id: str
    kind: str
    url: str
    credential: str
    private: bool = False
    region: str = ""

    @property
    def place(self) -> str:
        """Return kind and address, as plans bind them; the credential is no part of where an effect goes."""
        return place(self.kind, self.url, private=self.private)


FindProvider = Callable[[str], Awaitable[Provider | None]]
"""Returns the newest record of a provider id, None where there is none."""


class Secret:
    """A credential that shows itself only when asked by name, never in `repr` or `str`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep `value` out of sight."""
        self._value = value

    def reveal(self) -> str:
        """Return the secret, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        """Say that there is a secret, not which."""
        return "Secret(…)"


class Credentials(Protocol):
    """Finds a provider's credential by the name in its record, when it is needed."""

    def of(self, provider: Provider) -> Secret | None:
        """Return the secret, None where the record names none.

        Raise `ConfigurationError` (`CREDENTIAL_MISSING`) where the named one is not there.
        """
        ...
