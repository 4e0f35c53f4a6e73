"""Principals, policy, providers, freezes and keys of a service: asked for over the network, decided there."""

from __future__ import annotations

from datetime import timedelta
from typing import Required, TypedDict, Unpack

from placet.client.wire import Wire
from placet.domain.encoding.canonical import Object

_PRINCIPALS = ("api", "v1", "principals")
_POLICY = ("api", "v1", "policy")
_PROVIDERS = ("api", "v1", "providers")
_FREEZES = ("api", "v1", "freezes")
_KEYS = ("api", "v1", "keys")
_ISSUERS = ("api", "v1", "issuers")
_SESSIONS = ("api", "v1", "sessions")
_VISIBILITY = ("api", "v1", "visibility")
LIFETIME = timedelta(days=90)


class ProviderRecord(TypedDict, total=False):
    """What is said of a provider, besides its id; all but kind and address may be left out."""

    kind: Required[str]
    url: Required[str]
    credential: str
    private: bool
    region: str


class Enrolment(TypedDict, total=False):
    """What is said of a principal besides its keys: owner, accounts, how its keys and itself are known."""

    on_behalf_of: str
    accounts: tuple[str, ...]
    verify_required: bool
    identity: str


class IssuerRecord(TypedDict, total=False):
    """What is said of an issuer besides its URL; all but who we are to it may be left out."""

    client_id: Required[str]
    client_secret: str
    algorithms: tuple[str, ...]
    private: bool


class RemoteGovernance:
    """Governed acts, and what is in force."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def add_principal(
        self,
        principal_id: str,
        *,
        public_keys: tuple[str, ...],
        requester: str = "",
        **more: Unpack[Enrolment],
    ) -> Object:
        """Ask that a principal is enrolled with OpenSSH public keys, or gets accounts."""
        body = {"principal_id": principal_id, "public_keys": public_keys, "requester": requester, **more}
        return await self._wire.post(*_PRINCIPALS, body=body)

    async def change_identity(self, principal_id: str, identity: str, *, requester: str = "") -> Object:
        """Ask that a person signs in with `ISSUER#SUBJECT` from now on, or with nothing where it is empty."""
        body = {"principal_id": principal_id, "identity": identity, "requester": requester}
        return await self._wire.post(*_PRINCIPALS, "identity", body=body)

    async def change_role(
        self, principal_id: str, *, disabled: bool, on_behalf_of: str | None = None, requester: str = ""
    ) -> Object:
        """Ask that a principal is disabled or enabled; `on_behalf_of` None leaves it with its owner."""
        owner = {} if on_behalf_of is None else {"on_behalf_of": on_behalf_of}
        body = {"principal_id": principal_id, "disabled": disabled, "requester": requester, **owner}
        return await self._wire.post(*_PRINCIPALS, "role", body=body)

    async def change_keys(
        self, principal_id: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = (), requester: str = ""
    ) -> Object:
        """Ask that a principal gets the keys in `add`, and loses those of the fingerprints in `remove`."""
        body = {"principal_id": principal_id, "add": add, "remove": remove, "requester": requester}
        return await self._wire.post(*_PRINCIPALS, "keys", body=body)

    async def principals(self) -> Object:
        """Return every principal with its keys' fingerprints."""
        return await self._wire.get(*_PRINCIPALS)

    async def policy(self) -> Object:
        """Return the policy in force, its document included."""
        return await self._wire.get(*_POLICY)

    async def activate_policy(self, document: bytes, *, requester: str = "") -> Object:
        """Ask that a policy comes into force."""
        text = document.decode("utf-8", "replace")  # what is no UTF-8 is no policy, and refused there
        return await self._wire.post(*_POLICY, body={"document": text, "requester": requester})

    async def add_provider(self, provider_id: str, *, requester: str = "", **record: Unpack[ProviderRecord]) -> Object:
        """Ask that a provider is added or replaced; its credential is named, never given."""
        return await self._wire.post(*_PROVIDERS, body={"provider_id": provider_id, "requester": requester, **record})

    async def providers(self) -> Object:
        """Return every provider's record; credentials are names."""
        return await self._wire.get(*_PROVIDERS)


class RemoteStorage:
    """Object stores of a service."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def check(self, provider_id: str, *, requester: str = "") -> Object:
        """Have the service try a store out, record the result and return it."""
        return await self._wire.post(*_PROVIDERS, provider_id, "storage-check", body={"requester": requester})


class RemoteFreezes:
    """What is not to be published for now."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def set(self, subjects: tuple[str, ...], *, reason: str, requester: str = "") -> Object:
        """Freeze what matches these patterns, everything where there are none, from now on."""
        return await self._wire.post(*_FREEZES, body={"subjects": subjects, "reason": reason, "requester": requester})

    async def lift(self, freeze_id: str, *, requester: str = "") -> Object:
        """Ask that a freeze is lifted."""
        return await self._wire.post(*_FREEZES, freeze_id, "lift", body={"requester": requester})

    async def list(self) -> Object:
        """Return the open freezes, oldest first."""
        return await self._wire.get(*_FREEZES)


class RemoteKeys:
    """API keys. A key is in the answer that makes it, and nowhere else."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def create(
        self,
        name: str,
        principal_id: str,
        scopes: tuple[str, ...],
        *,
        lifetime: timedelta = LIFETIME,
        requester: str = "",
    ) -> Object:
        """Ask for a key of a principal."""
        body = {
            "name": name,
            "principal_id": principal_id,
            "scopes": scopes,
            "lifetime_seconds": int(lifetime.total_seconds()),
            "requester": requester,
        }
        return await self._wire.post(*_KEYS, body=body)

    async def rotate(self, key_id: str, *, lifetime: timedelta = LIFETIME, requester: str = "") -> Object:
        """Ask for a key that follows another one, which ends with it."""
        body = {"lifetime_seconds": int(lifetime.total_seconds()), "requester": requester}
        return await self._wire.post(*_KEYS, key_id, "rotate", body=body)

    async def revoke(self, key_id: str, *, requester: str = "") -> Object:
        """Revoke a key."""
        return await self._wire.post(*_KEYS, key_id, "revoke", body={"requester": requester})

    async def list(self) -> Object:
        """Return the keys that the key may see, oldest first."""
        return await self._wire.get(*_KEYS)


class RemoteTrust:
    """Whom people may sign in with."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def add_issuer(self, url: str, *, requester: str = "", **record: Unpack[IssuerRecord]) -> Object:
        """Ask that an issuer is trusted, or on other terms; its secret is named, never given."""
        return await self._wire.post(*_ISSUERS, body={"issuer": url, "requester": requester, **record})

    async def remove_issuer(self, url: str, *, requester: str = "") -> Object:
        """Ask that an issuer is trusted no more."""
        return await self._wire.post(*_ISSUERS, "remove", body={"issuer": url, "requester": requester})

    async def issuers(self) -> Object:
        """Return every issuer that is trusted or was; secrets are names."""
        return await self._wire.get(*_ISSUERS)


class RemoteSessions:
    """Sessions of people who signed in."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def list(self) -> Object:
        """Return the sessions that the key may see, oldest first."""
        return await self._wire.get(*_SESSIONS)

    async def revoke(self, session_id: str, *, requester: str = "") -> Object:
        """Revoke a session."""
        return await self._wire.post(*_SESSIONS, session_id, "revoke", body={"requester": requester})


class RemoteVisibility:
    """Who may see which package."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    async def show(self, package: str) -> Object:
        """Return who may see a package."""
        return await self._wire.get(*_VISIBILITY, package)

    async def list(self) -> Object:
        """Return what is said of packages that the key is about, and of every other one."""
        return await self._wire.get(*_VISIBILITY)

    async def change(self, package: str, visibility: str, *, requester: str = "") -> Object:
        """Ask that a package, or every other one (empty), be seen by everybody or not."""
        body = {"package": package, "visibility": visibility, "requester": requester}
        return await self._wire.post(*_VISIBILITY, body=body)
