"""What should happen to receipts, in a hundred lines: a model to compare the Core with.

It knows nothing of stores, digests or signatures. Times are seconds since the beginning.
"""

from __future__ import annotations

from msgspec import Struct, field

LIFETIME, OLDEST, DEADLINE, SETTLE, APPROVAL = 3600.0, 3000.0, 60.0, 900.0, 86_400.0
OPEN = frozenset({"issued", "reserved", "indeterminate", "executed", "conflict"})
CODES = {"reserved": "RECEIPT_RESERVED", "indeterminate": "RECEIPT_RESERVED", "revoked": "RECEIPT_REVOKED"}


class Ticket(Struct):
    """One receipt: of which plan, from when, under which policy, and where it is in its life."""

    plan: int
    issued_at: float
    policy: int
    state: str = "issued"
    deadline: float = 0.0


class Wish(Struct):
    """One plan: for which version, who approved it when, and whether it was denied itself."""

    version: int
    approved: dict[str, float] = field(default_factory=dict)
    denied: bool = False
    tickets: list[Ticket] = field(default_factory=list)


class Model(Struct):
    """Everything that decides."""

    now: float = 0.0
    policy: int = 1
    needed: int = 1
    bytes_denied: bool = False
    disabled: set[str] = field(default_factory=set)
    wishes: list[Wish] = field(default_factory=list)
    stands: dict[int, str] = field(default_factory=dict)
    held: dict[int, tuple[int, str]] = field(default_factory=dict)
    sent: int = 0
    denials: int = 0

    def refused(self, code: str) -> str:
        self.denials += code != ""
        return code

    def plan(self, version: int) -> str:
        if self.bytes_denied:
            return self.refused("DENIED_BY_APPROVER")
        self.wishes.append(Wish(version))
        return ""

    def approve(self, wish: Wish, name: str) -> str:
        if name in self.disabled:
            return self.refused("APPROVAL_INVALID")
        wish.approved.setdefault(name, self.now)
        return ""

    def deny(self, wish: Wish) -> str:
        self.bytes_denied = wish.denied = True
        return ""

    def withdraw(self, wish: Wish) -> str:
        if not self.bytes_denied:
            return self.refused("APPROVER_INELIGIBLE")
        self.bytes_denied = wish.denied = False
        return ""

    def objection(self, wish: Wish) -> str:
        """Return the policy's first objection to the plan, empty where it has none."""
        if self.bytes_denied or wish.denied:
            return "DENIED_BY_APPROVER"
        codes, counted = [], 0
        for name, at in sorted(wish.approved.items(), key=lambda item: item[1]):
            late, out = self.now >= at + APPROVAL, name in self.disabled
            counted += not late and not out
            codes += ["APPROVALS_MISSING"] if late else ["APPROVER_INELIGIBLE"] if out else []
        return "" if counted >= self.needed else [*codes, "APPROVALS_MISSING"][0]

    def issue(self, plan: int) -> str:
        wish = self.wishes[plan]
        last = wish.tickets[-1] if wish.tickets else None
        expired = last is not None and last.state == "issued" and self.now >= last.issued_at + LIFETIME
        if last is not None and last.state in OPEN and not expired:
            return self.refused("RECEIPT_ALREADY_OPEN")
        if self.objection(wish):
            return self.refused(self.objection(wish))
        wish.tickets.append(Ticket(plan, self.now, self.policy))
        return ""

    def revoke(self, ticket: Ticket) -> str:
        if ticket.state != "issued":
            return self.refused("RECEIPT_REVOKED" if ticket.state == "revoked" else "RECEIPT_CONSUMED")
        ticket.state = "revoked"
        return ""

    def check(self, ticket: Ticket) -> str:
        """Return the code of the first check that refuses the receipt, empty where none does."""
        wish = self.wishes[ticket.plan]
        holder, state = self.held.get(wish.version, (ticket.plan, "failed"))
        taken = (holder != ticket.plan and state != "failed") or wish.version in self.stands
        reasons = (
            CODES.get(ticket.state, "RECEIPT_CONSUMED") if ticket.state != "issued" else "",
            "RECEIPT_EXPIRED" if self.now >= ticket.issued_at + LIFETIME else "",
            "STALE_AGE" if self.now > ticket.issued_at + OLDEST else "",
            ("STALE_POLICY" if ticket.policy != self.policy else "STALE_APPROVAL") if self.objection(wish) else "",
            "STALE_SUBJECT" if taken else "",
        )
        return next((reason for reason in reasons if reason), "")

    def present(self, ticket: Ticket, state: str, *, acts: bool, reached: bool = True) -> str:
        """Use the receipt; the effect is made if `acts`, a request is sent if `reached`, and `state` is known then."""
        code = self.check(ticket)
        if code:
            return self.refused(code)
        wish = self.wishes[ticket.plan]
        ticket.state, ticket.deadline = state, self.now + DEADLINE
        self.held[wish.version] = (ticket.plan, state)
        self.sent += reached
        if acts:
            self.stands[wish.version] = "ours"
        return ""

    def reconcile(self) -> None:
        for ticket in [each for wish in self.wishes for each in wish.tickets]:
            if ticket.state == "indeterminate" or (ticket.state == "reserved" and self.now >= ticket.deadline):
                version = self.wishes[ticket.plan].version
                ticket.state = {"ours": "executed", "theirs": "conflict", "": "indeterminate"}[
                    self.stands.get(version, "")
                ]
                if ticket.state == "indeterminate" and self.now >= ticket.deadline + SETTLE:
                    ticket.state = "failed"
                self.held[version] = (ticket.plan, ticket.state)
