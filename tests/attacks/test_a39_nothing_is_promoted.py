"""A39: nothing that a dry run made counts in production, however the word is spelled."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.core.entities.runs import RunState
from placet.core.execute import Report
from placet.core.runs import stored_run
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.ballot import fill_in
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.plan_file import parse_plan_file
from placet.domain.package.publish_request import PublishRequest
from placet.domain.values.kinds import Mode, parse_mode
from placet.errors import InvalidInputError
from placet.usecases.approve_plan import record_approval, show_ballot
from placet.usecases.create_plan import PlanRequest, create_plan
from placet.usecases.dry_run import record_intents
from placet.usecases.publish_package import publish_package, rehearse_package
from support.archives import manifest, package_json, tgz
from support.forging import forged, planted, receipt_in
from support.governance import key_of
from support.installation import POLICY, REQUESTER
from support.intents import a_publication, an_object
from support.world import World

TGZ = tgz(package_json(manifest("@acme/tool", "1.0.0")))
FREE = POLICY.replace('approvals = [{ group = "maintainers", count = 1, assurance = 2 }]', "approvals = []")
SPELLINGS = ["Prod", "PROD", "prod ", " prod", "prod\n", "prod\0", "production", "", "dry-run", "dry_run ", "p\u0433od"]
MATRIX = [
    (request, port, receipt, enforceable)
    for request in ("prod", "dry_run")
    for port in Mode
    for receipt in ("prod", "dry_run")
    for enforceable in (True, False)
]


@pytest.mark.parametrize(("request_mode", "port", "receipt_mode", "enforceable"), MATRIX, ids=str)
def test_of_all_combinations_only_prod_throughout_acts(
    request_mode: str, port: Mode, receipt_mode: str, enforceable: bool
) -> None:
    world = World()
    plan, token = world.ready()
    told = forged(world, token, mode=receipt_mode, enforceable=enforceable)
    if (receipt_mode, enforceable) != ("prod", True):
        planted(world, told)
    world.rebuild(mode=port)
    refused = (
        "MODE_NOT_PROD"
        if request_mode != "prod" or port is not Mode.PROD
        else "RECEIPT_NOT_ENFORCEABLE"
        if not enforceable
        else "RECEIPT_MODE_MISMATCH"
    )

    def attempt() -> Report:
        return world.present(plan, told, mode=request_mode)

    if (request_mode, port, receipt_mode, enforceable) == ("prod", Mode.PROD, "prod", True):
        assert attempt().state is ReceiptState.EXECUTED
    else:
        with world.refusing(refused):
            attempt()


@pytest.mark.parametrize("spelling", SPELLINGS, ids=ascii)
def test_no_other_spelling_is_a_mode(spelling: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_mode(spelling)

    assert caught.value.code == "MODE_INVALID"


@pytest.mark.parametrize("spelling", [each for each in SPELLINGS if each.isascii() and each.isprintable()])
def test_a_receipt_with_another_spelling_is_malformed(spelling: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_MALFORMED"):
        world.present(plan, forged(world, token, mode=spelling))


def test_the_two_modes_read_back_as_they_are_spelled() -> None:
    assert (parse_mode("prod"), parse_mode("dry_run")) == (Mode.PROD, Mode.DRY_RUN)


def test_an_advisory_receipt_is_not_promoted_by_the_plan_s_twin_in_production() -> None:
    world = World()
    rehearsed = world.approved(world.plan(mode=Mode.DRY_RUN))
    _, _, (intended,) = world.run(record_intents(world.context, rehearsed.run_id))
    plan = world.approved(world.plan())

    with world.refusing("RECEIPT_NOT_ENFORCEABLE"):
        world.present(plan, intended.advice.token)


def test_advice_on_what_no_rule_allows_is_advice_all_the_same() -> None:
    world = World()
    unknown = a_publication(subject=replace(a_publication().subject, name="nobody-knows"))
    rehearsed = world.plan(unknown, mode=Mode.DRY_RUN)
    _, _, (intended,) = world.run(record_intents(world.context, rehearsed.run_id))
    assert [reason.partition(":")[0] for reason in intended.advice.receipt.reasons] == ["MODE_NOT_PROD", "NO_RULE"]

    with world.refusing("RECEIPT_NOT_ENFORCEABLE"):
        world.present(rehearsed, intended.advice.token)


def test_the_approval_of_a_rehearsal_is_none_of_the_production_plan() -> None:
    world = World()
    rehearsed, plan = world.plan(mode=Mode.DRY_RUN), world.plan()

    async def promote() -> None:
        ballot = await show_ballot(world.context, rehearsed.run_id, "person:alice")
        said = fill_in(
            ballot,
            approver="person:alice",
            key_id=key_of("alice").public.key_id,
            decision=ApprovalDecision.APPROVE,
            group="maintainers",
            at=world.context.clock.now(),
        )
        said = replace(said, run_id=plan.run_id)
        await record_approval(world.context, said.encode(), key_of("alice").sign(said.encode()))

    with world.refusing("APPROVAL_INVALID"):
        world.run(promote())
    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)


def test_no_digest_of_a_rehearsal_equals_one_of_production() -> None:
    world = World()
    plan = world.plan()
    rehearsed = replace(plan, mode=Mode.DRY_RUN)
    operation = plan.operations[0]

    assert plan.digest() != rehearsed.digest()
    assert operation.digest(Mode.PROD) != operation.digest(Mode.DRY_RUN)


def test_a_planted_rehearsal_receipt_for_the_production_plan_is_refused() -> None:
    world = World()
    plan, token = world.ready(an_object())
    told = planted(world, forged(world, token, mode="dry_run"))

    for _ in range(3):
        with world.refusing("RECEIPT_MODE_MISMATCH"):
            world.present(plan, told)
    assert receipt_in(token).mode is Mode.PROD


def test_no_advice_of_a_rehearsed_publication_opens_its_twin_in_production() -> None:
    world = World(FREE)
    asked = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
    rehearsed = world.run(rehearse_package(world.context, asked, progress=lambda *_: None))
    planned = world.run(create_plan(world.context, a_file(), progress=lambda *_: None))
    by_effect = {(each.operation_kind, str(each.params)): each for each in planned.plan.operations}

    for each in rehearsed.operations[1:]:  # the certificate's operation never reaches the port
        intended = each.intended.operation
        twin = by_effect.get((intended.operation_kind, str(intended.params)), planned.plan.operations[0])
        for told in (each.intended.advice.token, planted(world, each.intended.advice.token)):
            with world.refusing("RECEIPT_NOT_ENFORCEABLE"):
                world.present(planned.plan, told, operation=twin, step=planned.plan.operations.index(twin) + 1)
    assert world.double.sent == []


def test_a_rehearsed_publication_is_not_gone_on_with_by_publishing_the_same_bytes() -> None:
    world = World(FREE)
    asked = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
    rehearsed = world.run(rehearse_package(world.context, asked, progress=lambda *_: None))

    carried = world.run(publish_package(world.context, asked, progress=lambda *_: None))

    assert carried.run.run_id != rehearsed.run.run_id
    assert world.run(stored_run(world.context, rehearsed.run.run_id)).state is RunState.BLOCKED_BY_MODE
    assert {each.receipt_id for each in carried.reports}.isdisjoint(
        each.intended.record.receipt_id for each in rehearsed.operations
    )


def test_what_a_rehearsal_stored_is_no_receipt_and_no_certificate() -> None:
    world = World(FREE)
    asked = PublishRequest(tgz=TGZ, requester=REQUESTER, to=("npm", "files"))
    world.run(rehearse_package(world.context, asked, progress=lambda *_: None))

    states = [entry.body.state for entry in world.entries("operation.intended")]
    assert {pair[0].partition("/")[0] for state in states for pair in state} == {"intent"}
    assert world.entries("receipt.issued", "package.certificate.issued") == []
    assert world.authority.issued == 0


def a_file() -> PlanRequest:
    """Return the plan file that asks in production for what the rehearsal was of."""
    file = parse_plan_file(
        b'[package]\npath = "tool"\n[[operation]]\nkind = "put_object"\nprovider = "files"\nartifact = "tarball"\n'
        b'[[operation]]\nkind = "publish_package"\nprovider = "npm"\n'
    )
    return PlanRequest(file=file, tgz=TGZ, contents={}, requester=REQUESTER)
