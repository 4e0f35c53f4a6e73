"""Groups: what waits together is written together, and everybody gets an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from placet.adapters.sequencer.groups import LARGEST_GROUP, Groups, Verdict
from placet.domain.log.change import Change, Committed
from placet.errors import PlacetError, UnavailableError
from support.ledgers import ORIGIN, START, run


def change(number: int) -> Change:
    return Change(epoch=ORIGIN, premises={}, writes={}, body=b"%d" % number, once=())


def committed(one: Change) -> Committed:
    return Committed(seq=int(one.body), time=START, leaf_hash=b"", checkpoint="")


class Recorder:
    """Writes groups and remembers them; what it answers may be decided per group."""

    def __init__(self, answer: Callable[[Sequence[Change]], Sequence[Verdict]] | None = None) -> None:
        self.groups: list[tuple[list[int], bool]] = []
        self._answer = answer or (lambda group: [committed(one) for one in group])
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def write(self, group: Sequence[Change], adopting: bool) -> Sequence[Verdict]:
        self.groups.append(([int(one.body) for one in group], adopting))
        await self.may_go_on.wait()
        return self._answer(group)


def test_what_waits_together_is_one_group() -> None:
    async def work() -> None:
        recorder = Recorder()
        groups = Groups(recorder.write)
        answers = await asyncio.gather(*[groups.commit(change(number)) for number in range(5)])
        assert [answer.seq for answer in answers] == [0, 1, 2, 3, 4]
        assert recorder.groups == [([0, 1, 2, 3, 4], False)]

    run(work())


def test_what_comes_while_a_group_is_written_is_the_next_one() -> None:
    async def work() -> None:
        recorder = Recorder()
        recorder.may_go_on.clear()
        groups = Groups(recorder.write)
        first = asyncio.create_task(groups.commit(change(0)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        others = [asyncio.create_task(groups.commit(change(number))) for number in (1, 2)]
        await asyncio.sleep(0)
        recorder.may_go_on.set()
        await asyncio.gather(first, *others)
        assert recorder.groups == [([0], False), ([1, 2], False)]

    run(work())


def test_what_comes_while_a_turn_is_waited_for_is_in_the_group() -> None:
    async def work() -> None:
        recorder = Recorder()
        turn = asyncio.Event()

        async def ready() -> None:
            await turn.wait()

        groups = Groups(recorder.write, ready=ready)
        tasks = []
        for number in range(3):
            tasks.append(asyncio.create_task(groups.commit(change(number))))
            await asyncio.sleep(0)
        turn.set()
        await asyncio.gather(*tasks)
        assert recorder.groups == [([0, 1, 2], False)]

    run(work())


def test_who_waits_for_a_turn_that_fails_is_told() -> None:
    async def refuse() -> None:
        raise UnavailableError("AUDIT_UNAVAILABLE", "there is no turn")

    async def work() -> None:
        recorder = Recorder()
        groups = Groups(recorder.write, ready=refuse)
        told = await asyncio.gather(*[groups.commit(change(number)) for number in range(3)], return_exceptions=True)
        assert [type(each) for each in told] == [UnavailableError] * 3
        assert recorder.groups == []

    run(work())


def test_a_group_is_bounded() -> None:
    async def work() -> None:
        recorder = Recorder()
        groups = Groups(recorder.write)
        await asyncio.gather(*[groups.commit(change(number)) for number in range(LARGEST_GROUP + 3)])
        assert [len(group) for group, _ in recorder.groups] == [LARGEST_GROUP, 3]

    run(work())


def test_an_adoption_stands_alone() -> None:
    async def work() -> None:
        recorder = Recorder()
        groups = Groups(recorder.write)
        await asyncio.gather(
            groups.commit(change(0)),
            groups.commit(change(1), adopting=True),
            groups.commit(change(2), adopting=True),
            groups.commit(change(3)),
        )
        assert recorder.groups == [([0], False), ([1], True), ([2], True), ([3], False)]

    run(work())


@pytest.mark.parametrize("error", [UnavailableError("AUDIT_UNAVAILABLE", "full"), RuntimeError("a bug")])
def test_whatever_goes_wrong_is_told_to_everybody_and_the_next_group_is_written(error: Exception) -> None:
    def fail_the_first(group: Sequence[Change]) -> Sequence[Verdict]:
        if int(group[0].body) == 0:
            raise error
        return [committed(one) for one in group]

    async def work() -> None:
        groups = Groups(Recorder(fail_the_first).write)
        told = await asyncio.gather(
            groups.commit(change(0)),
            groups.commit(change(1)),
            groups.commit(change(2), adopting=True),
            return_exceptions=True,
        )
        assert list(told[:2]) == [error, error]
        assert isinstance(told[2], Committed)

    run(work())


def test_each_gets_its_own_verdict() -> None:
    refusal = PlacetError("CONFLICT", "moved")

    async def work() -> None:
        groups = Groups(Recorder(lambda group: [refusal, committed(group[1])]).write)
        told = await asyncio.gather(groups.commit(change(0)), groups.commit(change(1)), return_exceptions=True)
        assert told[0] is refusal
        assert isinstance(told[1], Committed)

    run(work())


def test_a_new_loop_starts_anew_whatever_the_old_one_left() -> None:
    recorder = Recorder()
    recorder.may_go_on.clear()
    groups = Groups(recorder.write)

    async def leave() -> None:
        task = asyncio.create_task(groups.commit(change(0)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not task.done()

    run(leave())
    recorder.may_go_on = asyncio.Event()
    recorder.may_go_on.set()
    assert run(groups.commit(change(1))).seq == 1
    run(groups.finish())


def test_finishing_waits_for_everything_that_was_accepted() -> None:
    async def work() -> None:
        recorder = Recorder()
        groups = Groups(recorder.write)
        waiting = [asyncio.create_task(groups.commit(change(number))) for number in range(3)]
        await asyncio.sleep(0)
        await groups.finish()
        await asyncio.sleep(0)
        assert all(task.done() for task in waiting)

    run(work())
