"""The doctor: how an installation stands, thing by thing, and what to do next. It changes nothing."""

from __future__ import annotations

from placet import bootstrap
from placet.bootstrap import TRUST_ROOT_FILE, Opened
from placet.config import Config
from placet.core.findings import Finding, Health, failed, ok
from placet.domain.encoding.canonical import Object
from placet.errors import PlacetError
from placet.usecases.examine_surroundings import examine_surroundings
from placet.usecases.examine_trust import examine_trust
from placet.usecases.examine_work import examine_work

_AREAS = ("home", "clock", "keys", "chain", "anchor", "storage", "providers", "policy", "receipts", "runs")


async def examine(config: Config, *, online: bool = False) -> Object:
    """Return the findings of an installation, also of one that does not open; `healthy` where none is a failure.

    Providers are asked something only where `online` is said. No secret is shown.
    """
    findings = examine_surroundings(bootstrap.surroundings(config), config.home, config.anchors)
    if all(each.area != "home" or each.health is not Health.FAIL for each in findings):
        findings += await _inside(config, online=online)
    findings.sort(key=lambda each: _AREAS.index(each.area))
    count = {health: sum(each.health is health for each in findings) for health in Health}
    return {
        "home": str(config.home),
        "healthy": count[Health.FAIL] == 0,
        "ok": count[Health.OK],
        "warnings": count[Health.WARN],
        "failures": count[Health.FAIL],
        "findings": [
            {"area": each.area, "health": each.health.value, "detail": each.detail, "next_step": each.next_step}
            for each in findings
        ],
    }


async def _inside(config: Config, *, online: bool) -> list[Finding]:
    try:
        async with bootstrap.opened(config, offline=not online) as opened:
            found = await _examined(opened, config, online=online)
    except PlacetError as error:
        return [failed("home", error)]
    return [ok("home", f"opens as {opened.context.issuer}"), *found]


async def _examined(opened: Opened, config: Config, *, online: bool) -> list[Finding]:
    path = config.home / TRUST_ROOT_FILE
    trust_root = path.read_bytes() if path.is_file() else b""
    return [
        *await examine_trust(opened.context, opened.ledger, trust_root),
        *await examine_work(opened.context, bootstrap.provider_probe(config), online=online),
    ]
