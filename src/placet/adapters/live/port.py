"""Performs authorised operations through the executor for their provider and kind (protocol 5).

What is not listed is refused: an unknown provider, one that leads elsewhere than the operation is
bound to, an unknown pair of provider kind and operation kind, other bytes than the receipt was
bound to. All of that before anything is opened.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping

from placet.adapters.live.permit import FencePermit
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.place import planned_place
from placet.domain.values.kinds import Mode, OperationKind, OutcomeStatus
from placet.errors import ConfigurationError, DeniedError, EffectError, PlacetError
from placet.ports.effects import Finding, FindProvider, HoldsFence, Outcome, Provider
from placet.ports.executor import Executor
from placet.ports.world import Clock

Executors = Mapping[tuple[str, OperationKind], Executor]
_log = logging.getLogger(__name__)


class LiveSideEffects:
    """The `SideEffectPort` of production."""

    def __init__(
        self, executors: Executors, find_provider: FindProvider, holds_fence: HoldsFence, clock: Clock
    ) -> None:
        """Take who performs what, where provider records are, who holds a fence, and the time."""
        self._executors = dict(executors)
        self._find_provider = find_provider
        self._holds_fence = holds_fence
        self._clock = clock

    async def perform(self, authorized: AuthorizedOperation) -> Outcome:
        """Attempt the effect once, as `SideEffectPort.perform`.

        A bug or a foreign error after the first byte is an `indeterminate` outcome like any other
        doubt: the effect may stand.
        """
        if authorized.mode is not Mode.PROD:
            raise DeniedError("MODE_NOT_PROD", f"an operation of mode {authorized.mode.value} reached the effect port")
        check_contents(authorized)
        provider, executor = await self._dispatch(authorized.operation)
        permit = FencePermit(authorized, self._holds_fence, self._clock)
        permit.check_deadline()
        try:
            return await executor.perform(provider, authorized, permit)
        except PlacetError:
            raise
        except Exception as error:
            # Whatever it is: once bytes may have left, only the provider knows what became of them.
            if not permit.was_given:
                raise
            _log.exception("an executor failed after it may have sent something")
            return Outcome(
                status=OutcomeStatus.INDETERMINATE,
                error_code="INTERNAL",
                error_message=f"the executor failed ({type(error).__name__}) after it may have sent something",
            )

    async def look_up(self, operation: Operation) -> Finding:
        """Tell whether the effect stands at the provider, as `SideEffectPort.look_up`."""
        provider, executor = await self._dispatch(operation)
        return await executor.look_up(provider, operation)

    async def _dispatch(self, operation: Operation) -> tuple[Provider, Executor]:
        provider_id = operation.subject.provider
        provider = await self._find_provider(provider_id)
        if provider is None:
            raise ConfigurationError(
                "PROVIDER_UNKNOWN", f"there is no provider {provider_id}", hint="add it with `placet provider add`"
            )
        _check_place(operation, provider)
        executor = self._executors.get((provider.kind, operation.operation_kind))
        if executor is None:
            raise ConfigurationError(
                "EXECUTOR_UNKNOWN",
                f"nothing here performs {operation.operation_kind.value} at a provider of kind {provider.kind}",
            )
        return provider, executor


def _check_place(operation: Operation, provider: Provider) -> None:
    """Raise `EffectError` (`EGRESS_DENIED`) where the record leads elsewhere than the operation is bound to.

    A new record may come with a new credential: it is for that place, and is not shown to the old one.
    """
    planned = planned_place(operation)
    if planned and planned != provider.place:
        raise EffectError(
            "EGRESS_DENIED",
            f"provider {provider.provider_id} leads to {provider.place}, the effect belongs to {planned}",
            hint="put the provider's record back to go on with this operation",
        )


def check_contents(authorized: AuthorizedOperation) -> None:
    """Hash the very buffers that will be sent and compare them with the operation's artifacts.

    Raise `DeniedError` (`ARTIFACT_MISMATCH`) where a buffer is missing, unknown, or differs in
    one bit (protocol 4, check 5a).
    """
    artifacts = {artifact.name: artifact for artifact in authorized.operation.artifacts}
    if len(artifacts) != len(authorized.operation.artifacts) or set(artifacts) != set(authorized.contents):
        _mismatch("the bytes at hand are not those of the plan's artifacts")
    for name, artifact in artifacts.items():
        if not _is_content_of(artifact, authorized.contents[name]):
            _mismatch(f"the bytes of {name} are not those that the receipt is bound to")


def _is_content_of(artifact: Artifact, content: bytes) -> bool:
    return (
        len(content) == artifact.size
        and hmac.compare_digest(hashlib.sha256(content).hexdigest(), artifact.sha256)
        and hmac.compare_digest(hashlib.sha512(content).hexdigest(), artifact.sha512)
    )


def _mismatch(reason: str) -> None:
    raise DeniedError("ARTIFACT_MISMATCH", f"nothing was sent: {reason}", hint="plan again with the bytes at hand")
