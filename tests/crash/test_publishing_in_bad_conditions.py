"""A full disk, a locked database, a clock set back: a code, a hint, nothing half-done, and the next try finishes."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from placet import bootstrap, config
from placet.adapters.system import SystemClock
from placet.demo.npm_double import NpmDouble
from placet.errors import PlacetError
from placet.facade import Placet, PublishRequest
from support.publisher import PACKAGE, Publisher
from support.races import Gate, race

TOKEN = "npm_only-the-executor-has-this"
PUBLISHED = ("published", "", "")
FULL = {"AUDIT_UNAVAILABLE", "BLOBS_UNAVAILABLE", "EVIDENCE_UNWRITABLE", "PROVIDER_UNREACHABLE"}
"""How a publication ends for which there is no room: whichever file did not fit."""

At = Callable[[str], None]
Told = tuple[str, str, str]
"""Code and hint of how it ended, and the last point that was passed."""


@pytest.fixture
def registry() -> Iterator[NpmDouble]:
    with NpmDouble(TOKEN) as running:
        yield running


@pytest.fixture
def publisher(registry: NpmDouble, tmp_path: Path) -> Publisher:
    return Publisher.found(tmp_path, registry.url, TOKEN)


def nowhere(passed: str) -> None:
    """Go on at every named point."""


class Behind:
    """A clock that an hour is missing from."""

    def now(self) -> datetime:
        return SystemClock().now() - timedelta(hours=1)


async def publish(publisher: Publisher, version: str, at: At, *, late: bool = False) -> Told:
    """Publish in this process, and tell how it ended."""
    last = ""

    def told(passed: str) -> None:
        nonlocal last
        last = passed
        at(passed)

    try:
        async with bootstrap.opened(config.load(publisher.environment), at=told) as opened:
            context = replace(opened.context, clock=Behind()) if late else opened.context
            placet = Placet(replace(opened, context=context))
            await placet.publishing.publish(PublishRequest(tgz=publisher.tgz(version)))
    except PlacetError as error:
        return error.code, error.hint, last
    return PUBLISHED


def in_a_process(publisher: Publisher, version: str, at: At = nowhere, *, file_limit: int = 0) -> Told:
    """Publish in a process of its own, whose files may grow to `file_limit` bytes.

    Every point that it passes is kept as acknowledged.
    """

    def noted(passed: str) -> None:
        publisher.note(version, passed)
        at(passed)

    async def work(_: int, gate: Gate) -> Told:
        gate.pass_through()
        if file_limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
        return await publish(publisher, version, noted)

    publisher.versions.append(version)
    code, hint, last = race(publisher.folder, 1, work)[0]
    return code, hint, last


def log_size(publisher: Publisher) -> int:
    """Publish once with all the room in the world; return how long the write-ahead log became."""
    log = Path(publisher.environment["PLACET_HOME"]) / "ledger.sqlite-wal"
    sizes = publisher.folder / "sizes"

    def at(passed: str) -> None:
        if passed == "run.executed":
            sizes.write_text(str(log.stat().st_size))

    assert in_a_process(publisher, "0.1.0", at) == PUBLISHED
    return int(sizes.read_text())


def finish(publisher: Publisher, registry: NpmDouble) -> None:
    """Publish everything again, as a person would who has made room."""
    for version in publisher.versions:
        publisher.again(version)
    publisher.check(lambda version: registry.effects(PACKAGE, version))


@pytest.mark.parametrize("parts", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_where_files_cannot_grow_nothing_is_lost_and_the_next_try_finishes(
    publisher: Publisher, registry: NpmDouble, parts: int
) -> None:
    longest = log_size(publisher)

    told = [
        in_a_process(publisher, f"1.{number}.0", file_limit=longest * number // parts) for number in range(1, parts)
    ]

    ended = {code for code, _, _ in told}
    assert ended - {"published"} <= FULL
    assert "AUDIT_UNAVAILABLE" in ended
    assert all(hint for code, hint, _ in told if code != "published")
    assert len({last for _, _, last in told}) > 1
    finish(publisher, registry)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of six megabytes, where we may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.call(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], stderr=subprocess.DEVNULL):
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.slow
@pytest.mark.needs("mount", "umount")
def test_on_a_full_disk_nothing_is_lost_and_with_more_room_the_next_try_finishes(
    registry: NpmDouble, small_disk: Path, tmp_path: Path
) -> None:
    publisher = replace(Publisher.found(small_disk, registry.url, TOKEN), folder=tmp_path)
    filler = small_disk / "filler"
    told = []
    for number, room in enumerate((0, 4, 40, 60, 100, 150, 200, 300, 400, 500)):
        disk = os.statvfs(small_disk)
        filler.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - (room + 8) * 1024)))
        told.append(in_a_process(publisher, f"1.{number}.0"))
        filler.unlink()

    ended = {code for code, _, _ in told}
    assert ended - {"published"} <= FULL
    assert "AUDIT_UNAVAILABLE" in ended
    assert all(hint for code, hint, _ in told if code != "published")
    finish(publisher, registry)


def keep_locked(publisher: Publisher, point: str) -> At:
    """Lock the database from that point on, for as long as this process lives."""
    path = Path(publisher.environment["PLACET_HOME"]) / "ledger.sqlite"
    connections: list[sqlite3.Connection] = []

    def at(passed: str) -> None:
        if passed == point and not connections:
            connections.append(sqlite3.connect(path, isolation_level=None))
            connections[0].execute("BEGIN IMMEDIATE")

    return at


@pytest.mark.slow
def test_a_locked_database_is_waited_for_in_vain_and_the_next_try_finishes(registry: NpmDouble, tmp_path: Path) -> None:
    points = ("run.requested", "publication.planned", "put_object.sent", "publish_package.sent")
    publishers = [found_beside(tmp_path / point, registry, f"1.{at}.0") for at, point in enumerate(points)]

    async def work(number: int, gate: Gate) -> Told:
        gate.pass_through()
        publisher = publishers[number]
        return await publish(publisher, publisher.versions[0], keep_locked(publisher, points[number]))

    told = race(tmp_path, len(points), work)

    assert [(code, last) for code, _, last in told] == [("AUDIT_UNAVAILABLE", point) for point in points]
    assert all("another process holds the ledger" in hint for _, hint, _ in told)
    for publisher in publishers:
        finish(publisher, registry)


def found_beside(folder: Path, registry: NpmDouble, version: str) -> Publisher:
    """Found an installation among several that publish other versions to the same registry."""
    folder.mkdir()
    return replace(Publisher.found(folder, registry.url, TOKEN), versions=[version])


def test_a_database_that_is_locked_for_a_while_is_waited_for(publisher: Publisher) -> None:
    path = Path(publisher.environment["PLACET_HOME"]) / "ledger.sqlite"

    async def work(number: int, gate: Gate) -> Told:
        if number == 0:
            gate.pass_through()
            return await publish(publisher, "1.0.0", nowhere)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        gate.pass_through()
        connection.execute("CREATE TABLE never_kept (x)")
        connection.execute("ROLLBACK")
        return PUBLISHED

    assert [tuple(each) for each in race(publisher.folder, 2, work)] == [PUBLISHED] * 2


@pytest.mark.parametrize("point", ["", "put_object.issued", "publish_package.issued"])
def test_with_a_clock_an_hour_behind_nothing_takes_effect_until_it_is_right_again(
    publisher: Publisher, registry: NpmDouble, point: str
) -> None:
    if point:
        assert publisher.kill("1.0.0", point, 1) == -9
    else:
        publisher.versions.append("1.0.0")
    before = registry.effects(PACKAGE, "1.0.0"), sum(each.is_file() for each in publisher.objects.rglob("*"))

    async def work(_: int, gate: Gate) -> Told:
        gate.pass_through()
        return await publish(publisher, "1.0.0", nowhere, late=True)

    code, hint, _ = race(publisher.folder, 1, work)[0]

    after = registry.effects(PACKAGE, "1.0.0"), sum(each.is_file() for each in publisher.objects.rglob("*"))
    assert (code, hint.partition(";")[0]) == ("CLOCK_REGRESSION", "set the clock, then try again")
    assert ("done before this" in hint) is (point == "publish_package.issued")
    assert before == after
    assert "CLOCK_REGRESSION" in [
        body["data"]["code"] for body in publisher.bodies() if body["type"] == "authorization.denied"
    ]
    finish(publisher, registry)
