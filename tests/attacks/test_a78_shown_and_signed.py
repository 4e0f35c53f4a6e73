"""A78: a service that shows one plan and asks for a signature under another gets none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from placet import config
from placet.client.ballots import ballot_of
from placet.demo.double_server import Asked, DoubleServer, Reply
from placet.domain.authorization.ballot import Ballot
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import render_plan, shown_digest
from placet.errors import VerificationError
from placet.facade import RemotePlacet, connected
from support.governance import OTHER_RUN, RUN, a_plan, an_operation

SHOWN = a_plan()
SIGNED = a_plan(an_operation(params={"access": "public", "dist_tag": "stolen"}))
ELSEWHERE = replace(SHOWN, run_id=OTHER_RUN)


def ballot(plan: Plan, /, **changed: object) -> dict[str, Any]:
    """Return what a service sends for a plan, with members that lie."""
    text = render_plan(plan, "v1.0")
    honest: dict[str, Any] = {
        "run_id": plan.run_id,
        "plan": plan.encode().decode(),
        "policy_version": "v1.0",
        "plan_digest": plan.digest(),
        "shown_digest": shown_digest(text),
        "text": text,
        "phrase": "",
        "demanded": ["maintainers"],
        "groups": ["maintainers"],
        "breaks_glass": "",
    }
    return {**honest, **changed}


def test_an_honest_ballot_is_the_plan_as_it_is() -> None:
    made = ballot_of(RUN, ballot(SHOWN))

    assert made == Ballot(
        plan=SHOWN, policy_version="v1.0", demanded=("maintainers",), groups=("maintainers",), breaks_glass=""
    )
    assert made.text == ballot(SHOWN)["text"]


def test_what_is_shown_is_made_from_the_plan_whatever_the_service_says_that_it_is() -> None:
    assert ballot_of(RUN, ballot(SHOWN, text="PLACET PLAN\nnothing to see here\n")).text == ballot(SHOWN)["text"]


LIES: dict[str, dict[str, Any]] = {
    "digest of another plan": ballot(SHOWN, plan_digest=SIGNED.digest()),
    "text of another plan": ballot(SIGNED, shown_digest=ballot(SHOWN)["shown_digest"]),
    "plan of another run": ballot(ELSEWHERE),
    "another policy version": ballot(SHOWN, policy_version="v0.9"),
    "no plan": ballot(SHOWN, plan="{}"),
    "plan with a blank more": ballot(SHOWN, plan=SHOWN.encode().decode().replace(",", ", ", 1)),
    "plan beyond ASCII": ballot(SHOWN, plan="\u00e9"),
    "no digest": ballot(SHOWN, plan_digest=1),
    "no groups": ballot(SHOWN, groups="maintainers"),
    "groups that are no texts": ballot(SHOWN, demanded=[1]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_ballot_that_is_not_its_plan_is_refused(lie: str) -> None:
    with pytest.raises(VerificationError) as caught:
        ballot_of(RUN, LIES[lie])

    assert caught.value.code == "BALLOT_MISMATCH"


class LyingService(DoubleServer):
    """Shows one plan and names the digest of another; counts what is sent to it to be recorded."""

    def answer(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply.of(200, LIES["digest of another plan"])
        return Reply.of(200, {})


@pytest.fixture
def lying() -> Iterator[LyingService]:
    with LyingService() as double:
        yield double


def test_a_lying_service_is_sent_no_signature(lying: LyingService, tmp_path: Path) -> None:
    settings = config.load(
        {"HOME": str(tmp_path), "PLACET_SERVER": lying.address, "PLACET_API_KEY": "placet_key_canary"}
    )

    async def approve() -> object:
        async with connected(settings) as placet:
            return await _approved(placet, tmp_path / "nobodys-key")

    with pytest.raises(VerificationError, match="BALLOT_MISMATCH"):
        asyncio.run(approve())

    assert [method for method, _ in lying.requests] == ["GET"]


async def _approved(placet: RemotePlacet, key: Path) -> object:
    shown = await placet.publishing.ballot(RUN, "person:alice")
    return await placet.publishing.say(shown, "approve", approver="person:alice", key=key, signer=placet.signer)
