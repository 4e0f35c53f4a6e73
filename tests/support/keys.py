"""API keys in a `World`: made by the governed act itself, shown, and asked with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.entities.credentials import Credential, credential_key, read_credential
from placet.core.entities.stored import required
from placet.core.governed import Asked, ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from support.world import World

KEYS = """\
[[rule]]
operations = ["create_key"]
subjects = ["core:**"]
requesters = ["person:*"]
approvals = []
"""
"""The rule under which keys are made here."""


class Made(Struct, frozen=True):
    """A key that was made: as it is shown, and its id."""

    shown: str
    credential_id: str


def make_key(world: World, principal_id: str = "person:alice", *, name: str = "ci", **params: Any) -> Made:
    """Make a key of a principal for a day; `params` replace parameters of the operation."""
    shown, intent = key_intent(world, principal_id, name, **params)
    asked = ask_for(world, intent)
    return Made(shown, str(asked.report.response["key_id"]))


def key_intent(world: World, principal_id: str, name: str, **params: Any) -> tuple[str, Intent]:
    """Return a new key as it is shown, and the operation that makes it."""
    shown, key = make_token(CredentialKind.KEY, world.randomness.token(RANDOM_BYTES))
    members: dict[str, Value] = {
        "key_id": key.token_id,
        "name": name,
        "scopes": ["*=*"],
        "digest": key.digest,
        "expires_at": format_instant(world.clock.now() + timedelta(days=1)),
        "rotates": "",
        **params,
    }
    subject = Subject(provider="core", name=principal_id, version="", tag="")
    return shown, Intent(kind=OperationKind.CREATE_KEY, subject=subject, params=members)


def ask_for(world: World, intent: Intent, *, context: Context | None = None, requester: str = "person:alice") -> Asked:
    """Ask for an operation, on the machine itself or in another context."""
    return world.run(ask(context or world.context, intent, requester=requester, contents={}))


def asking_with(world: World, key: Made) -> Context:
    """Return the context of whoever shows the key over the network."""
    return replace(world.context, credential_id=key.credential_id)


def stored(world: World, key: Made) -> Credential:
    """Return the key as it is kept."""
    place = credential_key(key.credential_id)
    return read_credential(required(world.load(place), place, "key"))


def caller(world: World, key: Made) -> Caller:
    """Return who asks with the key."""
    kept = stored(world, key)
    return Caller(principal_id=kept.principal_id, credential_id=kept.credential_id, scopes=kept.scopes)
