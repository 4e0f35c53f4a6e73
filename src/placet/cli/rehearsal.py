"""What a dry run looks like: its stages, each operation, and what would ship."""

from __future__ import annotations

from collections.abc import Iterator

from placet.cli.output import Document, fields, short, table, target

_WOULD = {
    "yes": "all of it would ship",
    "after_approvals": "it would ship once it is approved",
    "unknown": "whether it would ship is not known: facts are unobserved",
    "no": "it would not ship",
}
_EACH = {
    "yes": "would ship",
    "after_approvals": "would ship once approved",
    "unknown": "not known: unobserved",
    "no": "would NOT ship",
}


def rehearsal_lines(done: Document) -> Iterator[str]:
    """Yield a dry run for people."""
    everywhere = set(done["operations"][0]["reasons"][:1])  # the mode's, which blocks them all
    yield f"Dry run of {done['subject']}: nothing was done, and nothing of it can be promoted."
    yield f"In production {_WOULD[done['would_ship']]}."
    yield ""
    yield from fields(
        [
            ("run", done["run_id"]),
            ("plan", done["plan_digest"]),
            ("policy", done["policy_version"]),
            ("not made", ", ".join(done["not_made"])),
            *(("blocked by", reason) for reason in everywhere),
        ]
    )
    yield ""
    yield "Stages"
    yield from table(
        (each["stage"], each["status"].replace("_", " "), short(each["detail"])) for each in done["stages"]
    )
    yield ""
    yield "Operations"
    for number, each in enumerate(done["operations"], 1):
        yield f"  {number}  {each['operation_kind']}  {target(each)}"
        yield f"     {_EACH[each['would_ship']]}"
        yield from (f"     {reason}" for reason in each["reasons"] if reason not in everywhere)
        for seen in each["observed"]:
            yield f"     {seen['fact']} has to be {seen['expected']}; {seen['source']} showed {short(seen['value'])}"
        if each["not_made"]:
            yield f"     not made: {', '.join(each['not_made'])}"
