"""A87: every endpoint does the same for what is hidden as for what is not there: the same answer, the same reads.

Time is not measured: what is read of the store is, one by one. The table of routes is the list of cases, so that a
new route is either tried with something hidden or said to name nothing that could be.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from placet import bootstrap, config
from placet.core.decide import Decision, decide
from placet.core.entities.credentials import Credential
from placet.demo.npm_double import NpmDouble
from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token
from placet.domain.values.digest import sha256
from placet.errors import PlacetError
from placet.facade import NOBODY, Caller, Placet, PublishRequest
from placet.facade.chronicle import Report
from placet.web.route import Access, Answer, Call, Route
from placet.web.standing import Standing
from placet.web.table import ROUTES
from support.archives import manifest, package_json, tgz
from support.reads import Read, ReadStore
from support.shell import Shell

pytestmark = pytest.mark.thorough

TOKEN = "npm_t0ken_canary"
HIDDEN, NOTHING = "@secret/tool", "@absent/tool"
VERSION = "1.0.0"
OTHER = "service:other"
SCOPES = ("*=@acme/*",)
POLICY = f"""\
version = "hidden-1"
[groups.maintainers]
members = ["person:local"]
[[rule]]
operations = [
  "publish_package", "put_object", "issue_certificate", "revoke_certificate", "register_package", "set_status",
  "change_executor", "create_key", "enrol_principal", "change_visibility",
]
subjects = ["*:**"]
requesters = ["person:local", "{OTHER}"]
approvals = []
"""
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
SIGNED = {"approval": "{}", "signature": "AAAA"}
DIGEST = f"sha256:{'ab' * 32}"
ABSENT = {
    "package": NOTHING,
    "version": VERSION,
    "cert_id": "CERT-PKG-20200101-001",
    "event_id": "evt_20200101000000_abc123",
    "run_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "plan": "2",
    "step": "1",
    "receipt_id": "fc-receipt-20200101-000000-000000000000",
    "key_id": "key_000000000000",
    "session_id": "session_000000000000",
    "freeze_id": "frz_20200101000000_abc123",
    "digest": f"sha256:{'cd' * 32}",
    "part": "absent",
}
"""What may be named and is not there. Everything here is there, too, and hidden (`Secrets.names`)."""
SENT: dict[str, dict[str, object]] = {
    "POST /v1/certificates/{cert_id}/revoke": {"reason": "superseded"},
    "PUT /registry/packages/{package}/{version}/status": {"status": "deprecated", "reason": "x"},
    "POST /api/v1/runs/{run_id}/session-approvals": {
        "plan_digest": DIGEST,
        "shown_digest": DIGEST,
        "decision": "deny",
    },
    "PUT /v1/packages/{package}/visibility": {"visibility": "private"},
    "POST /api/v1/runs/{run_id}/approvals": {"approvals": [SIGNED]},
    "POST /api/v1/runs/{run_id}/break-glass": {**SIGNED, "justification": "eA=="},
    "POST /api/v1/runs/{run_id}/reviews": {**SIGNED},
    "POST /api/v1/certificates/{cert_id}/renew": {"csr": CSR},
    "POST /api/v1/certificates/{cert_id}/revoke": {"reason": "superseded"},
    "POST /v1/certificates/issue": {"type": "package", "package_name": "{package}", "version": VERSION, "csr": CSR},
    "POST /chronicle/events": {"event_type": "package.published", "package": "{package}", "version": VERSION},
    "POST /registry/api/packages/register": {
        "package_name": "@acme/tool",
        "version": VERSION,
        "cert_id": "{cert_id}",
        "chronicle_event_id": "{event_id}",
    },
    "POST /api/v1/publications": {"package": "{package}", "version": VERSION, "archive": "{digest}"},
    "POST /api/v1/publications/dry-run": {"package": "{package}", "version": VERSION, "archive": "{digest}"},
    "POST /api/v1/plans": {
        "package": {"archive": "{digest}", "name": "{package}", "version": VERSION},
        "operation": [{"kind": "publish_package", "provider": "npm"}],
    },
    "POST /api/v1/plans/dry-run": {
        "package": {"archive": "{digest}", "name": "@acme/tool", "version": VERSION},
        "operation": [{"kind": "publish_package", "provider": "npm"}],
    },
    "POST /api/v1/certificates": {"package": "{package}", "version": VERSION, "csr": CSR},
    "POST /api/v1/visibility": {"package": "{package}", "visibility": "private"},
}
"""Bodies of what takes one; those of paths without a parameter name something hidden."""
ASKED: dict[str, list[dict[str, object]]] = {
    "GET /v1/certificates/verify/{cert_id}": [{}, {"sha256": "ab" * 32}],
    "GET /api/v1/artifacts/{digest}": [{"size": 7}],
    "PUT /api/v1/artifacts/{digest}": [{"size": 7, "offset": 0}],
    "GET /api/v1/runs/{run_id}/ballot": [{"approver": "person:local"}],
    "GET /chronicle/events": [
        {"package": "{package}"},
        {"package": "{package}", "type": "package.published"},
        {"package": "{package}", "actor": "person:local"},
    ],
    "GET /registry/packages": [{"q": "{part}"}, {"q": "{part}", "status": "published"}],
    "GET /api/v1/certificates": [{"package": "{package}"}],
    "GET /api/v1/runs": [{"after": "{run_id}"}],
    "GET /api/v1/search": [
        {"q": f"{{{name}}}"} for name in ("part", "package", "cert_id", "event_id", "run_id", "receipt_id")
    ],
}
"""Queries of what takes them; those of paths without a parameter name something hidden."""
NAMES_NOTHING = {
    "GET /health": "how the service stands",
    "GET /status": "how the service stands",
    "GET /livez": "how the service stands",
    "GET /readyz": "how the service stands",
    "GET /crl/{file_name}": "both lists are public",
    "GET /api/v1/crl/{issuer}": "both lists are public",
    "GET /api/v1/revocations": "the list is public",
    "POST /api/v2/chittyid/mint": "a name of a content, about no package",
    "GET /api/v2/chittyid/verify/{chitty_id}": "a name of a content, about no package: anybody may verify it",
    "GET /chronicle": "what the service is",
    "GET /registry": "what the service is",
    "GET /chronicle/openapi.json": "what the service is",
    "GET /openapi.json": "what the service is",
    "GET /api/v1/mode": "what the service is",
    "GET /auth/login": "who signs in is not known yet",
    "GET /auth/callback": "who signs in is not known yet",
    "GET /auth/session": "the caller's own",
    "POST /auth/logout": "the caller's own",
    "GET /api/v1/policy": "for every key (ADR 29)",
    "POST /api/v1/policy": "what is proposed",
    "POST /api/v1/policy/check": "what is sent",
    "POST /api/v1/reconcile": "names nothing, and clears up what is seen",
    "POST /api/v1/ledger/verification": "for who sees everything",
    "POST /api/v1/providers/{provider_id}/storage-check": "for who sees everything",
    "GET /api/v1/principals": "for members alone",
    "POST /api/v1/principals": "for members alone",
    "POST /api/v1/principals/role": "for members alone",
    "POST /api/v1/principals/keys": "for members alone",
    "POST /api/v1/principals/identity": "for members alone",
    "GET /api/v1/providers": "for members alone",
    "POST /api/v1/providers": "for members alone",
    "GET /api/v1/issuers": "for members alone",
    "POST /api/v1/issuers": "for members alone",
    "POST /api/v1/issuers/remove": "for members alone",
    "GET /api/v1/freezes": "for members alone",
    "POST /api/v1/freezes": "what is to be frozen: patterns, held against nothing that is there",
    "GET /api/v1/sessions": "a list of what is seen",
    "GET /api/v1/keys": "a list of what is seen",
    "POST /api/v1/keys": "what is to be made",
    "GET /api/v1/visibility": "a list of what is seen",
    "GET /api/v1/ledger": "for who sees everything",
    "GET /api/v1/ledger/proof": "for who sees everything",
    "GET /api/v1/ledger/checkpoint": "for every key (ADR 29)",
    "POST /api/v1/ledger/consistency": "for every key (ADR 29)",
    "POST /api/v1/ledger/observations": "for every key (ADR 29)",
}
"""Why nothing hidden can be named there."""

WITHOUT_BODY = {
    "POST /v1/certificates/{cert_id}/renew",
    "POST /api/v1/runs/{run_id}/resume",
    "POST /api/v1/operations/{run_id}/{plan}/{step}/receipt",
    "POST /api/v1/receipts/{receipt_id}/revoke",
    "POST /api/v1/sessions/{session_id}/revoke",
    "POST /api/v1/freezes/{freeze_id}/lift",
    "POST /api/v1/keys/{key_id}/rotate",
    "POST /api/v1/keys/{key_id}/revoke",
}
"""What needs nothing in its body."""
BY_THE_PAGE = {"GET /api/v1/search"}
"""Whose pages are read and judged as one: as many reads whatever a page holds, but each of as much as it holds."""
TELL_ALL_THE_SAME = {
    "GET /api/v1/runs": "a page that begins behind nothing is a page",
    "GET /api/v1/runs/{run_id}/session-approvals": "is for sessions, which see everything",
}
"""Reads that tell even who sees everything the same of both."""


class Secrets(Struct, frozen=True, kw_only=True):
    """An installation with everything that a caller may not see, by the names that routes have for it."""

    shell: Shell
    names: Mapping[str, str]
    other: Caller
    owner: Caller


class Case(Struct, frozen=True, kw_only=True):
    """One way to ask an endpoint about something."""

    route: Route
    query: Mapping[str, object]

    def __str__(self) -> str:
        return f"{name_of(self.route)} {self.query}" if self.query else name_of(self.route)


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


CASES = [
    Case(route=route, query=query)
    for route in ROUTES
    if name_of(route) not in NAMES_NOTHING
    for query in ASKED.get(name_of(route), [{}])
]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secrets]:
    shell = Shell(tmp_path_factory.mktemp("secrets"), {"NPM_TOKEN": TOKEN})
    with NpmDouble(TOKEN) as registry:
        yield asyncio.run(founded(shell, registry.url))


async def founded(shell: Shell, registry: str) -> Secrets:
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with bootstrap.opened(settings) as opened:
        placet = Placet(opened)
        await placet.governance.add_provider("npm", kind="npm", url=registry, credential="env:NPM_TOKEN")
        await placet.governance.activate_policy(POLICY.encode())
        await placet.governance.add_principal(OTHER, public_keys=())
        holders = {"person:local": ("*=@secret/*",), OTHER: SCOPES}
        made = [await placet.keys.create("test", each, scopes) for each, scopes in holders.items()]
        hers, theirs = [await placet.keys.authenticate(str(each["key"])) for each in made]
        assert hers is not None
        assert theirs is not None
        published: Any = await placet.publishing.publish(
            PublishRequest(tgz=tgz(package_json(manifest(HIDDEN, VERSION))))
        )
        event = await placet.chronicle.report(Report(event_type="package.published", package=HIDDEN, version=VERSION))
        content = b"hidden!"
        await placet.acting_as(hers).artifacts.receive(
            sha256(content), size=len(content), offset=0, chunks=in_one_piece(content)
        )
        await placet.visibility.change(HIDDEN, "private")
        frozen = await placet.freezes.set(("npm:@secret/**",), reason="a leak")
        names = {
            **ABSENT,
            "package": HIDDEN,
            "cert_id": str(published["certificate_id"]),
            "event_id": str(event["event_id"]),
            "run_id": str(published["run_id"]),
            "receipt_id": str(published["receipts"][0]),
            "key_id": str(made[0]["key_id"]),
            "session_id": await a_session(opened),
            "freeze_id": str(frozen["freeze_id"]),
            "digest": sha256(content),
            "part": "secret",
        }
        return Secrets(shell=shell, names=names, other=theirs, owner=hers)


async def in_one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def a_session(opened: bootstrap.Opened) -> str:
    """Write a session as signing in does, and return its id."""
    context = opened.context
    _, made = make_token(CredentialKind.SESSION, context.randomness.token(RANDOM_BYTES))
    now = context.clock.now().replace(microsecond=0)
    session = Credential(
        credential_id=made.credential_id,
        name="sign-in",
        principal_id="person:local",
        scopes=(),
        digest=made.digest,
        created_at=now,
        expires_at=now + context.settings.session,
    )
    written = Decision(
        type="session.created", actor="person:local", subject="", data={}, writes={session.key: session.to_object()}
    )
    await decide(context, lambda _: [session.key], lambda _snapshot, _now: written)
    return session.credential_id


@asynccontextmanager
async def watched(shell: Shell) -> AsyncIterator[tuple[Placet, ReadStore]]:
    """Open the installation so that every read is noted."""
    async with bootstrap.opened(config.load(shell.environment()), offline=True) as opened:
        store = ReadStore(opened.context.store)
        yield Placet(replace(opened, context=replace(opened.context, store=store))), store


async def asked(secrets: Secrets, case: Case, names: Mapping[str, str], who: Caller) -> tuple[str, list[Read]]:
    """Return what somebody who asks about these names is told, without them, and what was read for it."""
    async with watched(secrets.shell) as (placet, store):
        call = call_of(placet.acting_as(who), case, names, who)
        told = await told_by(case.route.handler, call)
        text = json.dumps(told, default=str)
        for name in set(names) - {"plan", "step"}:
            text = text.replace(names[name], name.upper())
        return text, store.reads


def call_of(placet: Placet, case: Case, names: Mapping[str, str], who: Caller) -> Call:
    route = case.route
    query, body = (json.loads(filled(json.dumps(each), names)) for each in (case.query, SENT.get(name_of(route), {})))
    typed = route.body if isinstance(route.body, type) else None
    return Call(
        placet=placet,
        caller=None if who is NOBODY else who,
        path=names,
        query=msgspec.convert(query, route.query, strict=False) if route.query else None,
        body=msgspec.convert(body, typed) if typed else None,
        unknown={},
        content=json.dumps(body).encode(),
        stream=in_one_piece(b"guessed"),
        headers={},
        charge=lambda _: None,
        standing=Standing(),
    )


def filled(template: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", value)
    return template


async def told_by(handler: Callable[[Call], Awaitable[Answer]], call: Call) -> object:
    try:
        answer = await handler(call)
    except PlacetError as error:
        return [error.kind, error.code, error.message, error.hint]
    return [answer.status, answer.document, answer.content.decode("latin-1")]


def compared(secrets: Secrets, case: Case, who: Caller) -> tuple[object, object]:
    """Return what is told and read of something hidden, and of nothing."""

    async def of(names: Mapping[str, str]) -> object:
        told, reads = await asked(secrets, case, names, who)
        return told, [without_size(each) for each in reads] if name_of(case.route) in BY_THE_PAGE else reads

    return asyncio.run(of(secrets.names)), asyncio.run(of(ABSENT))


def without_size(read: Read) -> Read:
    return read[:1] if read[0] == "load" else read


def test_every_route_is_tried_or_says_why_it_names_nothing() -> None:
    names = {name_of(route): route for route in ROUTES}

    assert NAMES_NOTHING.keys() <= names.keys()
    assert SENT.keys() | ASKED.keys() <= names.keys() - NAMES_NOTHING.keys()
    for name in names.keys() - NAMES_NOTHING.keys():
        named = [*SENT.get(name, {}).values(), *ASKED.get(name, []), name]
        assert any(f"{{{each}}}" in str(named) for each in ABSENT), name
        assert names[name].body is None or isinstance(names[name].body, str) or name in SENT or name in WITHOUT_BODY


@pytest.mark.parametrize(
    "case",
    [each for each in CASES if each.route.method == "GET" and name_of(each.route) not in TELL_ALL_THE_SAME],
    ids=str,
)
def test_who_may_see_it_is_told_something_else(secrets: Secrets, case: Case) -> None:
    seen, nothing = compared(secrets, case, secrets.owner)

    assert seen != nothing


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a87_what_is_hidden_costs_what_nothing_costs(secrets: Secrets, case: Case) -> None:
    hidden, nothing = compared(secrets, case, secrets.other)

    assert hidden == nothing


@pytest.mark.parametrize("case", [each for each in CASES if each.route.access is Access.PUBLIC], ids=str)
def test_a87_what_is_hidden_costs_nobody_more_than_nothing(secrets: Secrets, case: Case) -> None:
    hidden, nothing = compared(secrets, case, NOBODY)

    assert hidden == nothing
