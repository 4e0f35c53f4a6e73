"""How long each step of a publication takes, from packing to the evidence bundle, against the loopback double."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from placet import bootstrap, config
from placet.demo.npm_double import NpmDouble
from placet.domain.package.publish_request import PublishRequest
from placet.facade import Placet

_TOKEN = "npm_bench"  # noqa: S105 - good for the loopback double alone
_STEPS = {
    "run.requested": "request",
    "certificate.issued": "certify",
    "archive.stamped": "stamp",
    "statement.signed": "sign",
    "publication.planned": "plan",
    "put_object.settled": "put_object",
    "publish_package.settled": "publish_package",
    "register_package.performed": "register",
    "run.executed": "end",
    "evidence.written": "evidence",
}
"""Named points of a publication, and the step that ends at each."""


def run(*, quick: bool) -> dict[str, float]:
    """Return `publish.STEP.ms` for each step and for all of them: medians."""
    return asyncio.run(_run(5 if quick else 15))


async def _run(rounds: int) -> dict[str, float]:
    spent: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as place, NpmDouble(_TOKEN) as registry:
        folder = Path(place)
        (folder / "objects").mkdir()
        own = config.load()
        settings = config.load(
            {**own.environment, "CI": "", "PLACET_ANCHOR": str(folder / "anchors"), "BENCH_TOKEN": _TOKEN},
            home=folder / "home",
        )
        await Placet.init(settings, profile="trial", name="bench")
        async with Placet.open(settings) as placet:
            await placet.governance.add_provider("npm", kind="npm", url=registry.url, credential="env:BENCH_TOKEN")
            await placet.governance.add_provider("r2", kind="folder", url=f"file:{folder / 'objects'}")
        for number in range(rounds):
            await _publish(settings, folder, number, spent)
    return {f"publish.{step}.ms": statistics.median(seconds) * 1000 for step, seconds in spent.items()}


async def _publish(settings: config.Config, folder: Path, number: int, spent: dict[str, list[float]]) -> None:
    project = folder / f"project-{number}"
    project.mkdir()
    (project / "package.json").write_text(json.dumps({"name": "@acme/bench", "version": f"1.0.{number}"}))
    (project / "index.js").write_text("module.exports = 1;\n")
    last = begin = time.perf_counter()

    def at(point: str) -> None:
        nonlocal last
        now = time.perf_counter()
        if point in _STEPS:
            spent[_STEPS[point]].append(now - last)
            last = now

    tgz = await bootstrap.packer(settings).pack(project)
    spent["pack"].append(time.perf_counter() - begin)
    last = time.perf_counter()
    async with Placet.open(settings, at=at) as placet:
        spent["open"].append(time.perf_counter() - last)
        last = time.perf_counter()
        await placet.publishing.publish(PublishRequest(tgz=tgz))
    spent["whole"].append(time.perf_counter() - begin)
