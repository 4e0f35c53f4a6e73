"""Fakes of the Core's ports, which count what reaches them and fail when they are told to."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from cryptography import x509
from msgspec import Struct, field

from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation, Subject
from placet.domain.certificate.authority import issue_leaf, serial_number
from placet.domain.certificate.crl import CrlDraft, sign_crl
from placet.domain.certificate.profile import LeafSubject, crl_url
from placet.domain.encoding.signature import PublicKey
from placet.domain.log.change import Change, Committed, EntityKey, Snapshot
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit
from placet.ports.keys import AuthorityRole
from placet.ports.store import ConflictError
from support.authority import authority
from support.ledgers import LedgerStore


class Numbered:
    """Randomness that repeats itself in every run: SHA-256 of a number."""

    def __init__(self, given: int = 0) -> None:
        self.given = given

    def token(self, size: int) -> bytes:
        self.given += 1
        return hashlib.shake_256(b"%d" % self.given).digest(size)


class GivenAuthority(Struct):
    """Certificates by the tests' authority; counts how many it signed."""

    issued: int = 0

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return (authority().intermediate.certificate, authority().root.certificate)

    def issue(self, subject: LeafSubject, key: PublicKey, *, random: bytes, now: datetime) -> x509.Certificate:
        self.issued += 1
        issuer = authority().intermediate
        where = crl_url("http://localhost:8480", issuer.certificate)
        return issue_leaf(issuer, subject, key, crl_url=where, serial=serial_number(random), now=now)

    def sign_crl(self, role: AuthorityRole, draft: CrlDraft) -> x509.CertificateRevocationList:
        return sign_crl(authority().root if role is AuthorityRole.ROOT else authority().intermediate, draft)


async def _nothing() -> None:
    pass


class Double(Struct):
    """Stands for every provider: an executor that counts effects, and a reader of what stands there.

    `acts` and `answers` say what happens to the next requests: the effect is made or not, and the
    outcome that is answered, or the error that is raised. `meanwhile` runs just before the effect,
    `after_sending` just after it, `while_looking` during the next look-up.
    """

    acts: bool = True
    answers: OutcomeStatus | BaseException = OutcomeStatus.EXECUTED
    meanwhile: Callable[[], Awaitable[object]] = _nothing
    after_sending: Callable[[], Awaitable[object]] = _nothing
    while_looking: Callable[[], Awaitable[object]] = _nothing
    sent: list[AuthorizedOperation] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)
    stands: dict[str, str] = field(default_factory=dict)
    finding: Finding | None = None
    facts: dict[str, str] = field(default_factory=dict)
    reads: int = 0
    look_ups: int = 0

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        del provider
        await self.meanwhile()
        await permit.check()
        self.sent.append(authorized)
        operation = authorized.operation
        if self.acts:
            self.effects[_name(operation)] += 1
            self.stands.setdefault(_name(operation), operation.artifacts[0].sha256)
        await self.after_sending()
        if isinstance(self.answers, BaseException):
            raise self.answers
        code = "" if self.answers is OutcomeStatus.EXECUTED else "OUTCOME_UNKNOWN"
        return Outcome(status=self.answers, response={"status": 201}, error_code=code)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        del provider
        self.look_ups += 1
        found, happens = self.finding, self.while_looking
        self.while_looking = _nothing
        await happens()
        if found is not None:
            return found
        standing = self.stands.get(_name(operation))
        if standing is None:
            return Finding(presence=Presence.ABSENT)
        return Finding(presence=Presence.SAME if standing == operation.artifacts[0].sha256 else Presence.OTHER)

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        del provider
        self.reads += 1
        return self.facts.get(fact, self.stands.get(f"publish_package/{subject}", "absent"))


def _name(operation: Operation) -> str:
    return f"{operation.operation_kind.value}/{operation.subject}{operation.params.get('key', '')}"


class CountingStore:
    """Counts what is asked of a store; `before_commit` runs between a decision and its commit."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self.loaded: list[frozenset[EntityKey]] = []
        self.commits = 0
        self.before_commit: Callable[[], object] | None = None

    def move_to(self, store: LedgerStore) -> None:
        """Ask another store from now on."""
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def load(self, keys: Collection[EntityKey]) -> Snapshot:
        self.loaded.append(frozenset(keys))
        return await self._store.load(keys)

    async def commit(self, change: Change) -> Committed:
        self.commits += 1
        happens, self.before_commit = self.before_commit, None
        if happens is not None:
            with ThreadPoolExecutor(1) as elsewhere:  # it may run an event loop of its own
                elsewhere.submit(happens).result()
        return await self._store.commit(change)


class RestlessStore(CountingStore):
    """A store whose every commit conflicts."""

    def __init__(self, store: LedgerStore, reason: str, name: str) -> None:
        super().__init__(store)
        self._conflict = (reason, name)

    async def commit(self, change: Change) -> Committed:
        del change
        self.commits += 1
        raise ConflictError(*self._conflict)
