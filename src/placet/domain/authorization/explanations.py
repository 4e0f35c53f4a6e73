"""Why something did not ship, for people: every code that can block, what it means, and what to do (contract 8).

One table for `run show`, `run audit` and every console. A code that blocks and does not stand here
fails a test. RUN in a step stands for the run's id.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

_SHOW = "look at the run: placet run show RUN"
_RESUME = "carry out what is left: placet run resume RUN"
_APPROVE = "ask approvers: placet approve RUN --as person:NAME --key FILE"
_AGAIN = "plan again: run the command that asked for it once more"
_POLICY = "see what the policy says: placet policy show"
_RECONCILE = "look up what became of it; nothing is sent: placet reconcile"
_NEW_RECEIPT = "nothing was done with it: resuming issues another receipt: placet run resume RUN"
_ALERT = "find out who presented it: this is what an attack looks like"
_LEDGER = "verify the ledger: placet ledger verify"
_VERSION = "raise the version and publish again"
_INCIDENT = "treat it as an incident: look who wrote there, and with whose credential"
_PROVIDER = "compare the provider's record: placet provider list"
_LATER = "wait a moment, then carry on: placet run resume RUN"


class Explanation(Struct, frozen=True, kw_only=True):
    """What a code means in one sentence, and what can be done, most likely first."""

    text: str
    next_steps: tuple[str, ...]

    def steps_for(self, run_id: str) -> tuple[str, ...]:
        """Return the steps with the run's id in place."""
        return tuple(step.replace("RUN", run_id) for step in self.next_steps)


def explain(code: str) -> Explanation:
    """Return what a code means; for one that is not known here, that it is not, and where to look."""
    return EXPLANATIONS.get(code, _UNKNOWN)


def _says(text: str, *next_steps: str) -> Explanation:
    return Explanation(text=text, next_steps=next_steps)


_UNKNOWN = _says("This version has no explanation for the code.", _SHOW, "look it up in docs/reference/codes.md")

EXPLANATIONS: Mapping[str, Explanation] = {
    # who asks over the network
    "UNAUTHENTICATED": _says(
        "Nobody is known by what was shown, or nothing was.",
        "send a good key as X-API-Key or as Authorization: Bearer, or sign in: /auth/login",
        "see who signs in with what: placet principal list",
    ),
    "CROSS_SITE": _says(
        "A page of somebody else asked in the name of who is signed in here.",
        "ask from a page of this service, or with a key in a header",
    ),
    "SESSION_MISSING": _says("A key was shown where a person has to be signed in.", "sign in: /auth/login"),
    "SCOPE_INSUFFICIENT": _says(
        "The key does not let its holder ask for this, of this package.",
        "ask for a key with the scope that is named: placet key create --help",
    ),
    "REQUESTER_MISMATCH": _says(
        "Somebody asked in another's name than the key's.", "leave the name out, or use that one's own key"
    ),
    # check 0: ledger and clock
    "AUDIT_UNAVAILABLE": _says(
        "The ledger could not take an entry, and without one nothing is done.",
        "make room, or end what locks it",
        _LATER,
    ),
    "SEALED": _says("The ledger is behind a checkpoint that somebody kept: doing anything might do it twice.", _LEDGER),
    "CLOCK_REGRESSION": _says(
        "This machine's clock is behind the ledger's newest entry.", "correct the clock", _RESUME
    ),
    "CHECK_FAILED": _says("A check could not be made, which counts as no.", _LEDGER, _SHOW),
    # check 1: mode
    "MODE_NOT_PROD": _says(
        "It was a dry run, or a process that was not built for production: neither performs anything.",
        "publish without --dry-run: a new run is planned, and nothing of this one counts for it",
    ),
    # checks 2 to 2c: the receipt as presented
    "RECEIPT_MISSING": _says("No receipt was presented, and nothing is performed without one.", _RESUME),
    "RECEIPT_MALFORMED": _says("What was presented is no receipt.", _RESUME, _ALERT),
    "RECEIPT_NOT_CANONICAL": _says("The receipt is spelled otherwise than receipts are.", _RESUME, _ALERT),
    "RECEIPT_VERSION_UNSUPPORTED": _says("The receipt is of a version that is not known here.", _RESUME, _ALERT),
    "KEY_UNKNOWN": _says("The receipt names a key that this installation does not have.", _NEW_RECEIPT, _ALERT),
    "KEY_RETIRED": _says("The receipt's key was retired since it was issued.", _NEW_RECEIPT),
    "KEY_REVOKED": _says("The receipt's key was revoked: nothing under it counts.", _NEW_RECEIPT),
    "SIGNATURE_MISSING": _says("The receipt has no signature.", _RESUME, _ALERT),
    "SIGNATURE_INVALID": _says("The receipt's signature does not hold: it was forged or changed.", _RESUME, _ALERT),
    # checks 3 to 5a: what the receipt is for
    "RECEIPT_NOT_ENFORCEABLE": _says(
        "The receipt is advice, as dry runs and refused plans get it, and opens nothing.", _AGAIN
    ),
    "RECEIPT_MODE_MISMATCH": _says("The receipt is of a dry run and was shown in production.", _AGAIN, _ALERT),
    "ISSUER_MISMATCH": _says("The receipt is of another installation.", _NEW_RECEIPT, _ALERT),
    "AUDIENCE_MISMATCH": _says("The receipt is for another provider.", _NEW_RECEIPT, _ALERT),
    "RUN_MISMATCH": _says("The receipt is of another run.", _NEW_RECEIPT, _ALERT),
    "OPERATION_MISMATCH": _says("The receipt is for another operation.", _NEW_RECEIPT, _ALERT),
    "SUBJECT_MISMATCH": _says("What was asked for is about something else than the receipt.", _NEW_RECEIPT, _ALERT),
    "PARAMS_MISMATCH": _says("The parameters are not those that were approved.", _NEW_RECEIPT, _ALERT),
    "ARTIFACT_MISMATCH": _says("The bytes at hand are not those that were approved.", _AGAIN, _ALERT),
    "PLAN_MISMATCH": _says("The operation does not stand in the plan that was approved.", _AGAIN, _ALERT),
    # check 6: single use
    "RECEIPT_UNKNOWN": _says("No such receipt was ever issued here.", _ALERT, _LEDGER),
    "RECEIPT_PAYLOAD_MISMATCH": _says("The receipt is not as it was issued.", _ALERT, _LEDGER),
    "RECEIPT_RESERVED": _says("Another process is performing this very operation.", _LATER, _RECONCILE),
    "RECEIPT_CONSUMED": _says("The receipt was used before: each counts once.", _SHOW, _ALERT),
    "RECEIPT_REVOKED": _says("Somebody took the receipt back before it was used.", _NEW_RECEIPT),
    # check 7: its own time
    "RECEIPT_NOT_YET_VALID": _says("The receipt's time has not come.", "compare the clocks", _LATER),
    "RECEIPT_EXPIRED": _says("The receipt's own time ran out before it was used.", _NEW_RECEIPT),
    # check 8: the world moved
    "STALE_AGE": _says("The receipt is older than the policy lets one be.", _NEW_RECEIPT),
    "STALE_POLICY": _says("The policy was changed, and the one in force now says no.", _POLICY, _AGAIN),
    "STALE_WINDOW": _says("The time in which it is allowed is over, or has not begun.", _POLICY, _LATER),
    "STALE_APPROVAL": _says("An approval that it rested on counts no more.", _APPROVE, _RESUME),
    "STALE_REQUESTER": _says("Who asked for it is not enrolled any more, or was disabled.", "let somebody else ask"),
    "STALE_CERTIFICATE": _says("The certificate was revoked, has expired, or is for something else.", _AGAIN),
    "STALE_SUBJECT": _says(
        "What stands at the provider is not as planned, or another run is at the same subject.",
        "look what stands there",
        _SHOW,
        _AGAIN,
    ),
    "STALE_COMMIT": _says("The branch or tag points to another commit than planned.", "look who moved it", _AGAIN),
    # check 9: limits and freezes
    "RATE_LIMITED": _says("More was asked for in this hour than the policy allows.", "wait for the next hour", _RESUME),
    "FROZEN": _says("A freeze is in force for this subject.", "placet freeze list tells by whom and why", _RESUME),
    # policy and approvals
    "NO_RULE": _says("No rule of the policy lets this requester ask for this.", _POLICY, "have a rule added"),
    "APPROVALS_MISSING": _says("Not enough of the right people have approved yet.", _APPROVE, _RESUME),
    "APPROVAL_INVALID": _says("An approval's signature or contents do not hold.", "sign the plan that is shown now"),
    "APPROVAL_ASSURANCE_LOW": _says(
        "An approval was given with a weaker key than the rule demands.", "approve with a key of that assurance"
    ),
    "APPROVER_INELIGIBLE": _says("Who approved may not approve this.", "let another member of the group approve"),
    "DENIED_BY_APPROVER": _says(
        "An approver denied it; the same bytes stay denied in every later plan.",
        "talk to who denied; they can take it back: placet deny RUN --withdraw --as person:NAME --key FILE",
    ),
    "EVIDENCE_TOO_LOW": _says("What proves the build is less than the rule demands.", _POLICY),
    "OIDC_INVALID": _says(
        "The identity token, or the answer that brought it, does not hold.",
        "sign in again: /auth/login; a job is started again: tokens are short-lived",
        "see what is believed of the issuer: placet issuer list",
    ),
    "OIDC_REPLAYED": _says("The identity token was used before.", "sign in again, or start the job again", _ALERT),
    "OIDC_CONTEXT_DENIED": _says("The job is not one that may publish this.", "see the trusted publishers"),
    "EMBEDDED_IN_CI": _says(
        "It ran inside a CI job, where whoever controls the job holds every key.", "run it elsewhere", _POLICY
    ),
    "BOOTSTRAP_INVALID": _says("The bootstrap key is dead, or another one.", "say who asks, with --as"),
    "BREAK_GLASS_INVALID": _says(
        "The break-glass does not hold: it lacks people, a reason, or a review.", _POLICY, _SHOW
    ),
    "BREAK_GLASS_EXCEEDED": _says("The break-glass is used up, or its time is over.", _APPROVE),
    "IDENTITY_IN_USE": _says(
        "The identity is enrolled for another person already.", "see whose it is: placet principal list"
    ),
    "KEY_IN_USE": _says("The key speaks for another principal already.", "enrol a key of their own"),
    "KEY_WEAK": _says("The key is too weak, or was certified before.", "make a new key"),
    # the run as a whole
    "PUBLICATION_NOT_PLANNED": _says("The package is certified, and its publication is not planned yet.", _AGAIN),
    "RUN_CLOSED": _says("The run has ended; nothing follows in it.", _AGAIN),
    "RUN_DIFFERS": _says("An earlier run publishes the same bytes otherwise.", "finish or deny that run", _VERSION),
    "VERSION_EXISTS": _says("This version stands already, and a version is written once.", _VERSION),
    "REGISTRATION_MISMATCH": _says(
        "The certificate or the event that a registration names is not about this version, or counts no more.",
        "name a certificate that is active and an event, both of this very version",
    ),
    "ILLEGAL_TRANSITION": _says(
        "A version's status does not become this one from the one that it has.",
        "see what it has: GET /registry/packages/NAME/VERSION",
    ),
    "VERSION_UNOBSERVED": _says(
        "The registry does not tell whether the version stands.", "see that it answers", _AGAIN
    ),
    "OPERATION_OUT_OF_ORDER": _says("An operation before it was not executed.", _RESUME),
    "RECEIPT_ALREADY_OPEN": _says("The operation has a receipt that is not settled.", _RECONCILE, _SHOW),
    "IN_PROGRESS": _says("Another process is performing it.", _LATER),
    "PARAMS_INVALID": _says("The parameters are not what the kind of operation takes.", "correct them", _AGAIN),
    "NAME_INVALID": _says("The name is none that may be used there.", "correct it", _AGAIN),
    "TEXT_UNSAFE": _says("The text could pass for something else where it is shown.", "write it plainly", _AGAIN),
    "CERTIFICATE_EXPIRED": _says("The certificate has expired.", _AGAIN),
    "CERTIFICATE_REVOKED": _says("The certificate was revoked.", _AGAIN),
    "CERTIFICATE_SUBJECT_MISMATCH": _says("The certificate is for another package or version.", _AGAIN),
    # effects
    "OUTCOME_UNKNOWN": _says("It may have been done or not: it is looked up, never sent again.", _RECONCILE),
    "EFFECT_ABSENT": _says("It was looked up and was not done.", _RESUME),
    "EFFECT_FAILED": _says("The provider did not do it.", _RESUME),
    "FENCE_LOST": _says("Too much time passed before it was sent, so that nothing was.", _RESUME),
    "OTHER_CONTENT": _says("The provider holds other content under this name.", _INCIDENT, _VERSION),
    "OBJECT_CONFLICT": _says("Another object stands under this key; it is not overwritten.", _INCIDENT, _VERSION),
    "VERSION_CONFLICT": _says("The registry has this version with other bytes.", _INCIDENT, _VERSION),
    "PROVIDER_REFUSED": _says(
        "The provider said no.", "see that its credential may do this, and has not expired", _RESUME
    ),
    "PROVIDER_UNREACHABLE": _says("The provider could not be reached; nothing was sent.", _LATER, _PROVIDER),
    "PROVIDER_AMBIGUOUS": _says("What the provider answered may mean both.", _RECONCILE),
    "PROVIDER_UNCLEAR": _says("The provider did not answer clearly.", _RECONCILE, _LATER),
    "PROVIDER_ANSWER_INVALID": _says("What the provider answered cannot be understood.", _RECONCILE, _PROVIDER),
    "PROVIDER_UNKNOWN": _says("There is no such provider here.", _PROVIDER),
    "STORE_UNCHECKED": _says(
        "The object store was not checked yet: one that overwrites is refused.", _PROVIDER, _RESUME
    ),
    "STORE_REFUSED": _says("The object store overwrites what stands, and so is not used.", _PROVIDER),
    "STORE_CHANGED": _says("The record of the object store was replaced while it was checked.", "check it again"),
    "EXECUTOR_UNKNOWN": _says("Providers of this kind cannot do this.", _PROVIDER),
    "EGRESS_DENIED": _says("The address is none that may be called.", _PROVIDER),
    "CREDENTIAL_MISSING": _says("The credential that the provider's record names is not there.", "set it", _RESUME),
    "CREDENTIAL_INVALID": _says("The credential cannot be sent as it is.", "look at it: one line, no blanks", _RESUME),
    "INTERNAL": _says("A bug of Placet came up while it was performed.", _RECONCILE, "please report it"),
}
"""Every code that can block an operation or a run."""
