from __future__ import annotations

import asyncio

import pytest
from msgspec import Struct
from msgspec.structs import replace

from placet.adapters.live.observer import LiveObserver, OfflineObserver
from placet.adapters.live.port import LiveSideEffects
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation, Subject
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import Mode, OperationKind, OutcomeStatus
from placet.errors import ConfigurationError, DeniedError
from placet.ports.effects import Finding, Outcome, Presence, Provider
from placet.ports.executor import SendPermit
from support.effects import NOW, Fence, SettableClock, artifact_of, authorize, publish_operation

CONTENT = b"content"
OPERATION = publish_operation(CONTENT)


class RecordingExecutor(Struct):
    """Remembers what reached it, and may fail before or after it asked for the permit."""

    reached: int = 0
    fails_after_permit: bool = False
    fails_before_permit: bool = False

    async def perform(self, provider: Provider, authorized: AuthorizedOperation, permit: SendPermit) -> Outcome:
        self.reached += 1
        if self.fails_before_permit:
            raise ZeroDivisionError
        await permit.check()
        if self.fails_after_permit:
            raise ZeroDivisionError
        facts: Object = {"provider": provider.provider_id, "fence": authorized.fence}
        return Outcome(status=OutcomeStatus.EXECUTED, response=facts)

    async def look_up(self, provider: Provider, operation: Operation) -> Finding:
        found: Object = {"provider": provider.provider_id, "name": operation.subject.name}
        return Finding(presence=Presence.SAME, response=found)


async def find_provider(provider_id: str) -> Provider | None:
    kinds = {"npm": "npm", "r2": "objectstore"}
    if provider_id not in kinds:
        return None
    return Provider(provider_id=provider_id, kind=kinds[provider_id], url="", credential="")


def port(executor: RecordingExecutor, fence: Fence | None = None) -> LiveSideEffects:
    executors = {("npm", OperationKind.PUBLISH_PACKAGE): executor}
    return LiveSideEffects(executors, find_provider, (fence or Fence()).holds, SettableClock())


def perform(executor: RecordingExecutor, authorized: AuthorizedOperation) -> Outcome:
    return asyncio.run(port(executor).perform(authorized))


def test_an_operation_reaches_the_executor_of_its_provider_and_kind() -> None:
    executor = RecordingExecutor()

    assert perform(executor, authorize(OPERATION, {"archive.tgz": CONTENT})).response == {"provider": "npm", "fence": 7}
    assert asyncio.run(port(executor).look_up(OPERATION)).response == {"provider": "npm", "name": "@acme/tool"}


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param({}, id="missing"),
        pytest.param({"archive.tgz": b"c0ntent"}, id="one byte"),
        pytest.param({"archive.tgz": CONTENT + b"\n"}, id="longer"),
        pytest.param({"other": CONTENT}, id="another name"),
        pytest.param({"archive.tgz": CONTENT, "extra": b""}, id="one more"),
    ],
)
def test_other_bytes_than_the_receipt_is_bound_to_reach_nobody(contents: dict[str, bytes]) -> None:
    executor = RecordingExecutor()
    with pytest.raises(DeniedError) as caught:
        perform(executor, authorize(OPERATION, contents))

    assert (caught.value.code, executor.reached) == ("ARTIFACT_MISMATCH", 0)


@pytest.mark.parametrize("member", ["sha256", "sha512", "size"])
def test_both_digests_and_the_size_of_an_artifact_count(member: str) -> None:
    real = artifact_of("archive.tgz", CONTENT)
    forged = {
        "sha256": replace(real, sha256="0" * 64),
        "sha512": replace(real, sha512="0" * 128),
        "size": replace(real, size=real.size + 1),
    }[member]
    with pytest.raises(DeniedError, match="ARTIFACT_MISMATCH"):
        perform(RecordingExecutor(), authorize(replace(OPERATION, artifacts=(forged,)), {"archive.tgz": CONTENT}))


def test_two_artifacts_of_one_name_reach_nobody() -> None:
    artifact = artifact_of("archive.tgz", CONTENT)
    operation = replace(OPERATION, artifacts=(artifact, artifact))
    with pytest.raises(DeniedError, match="ARTIFACT_MISMATCH"):
        perform(RecordingExecutor(), authorize(operation, {"archive.tgz": CONTENT}))


def test_a_dry_run_reaches_nobody() -> None:
    executor = RecordingExecutor()
    with pytest.raises(DeniedError) as caught:
        perform(executor, authorize(OPERATION, {"archive.tgz": CONTENT}, mode=Mode.DRY_RUN))

    assert (caught.value.code, executor.reached) == ("MODE_NOT_PROD", 0)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (publish_operation(CONTENT, provider="nowhere"), "PROVIDER_UNKNOWN"),
        (publish_operation(CONTENT, provider="r2"), "EXECUTOR_UNKNOWN"),
        (replace(OPERATION, operation_kind=OperationKind.PUT_OBJECT), "EXECUTOR_UNKNOWN"),
    ],
)
def test_an_unknown_provider_or_kind_is_refused(operation: Operation, code: str) -> None:
    executor = RecordingExecutor()
    with pytest.raises(ConfigurationError) as caught:
        perform(executor, authorize(operation, {"archive.tgz": CONTENT}))
    with pytest.raises(ConfigurationError, match=code):
        asyncio.run(port(executor).look_up(operation))

    assert (caught.value.code, executor.reached) == (code, 0)


def test_a_bug_after_the_first_byte_is_indeterminate() -> None:
    authorized = authorize(OPERATION, {"archive.tgz": CONTENT})
    outcome = perform(RecordingExecutor(fails_after_permit=True), authorized)

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.INDETERMINATE, "INTERNAL")


def test_a_bug_before_the_first_byte_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        perform(RecordingExecutor(fails_before_permit=True), authorize(OPERATION, {"archive.tgz": CONTENT}))


class FixedReader(Struct):
    """Reads the same value for whatever fact."""

    value: str

    async def read(self, provider: Provider, subject: Subject, fact: str) -> str:
        return f"{provider.provider_id}/{subject.name}/{fact}/{self.value}"


def test_an_observation_has_its_value_source_and_time() -> None:
    observer = LiveObserver({"npm": FixedReader("absent")}, find_provider, SettableClock())
    observation = asyncio.run(observer.observe(OPERATION.subject, "version"))

    assert observation.value == "npm/@acme/tool/version/absent"
    assert (observation.fact, observation.source, observation.at) == ("version", "npm", NOW)


@pytest.mark.parametrize("provider_id", ["nowhere", "r2"])
def test_facts_of_a_provider_that_nobody_reads_are_refused(provider_id: str) -> None:
    observer = LiveObserver({"npm": FixedReader("absent")}, find_provider, SettableClock())
    with pytest.raises(ConfigurationError, match="PROVIDER_UNKNOWN"):
        asyncio.run(observer.observe(replace(OPERATION.subject, provider=provider_id), "version"))


def test_offline_everything_is_unobserved() -> None:
    observation = asyncio.run(OfflineObserver(SettableClock()).observe(OPERATION.subject, "version"))

    assert (observation.value, observation.source, observation.at) == ("unobserved", "npm", NOW)
