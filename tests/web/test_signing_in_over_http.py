"""People sign in with a real OpenID provider, approve while they are signed in, and sign out (protocol 6)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from placet import config
from placet.demo.npm_double import NpmDouble
from placet.errors import ApprovalsPendingError, ConfigurationError
from placet.facade import Placet, PublishRequest
from placet.usecases.begin_sign_in import Begun
from support.archives import manifest, member, package_json, tgz
from support.issuer import Browser, query_of, running_issuer
from support.service import Service, serving
from support.shell import Shell

TOKEN, SECRET = "npm_t0ken_canary", "sso_s3cret_canary"
POLICY = """\
version = "v1"
[groups.maintainers]
members = ["person:bob", "person:carol"]
[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects   = ["npm:@acme/*", "core:@acme/*"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 1, assurance = 1 }]
[[rule]]
operations = ["issue_certificate"]
subjects   = ["core:@acme/*"]
requesters = ["person:*"]
approvals  = []
[[rule]]
operations = ["change_role", "create_key"]
subjects   = ["core:**"]
requesters = ["person:*"]
approvals  = []
"""
T = TypeVar("T")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_issuer(tmp_path_factory.mktemp("issuer"), "bob-at-work") as url:
        yield url


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, registry: NpmDouble, issuer: str) -> Iterator[Service]:
    """Return a service where alice, bob and carol sign in, and bob or carol approves what is published."""
    shell = Shell(tmp_path_factory.mktemp("people"), {"SSO_SECRET": SECRET, "NPM_TOKEN": TOKEN})
    asyncio.run(_found(shell, issuer, registry))
    with serving(shell) as service:
        yield service


async def _found(shell: Shell, issuer: str, registry: NpmDouble) -> None:
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=registry.url, credential="env:NPM_TOKEN")
        await placet.trust.add_issuer(issuer, client_id="placet", client_secret="env:SSO_SECRET")
        for name in ("alice", "bob", "carol"):
            identity = f"{issuer}#{name}-at-work"
            await placet.governance.add_principal(f"person:{name}", public_keys=(), identity=identity)
        await placet.governance.activate_policy(POLICY.encode())


def inside(service: Service, verb: Callable[[Placet], Awaitable[T]], **variables: str) -> T:
    """Do something on the machine of the service, as a command would."""

    async def work() -> T:
        async with Placet.open(config.load(service.shell.environment(**variables))) as placet:
            return await verb(placet)

    return asyncio.run(work())


def waiting(service: Service, version: str) -> tuple[str, str]:
    """Ask for a publication as alice; return its run and the phrase that she sees."""
    archive = tgz(package_json(manifest("@acme/tool", version)), member("package/x", b"x"))

    async def verb(placet: Placet) -> tuple[str, str]:
        with pytest.raises(ApprovalsPendingError):
            await placet.publishing.publish(PublishRequest(tgz=archive, requester="person:alice"))
        runs: Any = await placet.publishing.runs()
        run_id = next(each["run_id"] for each in runs["runs"] if each["subject"] == f"@acme/tool@{version}")
        return run_id, str((await placet.publishing.plan(run_id))["phrase"])

    return inside(service, verb)


def entries(service: Service, kind: str) -> list[dict[str, Any]]:
    """Return the newest entries of a type, newest last."""

    async def verb(placet: Placet) -> Any:
        return await placet.ledger.show(count=500)

    shown: Any = inside(service, verb)
    return [each for each in shown["entries"] if each["type"] == kind]


def test_who_signs_in_is_known_by_a_cookie_that_scripts_never_see(people: Service, issuer: str) -> None:
    browser = Browser(people)

    back = browser.sign_in("bob-at-work")

    assert (back.status, back.headers["location"]) == (303, "/auth/session")
    (session,) = [line for line in back.cookies if line.startswith("placet_session=placet_session_")]
    assert session.endswith("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax")
    assert list(browser.cookies) == ["placet_session"]
    who = browser.ask("GET", "/auth/session").document
    assert (who["principal_id"], who["kind"], who["scopes"]) == ("person:bob", "session", [])
    listed: Any = inside(people, lambda placet: placet.sessions.list())
    assert who["credential_id"] in {each["session_id"] for each in listed["sessions"] if each["issuer"] == issuer}


def test_the_issuer_is_asked_with_everything_that_binds_the_answer(people: Service, issuer: str) -> None:
    location = Browser(people).begin()

    asked = query_of(location)
    assert location.startswith(f"{issuer}/oauth2/authorize?")
    assert (asked["code_challenge_method"], asked["response_type"], asked["scope"]) == ("S256", "code", "openid")
    assert asked["redirect_uri"] == "http://localhost:8480/auth/callback"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()


def test_a_token_is_a_bearer_too_and_an_unknown_one_is_nobody_s(people: Service) -> None:
    browser = Browser(people)
    browser.sign_in("bob-at-work")
    token = browser.cookies["placet_session"]

    shown = people.ask("GET", "/auth/session", headers={"Authorization": f"Bearer {token}"})
    unknown = people.ask("GET", "/auth/session", headers={"Authorization": f"Bearer {token[:-1]}"})

    assert (shown.document["principal_id"], unknown.code) == ("person:bob", "UNAUTHENTICATED")


def test_who_is_not_enrolled_is_let_in_nowhere_and_that_is_on_record(people: Service) -> None:
    browser = Browser(people)

    back = browser.sign_in("mallory-at-work")

    assert (back.status, back.code) == (401, "UNAUTHENTICATED")
    assert "placet_session" not in browser.cookies
    assert entries(people, "authorization.denied")[-1]["data"]["code"] == "UNAUTHENTICATED"


def test_an_answer_is_good_once_and_for_its_own_browser(people: Service) -> None:
    victim, thief = Browser(people), Browser(people)
    answer = victim.returned(victim.begin(), "bob-at-work")
    before = len(entries(people, "session.created"))
    thief.begin()

    stolen = thief.ask("GET", answer, site="cross-site")
    bare = Browser(people).ask("GET", answer, site="cross-site")
    kept = dict(victim.cookies)
    first = victim.ask("GET", answer, site="cross-site")
    victim.cookies |= kept
    again = victim.ask("GET", answer, site="cross-site")

    assert [(each.status, each.code) for each in (stolen, bare, again)] == [(403, "OIDC_INVALID")] * 3
    assert first.status == 303
    assert len(entries(people, "session.created")) == before + 1


def test_a_session_that_was_planted_is_not_the_one_that_begins(people: Service) -> None:
    thief = Browser(people)
    thief.sign_in("carol-at-work")
    victim = Browser(people, dict(thief.cookies))

    victim.sign_in("bob-at-work")

    assert victim.cookies["placet_session"] != thief.cookies["placet_session"]
    assert thief.ask("GET", "/auth/session").document["principal_id"] == "person:carol"
    assert victim.ask("GET", "/auth/session").document["principal_id"] == "person:bob"


def test_a_dead_session_stands_in_nobody_s_way(people: Service) -> None:
    browser = Browser(people, {"placet_session": "placet_session_" + "0" * 50})

    assert browser.ask("GET", "/health").status == 200
    assert browser.ask("GET", "/auth/session").code == "UNAUTHENTICATED"
    assert browser.sign_in("bob-at-work").status == 303


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.net"}, {}])
def test_a_page_of_somebody_else_changes_nothing(people: Service, headers: dict[str, str]) -> None:
    browser = Browser(people)
    browser.sign_in("bob-at-work")

    for path in ("/auth/logout", "/api/v1/runs/run_01ARZ3NDEKTSV4RRFFQ69G5FAV/session-approvals"):
        crossed = browser.ask("POST", path, {} if "runs" in path else None, site="", headers=headers)
        assert (crossed.status, crossed.code) == (403, "CROSS_SITE")

    assert browser.ask("GET", "/auth/session").status == 200
    denied = [each for each in entries(people, "authorization.denied") if each["data"]["code"] == "CROSS_SITE"]
    assert {each["actor"] for each in denied} == {"person:bob"}


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8480"}])
def test_who_signs_out_from_our_own_page_is_unknown_afterwards(people: Service, headers: dict[str, str]) -> None:
    browser = Browser(people)
    browser.sign_in("bob-at-work")
    kept = dict(browser.cookies)

    out = browser.ask("POST", "/auth/logout", site="", headers=headers)

    assert (out.status, out.content, browser.cookies) == (204, b"", {})
    assert Browser(people, kept).ask("GET", "/auth/session").code == "UNAUTHENTICATED"


def test_a_key_says_who_asks_but_signs_nobody_out_and_approves_nothing(people: Service) -> None:
    run_id, words = waiting(people, "1.0.2")
    made: Any = inside(people, lambda placet: placet.keys.create("x", "person:bob", ("*=*",), requester="person:bob"))
    key, path = made["key"], f"/api/v1/runs/{run_id}/session-approvals"
    browser = Browser(people)
    browser.sign_in("bob-at-work")
    ballot = browser.ask("GET", path).document
    told = {name: ballot[name] for name in ("plan_digest", "shown_digest")}

    out = people.ask("POST", "/auth/logout", key=key)
    read = people.ask("GET", path, key=key)
    said = people.ask("POST", path, told | {"decision": "approve", "group": "maintainers", "phrase": words}, key=key)

    assert people.ask("GET", "/auth/session", key=key).document["kind"] == "key"
    assert [(each.status, each.code) for each in (out, read, said)] == [
        (403, "SESSION_MISSING"),
        (403, "SESSION_MISSING"),
        (403, "APPROVER_INELIGIBLE"),
    ]


def test_a_plan_is_read_and_approved_while_signed_in_and_then_published(people: Service) -> None:
    run_id, words = waiting(people, "1.0.0")
    browser, path = Browser(people), f"/api/v1/runs/{run_id}/session-approvals"
    browser.sign_in("bob-at-work")
    ballot = browser.ask("GET", path).document

    yes = {"decision": "approve", "group": "maintainers", "phrase": words}

    def say(**changed: str) -> tuple[int, Any]:
        told = {name: ballot[name] for name in ("plan_digest", "shown_digest")}
        said = browser.ask("POST", path, told | yes | changed)
        return said.status, said.document.get("error_code", said.document)

    assert "PLACET PLAN" in ballot["text"]
    assert (ballot["groups"], ballot["requester"]) == (["maintainers"], "person:alice")
    assert words not in str(ballot)
    assert say(shown_digest="sha256:" + "0" * 64) == (403, "APPROVAL_INVALID")
    assert say(phrase="") == (400, "PHRASE_MISMATCH")
    assert say(group="security") == (403, "APPROVER_INELIGIBLE")
    assert say(decision="break_glass") == (400, "BODY_INVALID")
    status, recorded = say()
    assert (status, recorded["assurance"], recorded["missing"]) == (201, 1, [])
    done: Any = inside(people, lambda placet: placet.publishing.resume(run_id))
    assert done["state"] == "executed"
    shown = people.shell.done("run", "show", run_id).out
    assert re.search(r"approve +person:bob +maintainers +in a session", shown)
    verified = people.shell.done("verify", done["bundle"], "--trust-root", "home/trust-root.json")
    assert "person:bob (assurance 1, on the word of the installation alone" in verified.out.replace("\n", " ")


def test_who_asked_does_not_approve_and_somebody_else_s_no_ends_the_run(people: Service) -> None:
    run_id, words = waiting(people, "1.0.1")
    browser, path = Browser(people), f"/api/v1/runs/{run_id}/session-approvals"
    browser.sign_in("alice-at-work")
    ballot = browser.ask("GET", path).document
    told = {name: ballot[name] for name in ("plan_digest", "shown_digest")}

    own = browser.ask("POST", path, told | {"decision": "approve", "group": "maintainers", "phrase": words})

    assert (own.status, own.code) == (403, "APPROVER_INELIGIBLE")
    denied = Browser(people)
    denied.sign_in("carol-at-work")
    said = denied.ask("POST", path, told | {"decision": "deny"})
    assert (said.status, said.document["decision"]) == (201, "deny")
    shown: Any = inside(people, lambda placet: placet.publishing.run(run_id))
    assert shown["state"] == "denied"


def change(service: Service, *, disabled: bool) -> None:
    """Disable or enable carol."""
    inside(
        service,
        lambda placet: placet.governance.change_role("person:carol", disabled=disabled, requester="person:bob"),
    )


def test_a_disabled_person_is_signed_out_at_once_and_for_good(people: Service) -> None:
    browser = Browser(people)
    browser.sign_in("carol-at-work")
    change(people, disabled=True)

    assert browser.ask("GET", "/auth/session").code == "UNAUTHENTICATED"
    assert Browser(people).sign_in("carol-at-work").code == "UNAUTHENTICATED"

    change(people, disabled=False)
    assert browser.ask("GET", "/auth/session").code == "UNAUTHENTICATED"
    assert Browser(people).sign_in("carol-at-work").status == 303


def test_no_secret_of_a_sign_in_stands_in_home_log_or_answer(people: Service) -> None:
    browser = Browser(people)
    answer = browser.returned(browser.begin(), "bob-at-work")
    kept = browser.cookies["placet_sign_in"]
    browser.ask("GET", answer, site="cross-site")
    secrets = [SECRET, browser.cookies["placet_session"], kept.split("~")[1], query_of(answer)["code"]]

    files = [each.read_bytes() for each in (people.shell.place / "home").rglob("*") if each.is_file()]
    written = b"".join([*files, people.log.encode()])

    assert [each for each in secrets if each.encode() in written] == []
    assert urlsplit(answer).path == "/auth/callback"


def begun_at(people: Service, base_url: str) -> Begun:
    """Begin to sign in where browsers reach the service at `base_url`."""
    return inside(people, lambda placet: placet.sessions.begin(), PLACET_PUBLIC_BASE_URL=base_url)


def test_the_issuer_sends_browsers_back_to_where_they_reach_the_service(people: Service) -> None:
    begun = begun_at(people, "https://placet.example.com")

    assert query_of(begun.authorization_url)["redirect_uri"] == "https://placet.example.com/auth/callback"


def test_over_plain_http_from_another_machine_nobody_signs_in(people: Service) -> None:
    with pytest.raises(ConfigurationError, match="SETTING_INVALID"):
        begun_at(people, "http://placet.example.com")
