"""`placet issuer`, `placet principal identity`, `placet session`: where people sign in, as whom, and who is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from placet import config
from placet.bootstrap import opened
from placet.core.decide import Decision, decide
from placet.core.entities.credentials import Credential
from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token
from placet.errors import PlacetError
from placet.facade import Placet
from support.shell import Shell

T = TypeVar("T")
ISSUER = "https://sso.example.com"
PAGE = Path(__file__).parents[2] / "docs" / "json-output.md"


@pytest.fixture(scope="module")
def signing(trial: Shell) -> Shell:
    """Return the trial installation with an issuer that is trusted, and bob, who signs in there."""
    trial.done("issuer", "add", ISSUER, "--client-id", "placet", "--credential", "env:SSO", "--algorithm", "ES256")
    trial.done("principal", "add", "person:bob", "--identity", f"{ISSUER}#bob-at-work")
    return trial


def inside(shell: Shell, verb: Callable[[Placet], Awaitable[T]]) -> T:
    """Do in this process what a command does."""

    async def work() -> T:
        async with Placet.open(config.load(shell.environment())) as placet:
            return await verb(placet)

    return asyncio.run(work())


def refused(shell: Shell, verb: Callable[[Placet], Awaitable[object]]) -> str:
    with pytest.raises(PlacetError) as caught:
        inside(shell, verb)
    assert "hunter2" not in caught.value.message
    return caught.value.code


def identities(shell: Shell) -> dict[str, str]:
    found: Any = inside(shell, lambda placet: placet.governance.principals())
    return {each["principal_id"]: each["identity"] for each in found["principals"]}


def test_an_issuer_is_listed_with_its_terms_and_the_name_of_the_secret(signing: Shell) -> None:
    listed = signing.done("issuer", "list", "--json").json()["issuers"]

    (issuer,) = [each for each in listed if each["issuer"] == ISSUER]
    assert (issuer["state"], issuer["client_id"], issuer["client_secret"]) == ("trusted", "placet", "env:SSO")
    assert (issuer["algorithms"], issuer["purpose"]) == (["ES256"], "people")


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("https://SSO.example.com", "", "ISSUER_INVALID"),
        ("https://sso.example.com/?x", "", "ISSUER_INVALID"),
        ("http://sso.example.com", "", "EGRESS_DENIED"),
        ("https://2130706433", "", "EGRESS_DENIED"),
        ("https://new.example.com", "hunter2", "ISSUER_INVALID"),
        ("https://new.example.com", "env:PLACET_PASSPHRASE", "ISSUER_INVALID"),
    ],
)
def test_an_issuer_that_could_not_be_trusted_is_refused(signing: Shell, url: str, secret: str, code: str) -> None:
    assert refused(signing, lambda placet: placet.trust.add_issuer(url, client_id="x", client_secret=secret)) == code


def test_who_signs_in_with_what_is_listed_and_shown_to_approvers(signing: Shell) -> None:
    assert f"{ISSUER}#bob-at-work" in signing.done("principal", "list").out
    runs: Any = inside(signing, lambda placet: placet.publishing.runs())
    run_id = next(each["run_id"] for each in runs["runs"] if each["subject"] == "core:person:bob")
    plan: Any = inside(signing, lambda placet: placet.publishing.plan(run_id))

    assert '"issuer":"https://sso.example.com","subject":"bob-at-work"' in plan["text"].replace("\n    | ", "")


def test_one_identity_is_one_person_s(signing: Shell) -> None:
    def enrolled(principal_id: str, identity: str) -> str:
        return refused(
            signing, lambda placet: placet.governance.add_principal(principal_id, public_keys=(), identity=identity)
        )

    assert enrolled("person:eve", f"{ISSUER}#bob-at-work") == "IDENTITY_IN_USE"
    assert enrolled("service:eve", f"{ISSUER}#eve") == "PRINCIPAL_INVALID"
    assert enrolled("person:eve", "eve@example.com") == "ISSUER_INVALID"
    assert enrolled("person:eve", "https://x.example.com#eve") == "NOT_FOUND"


def test_an_identity_is_changed_and_taken_away(signing: Shell) -> None:
    async def changes(placet: Placet) -> None:
        await placet.governance.add_principal("person:dora", public_keys=(), identity=f"{ISSUER}#dora")
        await placet.governance.change_identity("person:dora", f"{ISSUER}#dora-2")

    inside(signing, changes)
    assert identities(signing)["person:dora"] == f"{ISSUER}#dora-2"

    inside(signing, lambda placet: placet.governance.change_identity("person:dora", ""))
    assert identities(signing)["person:dora"] == ""


async def _sign_in(shell: Shell) -> str:
    """Write a session as signing in does; that it does so, the tests over HTTP show."""
    async with opened(config.load(shell.environment())) as installation:
        context = installation.context
        _, made = make_token(CredentialKind.SESSION, context.randomness.token(RANDOM_BYTES))
        now = context.clock.now().replace(microsecond=0)
        session = Credential(
            credential_id=made.credential_id,
            name="sign-in",
            principal_id="person:bob",
            scopes=(),
            digest=made.digest,
            created_at=now,
            expires_at=now + context.settings.session,
            issuer=ISSUER,
        )
        written = Decision(
            type="session.created", actor="person:bob", subject="", data={}, writes={session.key: session.to_object()}
        )
        await decide(context, lambda _: [session.key], lambda _snapshot, _now: written)
        return session.credential_id


def test_sessions_are_listed_as_documented_and_revoked_by_their_person(signing: Shell) -> None:
    session_id = asyncio.run(_sign_in(signing))

    listed = signing.done("session", "list", "--json").json()["sessions"]
    revoked = signing.done("session", "revoke", session_id, "--as", "person:bob")

    (row,) = [each for each in listed if each["session_id"] == session_id]
    match = re.search(r"\| `session list` \| (.*) \|", PAGE.read_text())
    assert match is not None
    assert {f"sessions[].{name}" for name in row} == set(match[1].strip("`").split("` `"))
    assert (row["principal_id"], row["status"], row["issuer"]) == ("person:bob", "active", ISSUER)
    assert f"The session {session_id} of person:bob is revoked." in revoked.out


def test_a_removed_issuer_says_so(signing: Shell) -> None:
    async def removed(placet: Placet) -> Any:
        await placet.trust.add_issuer("https://gone.example.com", client_id="placet")
        await placet.trust.remove_issuer("https://gone.example.com")
        return await placet.trust.issuers()

    listed = inside(signing, removed)["issuers"]

    assert {each["issuer"]: each["state"] for each in listed}["https://gone.example.com"] == "removed"
    assert refused(signing, lambda placet: placet.trust.remove_issuer("https://gone.example.com")) == "ISSUER_INVALID"
