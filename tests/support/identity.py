"""People who sign in to a `World`: an issuer that says what a test gives it to say, identities, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from placet.adapters.egress.exchange import Egress
from placet.adapters.oidc.provider import OidcProvider
from placet.core.acts.change_trust import TRUSTED
from placet.core.caller import Caller
from placet.core.entities.credentials import Credential, credential_key, read_credential
from placet.core.entities.stored import required
from placet.core.governed import Asked, ask
from placet.core.runs import Intent
from placet.domain.authorization.approval import Approval, ApprovalDecision
from placet.domain.authorization.issuer import Identity, Issuer, Terms
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import shown_digest
from placet.domain.authorization.sign_in import CODE, SignIn, parse_sign_in
from placet.domain.encoding.canonical import Value
from placet.domain.encoding.foreign_json import Json
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError
from placet.ports.effects import Secret
from placet.ports.identity_provider import Redemption
from placet.usecases.approve_in_session import Said, approve_in_session
from placet.usecases.approve_plan import show_ballot
from placet.usecases.authenticate import Holders, authenticate
from placet.usecases.begin_sign_in import begin_sign_in
from placet.usecases.sign_in import Answer, SignedIn, sign_in
from support.installation import CERTIFYING, GOVERNING, PUBLISHING, TEAM
from support.issuer_double import SECRET, IssuerDouble
from support.world import World

ISSUER = "https://id.example.com"
OTHER_ISSUER = "https://login.example.org/tenant/"
CLIENT = "placet"
TERMS = Terms(client_id=CLIENT, client_secret="env:SSO_SECRET", algorithms=("RS256",))
REDIRECT = "https://placet.example.com/auth/callback"
TRUSTING = GOVERNING.replace('"activate_policy"', '"activate_policy", "change_trust", "create_key"')
IN_SESSIONS = PUBLISHING.replace("assurance = 2", "assurance = 1")
"""Publishing takes one maintainer at assurance 1."""
POLICY = TEAM + IN_SESSIONS + CERTIFYING + TRUSTING
SIGNED = TEAM + PUBLISHING + CERTIFYING + TRUSTING
"""Publishing takes one maintainer's signature."""


class GivenTokens(Struct):
    """An identity provider that knows no network: each code gives the token that a test put under it, once."""

    tokens: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    redeemed: list[Redemption] = field(default_factory=list)
    endpoint: str = "https://id.example.com/authorize"

    async def authorization_endpoint(self, issuer: Issuer) -> str:  # noqa: ARG002 - the port's shape
        return self.endpoint

    async def redeem(self, issuer: Issuer, redemption: Redemption) -> str:  # noqa: ARG002 - the port's shape
        self.redeemed.append(redemption)
        if redemption.code not in self.tokens:
            raise DeniedError(CODE, "the issuer gave no token for the code (400)")
        return redemption.code

    async def claims(self, issuer: Issuer, token: str) -> Mapping[str, Json]:  # noqa: ARG002 - the port's shape
        return self.tokens[token]


class Signing(World):
    """A world with an issuer that is trusted, where bob and carol may sign in."""

    def __init__(self, policy: str = POLICY, **more: Any) -> None:
        super().__init__(policy, **more)
        self.provider = GivenTokens()
        self.trust()
        for name in ("bob", "carol"):
            self.identify(f"person:{name}", name)

    # Who may sign in

    def act(self, kind: OperationKind, name: str, /, *, by: str = "person:erin", **params: Value) -> Asked:
        """Perform a governed act."""
        intent = Intent(kind=kind, subject=Subject(provider="core", name=name, version="", tag=""), params=params)
        return self.run(ask(self.context, intent, requester=by, contents={}))

    def trusting(self, terms: Terms) -> Plan:
        """Return the plan to trust the issuer on these terms, carried out by nobody yet."""
        subject = Subject(provider="core", name=ISSUER, version="", tag="")
        intent = Intent(kind=OperationKind.CHANGE_TRUST, subject=subject, params=_trusting(terms))
        return self.plan(intent, requester="person:erin")

    def trust(self, url: str = ISSUER, terms: Terms = TERMS) -> Asked:
        """Trust an issuer."""
        return self.act(OperationKind.CHANGE_TRUST, url, **_trusting(terms))

    def distrust(self, url: str = ISSUER) -> Asked:
        """Trust an issuer no more."""
        return self.act(OperationKind.CHANGE_TRUST, url, state="removed")

    def identify(self, principal_id: str, subject: str, issuer: str = ISSUER) -> Asked:
        """Let a person sign in as a subject from now on."""
        identity = Identity(issuer=issuer, subject=subject).to_object()
        return self.act(OperationKind.CHANGE_APPROVER_KEY, principal_id, add=[], remove=[], identity=identity)

    def role(self, principal_id: str, state: str) -> Asked:
        """Disable or enable a principal by a governed act."""
        return self.act(OperationKind.CHANGE_ROLE, principal_id, state=state, on_behalf_of="")

    # Signing in

    def begin(self, issuer: str = ISSUER) -> SignIn:
        """Begin to sign in."""
        begun = self.run(begin_sign_in(self.context, self.provider, issuer=issuer, redirect_uri=REDIRECT))
        return parse_sign_in(begun.sign_in)

    def answer(self, begun: SignIn, subject: str, **claims: Json) -> Answer:
        """Let the person click at the issuer, and return what their browser brings back."""
        code = f"code-{len(self.provider.tokens)}"
        self.provider.tokens[code] = self.token(begun, subject) | claims
        return Answer(sign_in=begun.to_text(), state=begun.state, code=code, redirect_uri=REDIRECT)

    def token(self, begun: SignIn, subject: str) -> dict[str, Json]:
        """Return the claims of an honest token."""
        now = int(self.clock.now().timestamp())
        return {
            "iss": begun.issuer,
            "aud": CLIENT,
            "sub": subject,
            "nonce": begun.nonce,
            "iat": now,
            "exp": now + 300,
        }

    def come_back(self, answer: Answer) -> SignedIn:
        """Come back from the issuer."""
        return self.run(sign_in(self.context, self.provider, answer))

    def signed_in(self, subject: str, issuer: str = ISSUER) -> SignedIn:
        """Sign in from beginning to end."""
        return self.come_back(self.answer(self.begin(issuer), subject))

    def caller(self, token: str) -> Caller | None:
        """Return who shows a token."""
        return self.run(authenticate(self.context, token, Holders()))

    def known(self, subject: str) -> Caller:
        """Sign in, and return who asks from then on."""
        caller = self.caller(self.signed_in(subject).token)
        assert caller is not None
        return caller

    def session(self, session_id: str) -> Credential:
        """Return a session as it is kept."""
        key = credential_key(session_id)
        return read_credential(required(self.load(key), key, "session"))

    # What is said in sessions

    def saying_in(self, caller: Caller, plan: Plan, **changed: Any) -> Approval:
        """Say something about a plan in a session: by default yes, as a maintainer, having read it."""
        ballot = self.run(show_ballot(self.context, plan.run_id, caller.principal_id))
        said = Said(
            run_id=plan.run_id,
            plan_digest=plan.digest(),
            shown_digest=shown_digest(ballot.text),
            decision=ApprovalDecision.APPROVE,
            group="maintainers",
            phrase=phrase(plan.digest()),
        )
        return self.run(approve_in_session(self.context, caller, replace(said, **changed)))

    def asks(self, caller: Caller) -> None:
        """Ask in the session of `caller` from now on, as its person does over the network."""
        self.context = replace(self.context, credential_id=caller.credential_id)


def _trusting(terms: Terms) -> dict[str, Any]:
    return {"state": TRUSTED, **terms.to_object()}


class AtIssuer(Signing):
    """A world whose people sign in at an issuer on loopback, asked by the real adapter."""

    def __init__(self, issuer: IssuerDouble, terms: Terms = TERMS) -> None:
        super().__init__()
        self.issuer = issuer
        self.oidc = OidcProvider(Egress(), lambda name, _: Secret(SECRET) if name else None, self.clock)
        self.trust(issuer.url, terms)
        self.identify("person:alice", "alice", issuer.url)

    def begun(self) -> SignIn:
        """Begin to sign in at the issuer."""
        return self.run(self._begun())

    async def _begun(self) -> SignIn:
        begun = await begin_sign_in(self.context, self.oidc, issuer=self.issuer.url, redirect_uri=REDIRECT)
        return parse_sign_in(begun.sign_in)

    def given(self, token: str, begun: SignIn, **changed: Any) -> SignedIn:
        """Come back with a code for which the issuer gives this token."""
        code = self.issuer.code_for(token, begun.challenge)
        answer = Answer(sign_in=begun.to_text(), state=begun.state, code=code, redirect_uri=REDIRECT)
        return self.run(sign_in(self.context, self.oidc, replace(answer, **changed)))
