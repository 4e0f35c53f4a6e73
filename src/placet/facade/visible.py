"""What the caller of a verb may see, and go on with; on the machine itself nothing is hidden (attacks A87)."""

from __future__ import annotations

from collections.abc import Sequence

from placet.bootstrap import Opened
from placet.core.runs_seen import RunSight, check_may_go_on, look_at, run_sight_of, seen_receipt, seen_run
from placet.core.sight import sight_of
from placet.domain.authorization.api_key import Verb
from placet.errors import DeniedError
from placet.usecases.search import Hit, Kind, Sees

_BY_PACKAGE = (Kind.PACKAGE, Kind.CERTIFICATE)


async def sight(opened: Opened) -> RunSight:
    """Return what the caller may see now."""
    return await run_sight_of(opened.context, opened.caller)


async def sees_hits(opened: Opened) -> Sees:
    """Return what tells which hits the caller sees: packages by their visibility, all else by its run.

    An event that belongs to no run is seen by who sees everything.
    """
    runs, packages = await sight(opened), await sight_of(opened.context, opened.caller)

    async def sees(hits: Sequence[Hit]) -> Sequence[Hit]:
        looked = {} if runs.everything else await look_at(opened.context, runs, _runs_of(hits))

        def is_seen(hit: Hit) -> bool:
            if hit.kind in _BY_PACKAGE:
                return packages.sees(hit.package)
            return runs.everything or hit.run_id in looked

        return [each for each in hits if is_seen(each)]

    return sees


def _runs_of(hits: Sequence[Hit]) -> set[str]:
    return {each.run_id for each in hits if each.kind not in _BY_PACKAGE}


async def check_run_seen(opened: Opened, run_id: str) -> None:
    """Return where the caller sees the run; raise `NotFoundError` as for one that is not there."""
    if opened.caller is not None:
        await seen_run(opened.context, await sight(opened), run_id)


async def check_run_goes_on(opened: Opened, run_id: str) -> None:
    """Return where the caller may carry the run out; raise as `check_run_seen`, and `SCOPE_INSUFFICIENT`."""
    if opened.caller is not None:
        eyes = await sight(opened)
        check_may_go_on(eyes, await seen_run(opened.context, eyes, run_id))


async def check_receipt_seen(opened: Opened, receipt_id: str) -> None:
    """Return where the caller sees the receipt's run; raise `NotFoundError` as for a receipt that is not there."""
    if opened.caller is not None:
        await seen_receipt(opened.context, await sight(opened), receipt_id)


async def check_receipt_goes_on(opened: Opened, receipt_id: str) -> None:
    """Return where the caller may take the receipt back; raise as `check_receipt_seen`, and `SCOPE_INSUFFICIENT`."""
    if opened.caller is not None:
        eyes = await sight(opened)
        check_may_go_on(eyes, await seen_receipt(opened.context, eyes, receipt_id))


async def check_is_member(opened: Opened) -> None:
    """Return where the caller may know who and what else there is: a person here, or a key that sees everything.

    Raise `DeniedError` (`SCOPE_INSUFFICIENT`, or `UNAUTHENTICATED` where nothing was shown).
    """
    if not (await sight(opened)).is_member:
        raise _refusal(opened, f"the key is no person's and has no scope {Verb.READ}=*", f"{Verb.READ}=*")


async def check_sees_everything(opened: Opened) -> None:
    """Return where nothing is hidden from the caller; raise as `check_is_member`."""
    if not (await sight(opened)).everything:
        raise _refusal(opened, f"the key has no scope {Verb.READ}=*", f"{Verb.READ}=*")


async def check_acts_on_everything(opened: Opened) -> None:
    """Return where the caller may have us act for all packages at once: it sees them all, and may publish them all.

    A key that only reads makes us send nothing. Raise as `check_is_member`.
    """
    await check_sees_everything(opened)
    caller = opened.caller
    if caller is not None and not caller.in_session and not caller.covers_everything(Verb.PUBLISH):
        raise _refusal(opened, f"the key has no scope {Verb.PUBLISH}=*", f"{Verb.PUBLISH}=*")


def check_scope(opened: Opened, verb: str, *names: str) -> None:
    """Return where the caller has a scope `verb` for each of `names`; raise `DeniedError` (`SCOPE_INSUFFICIENT`)."""
    if opened.caller is not None:
        for name in names:
            opened.caller.check_scope(verb, name)


def check_publishes(opened: Opened) -> None:
    """Return where the caller may publish anything at all; raise as `check_is_member`."""
    caller = opened.caller
    if caller is not None and not caller.in_session and not caller.has(Verb.PUBLISH):
        raise _refusal(opened, f"the key has no scope {Verb.PUBLISH}", f"{Verb.PUBLISH}=PATTERN")


def _refusal(opened: Opened, why: str, scope: str) -> DeniedError:
    """Return why the caller of a key is refused; raise `DeniedError` (`UNAUTHENTICATED`) for who shows none."""
    if opened.caller is not None:
        opened.caller.check_known()
    return DeniedError("SCOPE_INSUFFICIENT", why, hint=f"ask for one: placet key create --scope '{scope}' ...")
