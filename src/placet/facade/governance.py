"""Principals, policy, providers: who may say yes, and where effects go (protocol 6)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Protocol, Required, TypedDict, Unpack

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.github.place import place_at
from placet.adapters.objectstore.place import parse_place
from placet.bootstrap import Opened
from placet.core.acts.act import PROVIDER
from placet.core.acts.activate_policy import POLICY_ARTIFACT
from placet.core.acts.change_role import DISABLED, ENABLED
from placet.core.acts.identity import NONE as NO_IDENTITY
from placet.core.entities.governance import (
    POLICY_IN_FORCE,
    principal_key,
    provider_key,
    read_policy_in_force,
    stored_principal,
    stored_provider,
)
from placet.core.entities.stored import required
from placet.core.entities.trust import identity_key, read_identity_holder
from placet.core.policies import bundled_policy
from placet.core.runs import Intent
from placet.domain.authorization.issuer import parse_identity
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.ssh_public_key import parse_public_key
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.errors import EffectError, InvalidInputError
from placet.facade.asking import ask_as
from placet.facade.named_secret import check_named_secret
from placet.facade.visible import check_is_member
from placet.ports.effects import Provider
from placet.usecases.certify_package import keep

_PROVIDER_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
"""As in plans (protocol 1)."""


class ProviderRecord(TypedDict, total=False):
    """What is said of a provider, besides its id; all but kind and address may be left out."""

    kind: Required[str]
    url: Required[str]
    credential: str
    private: bool
    region: str


class Enrolment(TypedDict, total=False):
    """What is said of a principal besides its keys.

    `accounts` are its accounts at providers, `PROVIDER:ID`: who pushed or merged with one of them
    does not approve what was pushed. `verify_required` demands of hardware keys that they verify
    who touches them, by PIN or finger. `identity` is what a person signs in with, `ISSUER#SUBJECT`.
    """

    on_behalf_of: str
    accounts: tuple[str, ...]
    verify_required: bool
    identity: str


class Governance:
    """Governed acts, and what is in force."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def add_principal(
        self,
        principal_id: str,
        *,
        public_keys: tuple[str, ...],
        requester: str = "",
        **more: Unpack[Enrolment],
    ) -> Object:
        """Enrol a principal with OpenSSH public keys; the bootstrap key also adds keys to one that is enrolled."""
        await check_is_member(self._opened)
        accounts, identity = more.get("accounts", ()), more.get("identity", "")
        intent = Intent(
            kind=OperationKind.ENROL_PRINCIPAL,
            subject=Subject(provider=PROVIDER, name=principal_id, version="", tag=""),
            params={
                "public_keys": list[Value](parse_public_key(line).line for line in public_keys),
                "on_behalf_of": more.get("on_behalf_of", ""),
                **({"accounts": list[Value](accounts)} if accounts else {}),
                **({"verify_required": True} if more.get("verify_required") else {}),
                **({"identity": parse_identity(identity).to_object()} if identity else {}),
            },
        )
        return await self._ask(intent, {}, requester)

    async def change_role(
        self, principal_id: str, *, disabled: bool, on_behalf_of: str | None = None, requester: str = ""
    ) -> Object:
        """Disable or enable a principal; `on_behalf_of` None leaves it with its owner.

        Raise `NotFoundError` where nobody of that id is enrolled.
        """
        await check_is_member(self._opened)
        key = principal_key(principal_id)
        standing = stored_principal(required(await self._context.store.load([key]), key, f"principal {principal_id}"))
        intent = Intent(
            kind=OperationKind.CHANGE_ROLE,
            subject=Subject(provider=PROVIDER, name=principal_id, version="", tag=""),
            params={
                "state": DISABLED if disabled else ENABLED,
                "on_behalf_of": standing.on_behalf_of if on_behalf_of is None else on_behalf_of,
            },
        )
        return await self._ask(intent, {}, requester)

    async def change_keys(
        self, principal_id: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = (), requester: str = ""
    ) -> Object:
        """Add OpenSSH public keys to an enrolled principal, and take away those of the fingerprints in `remove`."""
        await check_is_member(self._opened)
        intent = Intent(
            kind=OperationKind.CHANGE_APPROVER_KEY,
            subject=Subject(provider=PROVIDER, name=principal_id, version="", tag=""),
            params={"add": list[Value](parse_public_key(line).line for line in add), "remove": list[Value](remove)},
        )
        return await self._ask(intent, {}, requester)

    async def change_identity(self, principal_id: str, identity: str, *, requester: str = "") -> Object:
        """Ask that a person signs in with `ISSUER#SUBJECT` from now on, or with nothing where it is empty."""
        await check_is_member(self._opened)
        intent = Intent(
            kind=OperationKind.CHANGE_APPROVER_KEY,
            subject=Subject(provider=PROVIDER, name=principal_id, version="", tag=""),
            params={
                "add": [],
                "remove": [],
                "identity": parse_identity(identity).to_object() if identity else NO_IDENTITY,
            },
        )
        return await self._ask(intent, {}, requester)

    async def principals(self) -> Object:
        """Return every principal with its keys' fingerprints, and whether it may sign in."""
        await check_is_member(self._opened)
        rows = await self._context.store.find("principal", "", limit=10_000)
        found = await self._context.store.load([row.key for row in rows])
        people = [stored_principal(required(found, row.key, "principal")) for row in rows]
        return {"principals": [await self._shown(each) for each in people]}

    async def _shown(self, principal: Principal) -> Object:
        members = {name: value for name, value in principal.to_object().items() if name != "identities"}
        members["accounts"] = list[Value](principal.accounts)
        if principal.identity is None:
            return {**members, "identity": ""}
        key = identity_key(principal.identity.identity_id)
        holder = read_identity_holder(required(await self._context.store.load([key]), key, "identity"))
        return {**members, "identity": str(holder.identity)}

    @staticmethod
    def check_policy(document: bytes) -> Object:
        """Return what a policy says, without putting it in force; raise `InvalidInputError` (`POLICY_INVALID`)."""
        return _policy(parse_policy(document))

    @staticmethod
    def example_policy() -> bytes:
        """Return the TOML of a policy for a team to start from."""
        return bundled_policy("example")

    async def policy(self) -> Object:
        """Return the policy in force, its document included; raise `NotFoundError` before the first."""
        snapshot = await self._context.store.load([POLICY_IN_FORCE])
        in_force = read_policy_in_force(required(snapshot, POLICY_IN_FORCE, "policy in force"))
        return {
            **_policy(parse_policy(in_force.document)),
            "activated_at": format_instant(in_force.activated_at),
            "document": in_force.document.decode(),
        }

    async def activate_policy(self, document: bytes, *, requester: str = "") -> Object:
        """Put a policy in force."""
        policy = parse_policy(document)
        members = sorted(frozenset[str]().union(*policy.groups.values()))
        intent = Intent(
            kind=OperationKind.ACTIVATE_POLICY,
            subject=Subject(provider=PROVIDER, name="policy", version=policy.version, tag=""),
            params={"policy_digest": policy.digest, "members": list[Value](members)},
            artifacts=(await keep(self._context, POLICY_ARTIFACT, document),),
        )
        return await self._ask(intent, {POLICY_ARTIFACT: document}, requester)

    async def add_provider(
        self,
        provider_id: str,
        *,
        requester: str = "",
        **record: Unpack[ProviderRecord],
    ) -> Object:
        """Add or replace a provider; `credential` is empty, `env:NAME` or `file:PATH`, never the secret itself."""
        provider = Provider(
            provider_id=provider_id,
            kind=record["kind"],
            url=record["url"],
            credential=record.get("credential", ""),
            private=record.get("private", False),
            region=record.get("region", ""),
        )
        await check_is_member(self._opened)
        self._check_is_no_path(provider)
        await asyncio.to_thread(_check_provider, provider)
        await asyncio.to_thread(
            check_named_secret, provider.credential, self._opened.config.home, code="PROVIDER_INVALID"
        )
        params: Object = {
            "kind": provider.kind,
            "url": provider.url,
            "credential": provider.credential,
            "private": provider.private,
        }
        intent = Intent(
            kind=OperationKind.CHANGE_EXECUTOR,
            subject=Subject(provider=PROVIDER, name=provider_id, version="", tag=""),
            params={**params, "region": provider.region} if provider.region else params,
        )
        return await self._ask(intent, {}, requester)

    def _check_is_no_path(self, provider: Provider) -> None:
        """Refuse a folder that is named over the network: nobody learns from outside which folders there are."""
        if self._opened.caller is not None and provider.kind == "folder":
            raise InvalidInputError(
                "PROVIDER_INVALID",
                "a folder is a provider only where it was added on its own machine",
                hint="run placet provider add there, without --server",
            )

    async def providers(self) -> Object:
        """Return every provider's record; credentials are names."""
        await check_is_member(self._opened)
        rows = await self._context.store.find("provider", "", limit=1000)
        found = await self._context.store.load([row.key for row in rows])
        records = [stored_provider(required(found, provider_key(row.value), "provider")) for row in rows]
        return {
            "providers": [
                {
                    "provider_id": each.provider_id,
                    "kind": each.kind,
                    "url": each.url,
                    "credential": each.credential,
                    "private": each.private,
                    "region": each.region,
                }
                for each in records
            ]
        }

    async def _ask(self, intent: Intent, contents: dict[str, bytes], requester: str) -> Object:
        return await ask_as(self._opened, intent, requester, contents)


def _policy(policy: Policy) -> Object:
    return {
        "version": policy.version,
        "policy_digest": policy.digest,
        "groups": {name: list[Value](sorted(members)) for name, members in sorted(policy.groups.items())},
        "rules": len(policy.rules),
        "embedded_in_ci": policy.embedded_in_ci,
        "freezers": list[Value](pattern.text for pattern in policy.freezers),
        "break_glass": policy.break_glass,
    }


def _check_provider(provider: Provider) -> None:
    """Refuse a record that could never work, or would have to be refused whenever it is used."""
    provider_id, kind, url = provider.provider_id, provider.kind, provider.url
    if _PROVIDER_ID.fullmatch(provider_id) is None or provider_id == PROVIDER:
        raise InvalidInputError(
            "PROVIDER_INVALID",
            f"{provider_id[:80]!a} cannot be a provider's id",
            hint=f"lower-case letters, digits, '.' and '-', at most 64; {PROVIDER} is Placet itself",
        )
    if kind == "npm":
        _check_address(parse_endpoint, url, private=provider.private)
    elif kind == "github":
        _check_address(place_at, url, private=provider.private)
    elif kind == "s3":
        _check_address(parse_endpoint, url, private=provider.private)
        _check_place(provider)
    elif kind != "folder":
        hint = "npm, github, folder or s3"
        raise InvalidInputError("PROVIDER_INVALID", f"{kind[:40]!r} is no kind of provider", hint=hint)
    elif not url.startswith("file:/") or not Path(url.removeprefix("file:")).is_dir():
        named = "the address" if "@" in url else f"{url[:200]!r}"  # it may be a URL with a password in it
        raise InvalidInputError(
            "PROVIDER_INVALID", f"{named} names no folder", hint="make the folder, then give file:/PATH"
        )
    if provider.region and kind != "s3":
        raise InvalidInputError(
            "PROVIDER_INVALID", f"a provider of kind {kind} has no region", hint="leave --region out"
        )


def _check_place(provider: Provider) -> None:
    parse_place(provider)
    if not provider.credential:
        raise InvalidInputError(
            "PROVIDER_INVALID",
            "an object store takes nothing without a credential",
            hint="--credential env:NAME of a variable that holds ACCESS_KEY_ID:SECRET, or file:/PATH",
        )


class _Read(Protocol):
    def __call__(self, url: str, *, private: bool) -> object: ...


def _check_address(read: _Read, url: str, *, private: bool) -> None:
    try:
        read(url, private=private)
    except EffectError:
        if "@" not in url:
            raise
        raise InvalidInputError(  # neither message nor cause may show what may be a password
            "PROVIDER_INVALID",
            "the address holds a user or a password, or is no plain URL",
            hint="give the address alone, and name the credential with --credential",
        ) from None
