"""From the issuer to a session, and what ends it (protocol 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from placet.core.caller import Caller
from placet.core.context import Settings
from placet.domain.authorization.api_key import Verb, parse_scope
from placet.domain.authorization.shown_token import CredentialKind, make_token
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, InvalidInputError, NotFoundError, PlacetError
from placet.usecases.begin_sign_in import begin_sign_in
from placet.usecases.report_event import Report, report_event
from placet.usecases.revoke_key import revoke_key
from placet.usecases.sign_out import sign_out
from support.identity import CLIENT, ISSUER, OTHER_ISSUER, REDIRECT, Signing
from support.intents import a_publication

OTHER_VERSION = replace(a_publication().subject, version="1.0.1")
MOMENT = timedelta(milliseconds=1)


def begin(world: Signing, issuer: str = "") -> dict[str, str]:
    """Begin to sign in, and return what the issuer is asked."""
    begun = world.run(begin_sign_in(world.context, world.provider, issuer=issuer, redirect_uri=REDIRECT))
    query = parse_qs(urlsplit(begun.authorization_url).query, strict_parsing=True)
    return {name: value for name, (value,) in query.items()}


def test_a_browser_is_sent_with_everything_that_binds_the_answer_to_it() -> None:
    world = Signing()
    size = len(world.contents())

    asked = begin(world)

    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "scope": "openid",
    }
    assert asked["code_challenge_method"] == "S256"
    assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    assert len(world.contents()) == size


def test_an_endpoint_that_has_a_query_keeps_it() -> None:
    world = Signing()

    world.provider.endpoint = "https://id.example.com/authorize?tenant=acme"

    begun = world.run(begin_sign_in(world.context, world.provider, issuer=ISSUER, redirect_uri=REDIRECT))

    assert begun.authorization_url.startswith("https://id.example.com/authorize?tenant=acme&response_type=code&")


def test_where_there_is_a_choice_of_issuers_it_is_made() -> None:
    world = Signing()
    world.trust(OTHER_ISSUER)

    with pytest.raises(InvalidInputError, match="ISSUER_INVALID"):
        begin(world)
    assert begin(world, OTHER_ISSUER)
    world.distrust(OTHER_ISSUER)
    assert begin(world)
    with pytest.raises(NotFoundError):
        begin(world, OTHER_ISSUER)
    world.distrust(ISSUER)
    with pytest.raises(NotFoundError):
        begin(world)


def test_who_signed_in_is_who_the_identity_is_enrolled_for_and_nothing_of_the_token_is_kept() -> None:
    world = Signing()

    signed_in = world.signed_in("bob")

    session = world.session(signed_in.session.credential_id)
    assert (session.principal_id, session.issuer, session.scopes) == ("person:bob", ISSUER, ())
    assert session.expires_at == world.clock.now() + timedelta(hours=8)
    assert world.caller(signed_in.token) == Caller(
        principal_id="person:bob", credential_id=session.credential_id, scopes=()
    )
    contents = b"".join(world.contents())
    assert signed_in.token.encode() not in contents
    assert signed_in.token not in repr(signed_in)
    assert b'"bob"' not in contents


def test_a_session_reads_everything_and_asks_as_its_person() -> None:
    caller = Signing().known("bob")

    assert caller.in_session
    caller.check_scope(Verb.PUBLISH, "@acme/tool")
    assert caller.may_see("@acme/private")
    assert caller.may_see_all


def test_a_key_asks_for_what_its_scopes_say() -> None:
    scopes = (parse_scope(f"{Verb.PUBLISH}=@acme/*"),)
    caller = Caller(principal_id="person:bob", credential_id="key_0123456789ab", scopes=scopes)

    assert not caller.in_session
    caller.check_scope(Verb.PUBLISH, "@acme/tool")
    assert (caller.may_see("@acme/tool"), caller.may_see("@other/tool"), caller.may_see_all) == (True, False, False)
    with pytest.raises(DeniedError, match="SCOPE_INSUFFICIENT"):
        caller.check_scope(Verb.PUBLISH, "@other/tool")


@pytest.mark.parametrize("hours", [1, 24])
def test_a_session_is_over_when_its_time_is(hours: int) -> None:
    world = Signing()
    world.rebuild(settings=Settings(session=timedelta(hours=hours)))
    token = world.signed_in("bob").token

    world.clock.at += timedelta(hours=hours) - MOMENT
    assert world.caller(token) is not None
    world.clock.at += MOMENT
    assert world.caller(token) is None


def test_who_signs_out_is_unknown_afterwards_and_their_other_sessions_go_on() -> None:
    world = Signing()
    first, second = world.signed_in("bob").token, world.signed_in("bob").token
    caller = world.caller(first)
    assert caller is not None

    world.run(sign_out(world.context, caller))

    assert (world.caller(first), world.caller(second) is not None) == (None, True)
    (ended,) = world.entries("session.ended")
    assert (ended.body.actor, ended.body.subject) == ("person:bob", caller.credential_id)


def test_a_key_does_not_sign_out() -> None:
    caller = Caller(principal_id="person:bob", credential_id="key_0123456789ab", scopes=())

    with pytest.raises(DeniedError, match="SESSION_MISSING"):
        Signing().run(sign_out(Signing().context, caller))


def test_a_revoked_session_is_over() -> None:
    world = Signing()
    signed_in = world.signed_in("bob")

    world.run(revoke_key(world.context, signed_in.session.credential_id, actor="person:bob"))

    assert world.caller(signed_in.token) is None


def test_a_disabled_person_is_signed_out_for_good() -> None:
    world = Signing()
    token = world.signed_in("bob").token
    world.move(seconds=1)

    world.role("person:bob", "disabled")
    assert world.caller(token) is None
    with pytest.raises(DeniedError, match="UNAUTHENTICATED"):
        world.signed_in("bob")
    world.move(seconds=1)
    world.role("person:bob", "enabled")

    assert world.caller(token) is None
    assert world.caller(world.signed_in("bob").token) is not None


def test_another_identity_ends_the_sessions_of_the_one_before() -> None:
    world = Signing()
    token = world.signed_in("bob").token
    world.move(seconds=1)

    world.identify("person:bob", "robert")

    assert world.caller(token) is None
    with pytest.raises(DeniedError, match="UNAUTHENTICATED"):
        world.signed_in("bob")
    assert world.caller(world.signed_in("robert").token) is not None


def test_an_issuer_that_is_trusted_no_more_ends_its_sessions_for_good() -> None:
    world = Signing()
    token = world.signed_in("bob").token
    world.move(seconds=1)

    world.distrust()
    assert world.caller(token) is None
    world.move(seconds=1)
    world.trust()

    assert world.caller(token) is None
    assert world.caller(world.signed_in("bob").token) is not None


def test_an_issuer_that_lost_its_trust_while_somebody_was_there_lets_nobody_in() -> None:
    world = Signing()
    answer = world.answer(world.begin(), "bob")
    world.distrust()

    with pytest.raises(NotFoundError):
        world.come_back(answer)


def test_an_issuer_that_loses_its_trust_between_token_and_session_lets_nobody_in() -> None:
    world = Signing()
    answer = world.answer(world.begin(), "bob")
    world.meanwhile(world.distrust)

    with pytest.raises(DeniedError, match="UNAUTHENTICATED"):
        world.come_back(answer)

    assert world.entries("session.created") == []


@pytest.mark.parametrize("subject", ["nobody", "Bob", "bob0"])
def test_a_good_token_of_somebody_who_is_not_enrolled_lets_nobody_in(subject: str) -> None:
    world = Signing()

    with world.refusing("UNAUTHENTICATED"):
        world.signed_in(subject)


def test_a_subject_of_another_issuer_is_somebody_else() -> None:
    world = Signing()
    world.trust(OTHER_ISSUER)

    with world.refusing("UNAUTHENTICATED"):
        world.signed_in("bob", OTHER_ISSUER)


def test_what_the_issuer_refuses_leaves_no_trace_as_anybody_can_send_it() -> None:
    world = Signing()
    begun = world.begin()
    honest = world.answer(begun, "bob")
    size = len(world.contents())

    for answer in (
        replace(honest, sign_in=""),
        replace(honest, state="x"),
        replace(honest, code=""),
        replace(honest, code="", error="access_denied"),
        replace(honest, code="", error="<script>"),
        replace(honest, code="unknown"),
    ):
        with pytest.raises(DeniedError, match="OIDC_INVALID") as caught:
            world.come_back(answer)
        assert "<" not in caught.value.message

    assert len(world.contents()) == size


def test_the_code_is_redeemed_with_the_verifier_of_this_browser() -> None:
    world = Signing()
    begun = world.begin()

    world.come_back(world.answer(begun, "bob"))

    (redemption,) = world.provider.redeemed
    assert (redemption.verifier, redemption.redirect_uri) == (begun.verifier, REDIRECT)
    assert begun.verifier not in repr(redemption)


def test_somebody_who_shows_a_token_that_was_never_given_is_nobody() -> None:
    world = Signing()
    token, _ = make_token(CredentialKind.SESSION, b"x" * 48)
    given = world.signed_in("bob").token

    assert world.caller(token) is None
    assert world.caller(given.replace("session", "key")) is None
    assert world.caller(given[:-1]) is None
    assert world.caller(given.swapcase()) is None


def test_the_secret_of_a_session_is_all_of_it() -> None:
    world = Signing()
    given = world.signed_in("bob")
    guessed, made = make_token(CredentialKind.SESSION, b"y" * 48)
    same_id = replace(given.session, credential_id=made.credential_id)
    world.write(same_id.key, same_id.to_object())

    assert world.caller(guessed) is None


def test_that_a_session_is_used_is_told_once_an_hour_and_not_at_its_beginning() -> None:
    world = Signing()
    token = world.signed_in("bob").token

    world.caller(token)
    assert world.entries("session.used") == []
    world.move(hours=1)
    world.caller(token)
    world.caller(token)

    assert len(world.entries("session.used")) == 1


def test_what_is_asked_in_a_session_goes_on_after_signing_out_but_not_after_it_was_revoked() -> None:
    world = Signing()
    caller = world.known("bob")
    world.asks(caller)
    plan, token = world.ready(requester="person:bob")
    other, unused = world.ready(a_publication(subject=OTHER_VERSION), requester="person:bob")
    world.run(sign_out(world.context, caller))

    assert world.present(plan, token).state.value == "executed"

    world.run(revoke_key(world.context, caller.credential_id, actor="person:bob"))
    with world.refusing("STALE_REQUESTER"):
        world.present(other, unused)


def test_a_session_without_its_record_asks_for_nothing() -> None:
    world = Signing()
    caller = world.known("bob")
    world.asks(caller)
    plan, token = world.ready(requester="person:bob")

    world.write(world.session(caller.credential_id).key, None)

    with world.refusing("STALE_REQUESTER"):
        world.present(plan, token)


def test_in_a_session_alone_nobody_changes_who_may_say_yes() -> None:
    world = Signing()
    world.asks(world.known("bob"))

    with pytest.raises(PlacetError, match="APPROVALS_MISSING"):
        world.act(OperationKind.CHANGE_ROLE, "person:carol", by="person:bob", state="disabled", on_behalf_of="")


REPORT = Report(event_type="package.build.start", package="@acme/tool", version="1.0.0", said=b"{}")


@pytest.mark.parametrize("end", ["revoked", "signed out", "disabled", "gone"])
def test_what_is_asked_for_directly_takes_a_session_that_is_good(end: str) -> None:
    world = Signing()
    bob = world.known("bob")
    world.asks(bob)
    assert world.run(report_event(world.context, REPORT, actor="person:bob")).actor == "person:bob"
    ends: dict[str, Callable[[], object]] = {
        "revoked": lambda: world.run(revoke_key(world.context, bob.credential_id, actor="person:bob")),
        "signed out": lambda: world.run(sign_out(world.context, bob)),
        "disabled": lambda: world.disable("person:bob"),
        "gone": lambda: world.write(world.session(bob.credential_id).key, None),
    }
    ends[end]()

    with pytest.raises(DeniedError, match="STALE_REQUESTER"):
        world.run(report_event(world.context, REPORT, actor="person:bob"))
