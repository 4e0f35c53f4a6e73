"""Who asks: named, set, or the local person of a trial; or the bootstrap key, while it lives (protocol 6)."""

from __future__ import annotations

import hmac
import re

from placet.bootstrap import Opened
from placet.core.caller import Caller
from placet.core.denials import record_denial, unverified
from placet.core.entities.governance import BOOTSTRAP, read_bootstrap_key
from placet.core.entities.stored import entity_of
from placet.core.installation import PROFILE, Profile, read_profile
from placet.core.judgement import BOOTSTRAP_REQUESTER, LOCAL_PERSON
from placet.domain.authorization.principal import PRINCIPAL_ID
from placet.domain.values.digest import sha256
from placet.errors import ConfigurationError, DeniedError, InvalidInputError


async def requester_of(opened: Opened, named: str) -> str:
    """Return the principal in whose name a command asks.

    Raise `ConfigurationError` (`REQUESTER_MISSING`) where a team's command names nobody, and
    `InvalidInputError` (`PRINCIPAL_INVALID`) for a name that nobody can be enrolled under: the
    bootstrap key speaks for itself only where it is shown, never by its name. Over the network it
    is whoever the credential names: `DeniedError` (`REQUESTER_MISMATCH`) for any other, and
    `UNAUTHENTICATED` where nothing was shown.
    """
    if opened.caller is not None:
        return _caller(opened.caller, named)
    name = named or opened.config.principal
    if name:
        if re.fullmatch(PRINCIPAL_ID, name) is None:
            raise InvalidInputError("PRINCIPAL_INVALID", f"{name[:80]!a} is no principal", hint="--as person:NAME")
        return name
    entity = entity_of(await opened.context.store.load([PROFILE]), PROFILE)
    if entity is not None and read_profile(entity) is Profile.TRIAL:
        return LOCAL_PERSON
    raise ConfigurationError("REQUESTER_MISSING", "who asks?", hint="give --as person:NAME, or set PLACET_PRINCIPAL")


def _caller(caller: Caller, named: str) -> str:
    caller.check_known()
    if named not in ("", caller.principal_id):
        raise DeniedError("REQUESTER_MISMATCH", f"the credential is {caller.principal_id}'s, not {named[:80]!a}'s")
    return caller.principal_id


async def governing_requester(opened: Opened, named: str) -> str:
    """Return who asks for a governed act: the bootstrap key where one is given, else as `requester_of`.

    Raise `DeniedError` (`BOOTSTRAP_INVALID`, recorded) where the given key is another one, or dead.
    """
    if opened.config.bootstrap_key is None or named or opened.caller is not None:
        return await requester_of(opened, named)
    entity = entity_of(await opened.context.store.load([BOOTSTRAP]), BOOTSTRAP)
    given = sha256(opened.config.bootstrap_key.reveal().encode())
    if entity is not None and read_bootstrap_key(entity).live:
        if hmac.compare_digest(given, read_bootstrap_key(entity).digest):
            return BOOTSTRAP_REQUESTER
        error = DeniedError("BOOTSTRAP_INVALID", "the bootstrap key is not the one that init printed")
    else:
        error = DeniedError(
            "BOOTSTRAP_INVALID",
            "the bootstrap key is dead: the first policy is in force",
            hint="unset PLACET_BOOTSTRAP_KEY, and say with --as who asks",
        )
    actor = unverified(BOOTSTRAP_REQUESTER)
    await record_denial(opened.context, error, actor=actor, run_id="", operation_id="")
    raise error
