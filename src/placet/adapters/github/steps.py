"""One operation of several requests: each sent once and noted, and what follows where one of them fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from placet.adapters.egress.messages import Answer, NothingSentError
from placet.adapters.egress.sending import Sender
from placet.adapters.github.answers import Says, read_answer
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Finding, Outcome, Presence
from placet.ports.executor import SendPermit

READ_BACK_WAITS = (0.0, 0.3, 1.0, 3.0)


class StoppedError(Exception):
    """The operation ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        """Keep the outcome."""
        super().__init__(outcome.error_code)
        self.outcome = outcome


class Tried(Struct, frozen=True, kw_only=True):
    """How one request ended: an answer and what it says, or the error why there is none."""

    answer: Answer | None
    says: Says
    error: EffectError | None = None

    @property
    def status(self) -> int:
        """Return the answer's status, 0 where there is none."""
        return self.answer.status if self.answer else 0


class Steps:
    """Sends an operation's requests one after the other."""

    def __init__(self, sender: Sender, permit: SendPermit, said: Callable[[Answer], str]) -> None:
        """Take how to send, the right to, and what may be told of a refusal's text."""
        self._sender = sender
        self._said = said
        self.permit = permit
        self._retries = 0
        self._done: list[Value] = []
        self._last = 0
        self._in_doubt = False

    async def send(self, step: str, exchange: Callable[[], Awaitable[Answer]]) -> Tried:
        """Make one exchange, and note it where it may have acted.

        Raise what the permit raises where nothing was done before; later that is a request not sent.
        """
        try:
            sent = await self._sender.send(exchange, self.permit)
        except EffectError as error:
            if not self._done:
                raise
            return Tried(answer=None, says=Says.REFUSED, error=error)
        self._retries += sent.retries
        self._last = sent.answer.status if sent.answer else 0
        if isinstance(sent.error, NothingSentError):
            return Tried(answer=None, says=Says.REFUSED, error=sent.error)
        says = read_answer(sent.answer) if sent.answer else Says.UNCLEAR
        self._in_doubt = says is Says.UNCLEAR
        if says in (Says.DONE, Says.UNCLEAR):
            self._done.append(step if says is Says.DONE else f"{step}?")
        return Tried(answer=sent.answer, says=says, error=sent.error)

    @property
    def unclear(self) -> OutcomeStatus:
        """Return what follows from a read without an answer: a doubt only where something sent may have acted."""
        return OutcomeStatus.INDETERMINATE if self._in_doubt else OutcomeStatus.FAILED

    async def read_back(self, look: Callable[[], Awaitable[Finding]], *, patient: bool) -> Finding:
        """Look until something stands there; after a yes, give GitHub a few seconds to show it."""
        finding = Finding(presence=Presence.UNKNOWN)
        for wait in READ_BACK_WAITS if patient else READ_BACK_WAITS[:1]:
            await self._sender.sleep(wait)
            finding = await look()
            if finding.presence in {Presence.SAME, Presence.OTHER}:
                break
        return finding

    def executed(self, finding: Finding, *, found_by: str) -> Outcome:
        """Return that the effect stands as planned: told by the `answer`, or only by a `look_up`."""
        return self.outcome(OutcomeStatus.EXECUTED, "", "", {**finding.response, "found_by": found_by})

    def conflict(self, code: str, message: str, response: Object | None = None) -> Outcome:
        """Return that something else stands there."""
        return self.outcome(OutcomeStatus.CONFLICT, code, message, response)

    def not_done(self, tried: Tried, what: str, *, absent: bool = False) -> Outcome:
        """Return what follows from a request after which the effect is not seen.

        It failed where GitHub said so, or where it was not sent; `absent` tells that the effect was
        positively not there after an answer that may mean that it stood. Everything else is in doubt.
        """
        if tried.says is Says.REDIRECTED:
            message = f"GitHub answered {tried.status}, a redirect, and none is followed"
            return self.outcome(OutcomeStatus.FAILED, "EGRESS_DENIED", message)
        if tried.says is Says.LIMITED:
            return self.outcome(
                OutcomeStatus.FAILED, "PROVIDER_RATE_LIMITED", f"GitHub put off {what}: too many requests"
            )
        if tried.says is Says.REFUSED or (tried.says is Says.STANDS_OR_REFUSED and absent):
            if tried.error is not None:
                return self.outcome(OutcomeStatus.FAILED, tried.error.code, tried.error.message)
            reason = self._said(tried.answer) if tried.answer else ""
            return self.outcome(OutcomeStatus.FAILED, "PROVIDER_REFUSED", f"GitHub refused {what}{reason}")
        if tried.error is not None:
            return self.outcome(OutcomeStatus.INDETERMINATE, tried.error.code, tried.error.message)
        message = f"GitHub answered {tried.status} to {what}, and it cannot be read back yet"
        return self.outcome(OutcomeStatus.INDETERMINATE, "PROVIDER_AMBIGUOUS", message)

    def outcome(self, status: OutcomeStatus, code: str, message: str, response: Object | None = None) -> Outcome:
        """Return an outcome with what was sent until now."""
        facts: Object = {"status": self._last} if self._last else {}
        facts |= {"requests": list(self._done)} if self._done else {}
        return Outcome(
            status=status,
            response={**facts, **(response or {})},
            error_code=code,
            error_message=message,
            retries=self._retries,
        )
