"""Policy, principals, providers, freezes: who may say yes, and where effects go."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from placet.usecases.search import Kind
from placet.web.documents.strict import Asked, StrictBody
from placet.web.forms import AnyPackage, FreezeId, PackageName, PrincipalId, ReceiptId, Seen, SessionId


class GovernedAct(msgspec.Struct, kw_only=True):
    """A governed act that was performed. Over the network that takes approvals, so that it comes with the run's end."""

    run_id: str
    receipt_id: str
    operation: str
    subject: str
    principal_id: str = ""
    provider_id: str = ""
    freeze_id: str = ""
    policy_digest: str = ""
    issuer: str = ""
    package: str = ""
    visibility: str = ""
    state: str = ""
    on_behalf_of: str = ""
    key_ids: tuple[str, ...] = ()


class PolicyDocument(StrictBody, kw_only=True):
    """The TOML of a policy."""

    document: str


class PolicyProposed(Asked, kw_only=True):
    """The TOML of a policy that is to come into force."""

    document: str


class PolicyShown(msgspec.Struct, kw_only=True):
    """What a policy says; when it came into force, and its document, where it is in force."""

    version: str
    policy_digest: str
    groups: dict[str, list[str]]
    rules: int
    embedded_in_ci: bool
    freezers: list[str]
    break_glass: str
    activated_at: str = ""
    document: str = ""


class PrincipalKeyShown(msgspec.Struct, kw_only=True):
    """A key with which a principal speaks; `revoked_at` is empty while it is good."""

    key_id: str
    public_key: str
    enrolled_at: str
    revoked_at: str
    verify_required: bool = False


class PrincipalShown(msgspec.Struct, kw_only=True):
    """A principal with its keys; `disabled_at` is empty while it may act."""

    principal_id: str
    on_behalf_of: str
    keys: list[PrincipalKeyShown]
    accounts: list[str]
    identity: str
    enrolled_at: str
    disabled_at: str


class Principals(msgspec.Struct, kw_only=True):
    """Everybody who is enrolled."""

    principals: list[PrincipalShown]


class Enrolment(Asked, kw_only=True):
    """Who is to be enrolled, with OpenSSH public keys and accounts at providers (`PROVIDER:ID`)."""

    principal_id: PrincipalId
    public_keys: tuple[str, ...] = ()
    on_behalf_of: str = ""
    accounts: tuple[str, ...] = ()
    verify_required: bool = False
    identity: str = ""


class IdentityChange(Asked, kw_only=True):
    """With what a person signs in from now on, `ISSUER#SUBJECT`; with nothing where it is empty."""

    principal_id: PrincipalId
    identity: str = ""


class IssuerShown(msgspec.Struct, kw_only=True):
    """Where people sign in, or did; the secret is the name of one."""

    issuer: str
    client_id: str
    client_secret: str
    algorithms: list[str]
    private: bool
    state: str
    since: str


class Issuers(msgspec.Struct, kw_only=True):
    """The issuers that are trusted, or were."""

    issuers: list[IssuerShown]


class IssuerAdded(Asked, kw_only=True):
    """An issuer to trust, or on other terms. `client_secret` is `env:NAME` or `file:/PATH`, never a secret."""

    issuer: str
    client_id: str
    client_secret: str = ""
    algorithms: tuple[str, ...] = ()
    private: bool = False


class IssuerNamed(Asked, kw_only=True):
    """An issuer, as its tokens spell it."""

    issuer: str


class VisibilitySaid(msgspec.Struct, kw_only=True):
    """Who may see a package, by name."""

    package: PackageName
    visibility: Seen


class Visibilities(msgspec.Struct, kw_only=True):
    """What is said of packages by name, as far as a scope of the key is about them, and of every other one."""

    every_other: Seen
    packages: list[VisibilitySaid]


class VisibilityWanted(Asked, kw_only=True):
    """Who shall see a package, `public` or `private`; every other one where no name is given."""

    visibility: Seen
    package: AnyPackage = ""


class SessionShown(msgspec.Struct, kw_only=True):
    """A session of a person who signed in, never what it is shown by."""

    session_id: SessionId
    principal_id: str
    issuer: str
    status: str
    created_at: str
    expires_at: str
    revoked_at: str
    last_used_at: str


class SessionsSeen(msgspec.Struct, kw_only=True):
    """The sessions that the key may see, oldest first."""

    sessions: list[SessionShown]


class RoleChange(Asked, kw_only=True):
    """Whether a principal may act, and for whom; without `on_behalf_of` it stays with its owner."""

    principal_id: PrincipalId
    disabled: bool
    on_behalf_of: str | None = None


class KeyChange(Asked, kw_only=True):
    """OpenSSH public keys that a principal gets, and fingerprints of those that it loses."""

    principal_id: PrincipalId
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class ProviderShown(msgspec.Struct, kw_only=True):
    """Where packages are published; `credential` is the name of one."""

    provider_id: str
    kind: str
    url: str
    credential: str
    private: bool
    region: str


class Providers(msgspec.Struct, kw_only=True):
    """Every provider's record."""

    providers: list[ProviderShown]


class ProviderAdded(Asked, kw_only=True):
    """A provider to add or replace: npm, github or s3. `credential` is `env:NAME` or `file:/PATH`, never a secret."""

    provider_id: str
    kind: Annotated[str, Meta(extra_json_schema={"enum": ["npm", "github", "s3"]})]
    url: str
    credential: str = ""
    private: bool = False
    region: str = ""


class PromiseTried(msgspec.Struct, kw_only=True):
    """One thing that a store has to keep, and what was seen when it was tried."""

    promise: str
    kept: bool
    seen: str


class StoreChecked(msgspec.Struct, kw_only=True):
    """An object store that was tried out: nothing is put where it did not pass."""

    provider_id: str
    url: str
    passed: bool
    checked_at: str
    promises: list[PromiseTried]


class FreezeShown(msgspec.Struct, kw_only=True):
    """A freeze; `holds` tells whether it has begun."""

    freeze_id: FreezeId
    subjects: list[str]
    reason: str
    set_by: str
    set_at: str
    begins_at: str
    run_id: str
    involved: list[str]
    holds: bool


class Freezes(msgspec.Struct, kw_only=True):
    """The open freezes, oldest first."""

    freezes: list[FreezeShown]


class FreezeSet(Asked, kw_only=True):
    """What is to be frozen, patterns as in a policy, everything where there are none; and why, in one line."""

    reason: str
    subjects: tuple[str, ...] = ()


class Mode(msgspec.Struct, kw_only=True):
    """The mode in which what is approved is performed, `prod` or `dry_run`, and the name of the log."""

    mode: str
    log: str


class SearchQuery(msgspec.Struct, kw_only=True):
    """An id, the beginning of one, a digest, or part of a name; of one `type`, or all; a page."""

    q: Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 256, "pattern": "^[ -~]+$"})]
    type: Annotated[str, Meta(extra_json_schema={"enum": ["", *Kind]})] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50
    after: str = ""


class Hit(msgspec.Struct, kw_only=True):
    """One thing that was found."""

    type: str
    id: str
    about: str
    state: str
    seq: int
    at: str


class Hits(msgspec.Struct, kw_only=True):
    """A page of what was found of what the key may see; `after` asks for the next, empty after the last."""

    hits: list[Hit]
    after: str


class ClearedUp(msgspec.Struct, kw_only=True):
    """What a look-up found out about one receipt."""

    receipt_id: ReceiptId
    operation_id: str
    subject: str
    was: str
    state: str
    needs_person: bool
    problem: str


class Reconciled(msgspec.Struct, kw_only=True):
    """Every effect in doubt that was looked up."""

    receipts: list[ClearedUp]


class Moment(msgspec.Struct, kw_only=True):
    """One entry of a receipt's life."""

    seq: int
    type: str
    actor: str
    recorded_at: str


class ReceiptShown(msgspec.Struct, kw_only=True):
    """A receipt, never with its MAC; `checks` as they were when it was used, or are now, and what they deny it with."""

    receipt_id: ReceiptId
    state: str
    expired: bool
    operation_id: str
    attempt: int
    deadline: str
    lookups: int
    error_code: str
    response: dict[str, Any]
    payload: dict[str, Any]
    payload_digest: str
    life: list[Moment]
    checks: dict[str, str]
    denied_with: str
