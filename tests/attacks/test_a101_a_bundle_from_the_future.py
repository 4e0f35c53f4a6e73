"""A101 on the whole road: home and anchor were rolled back together, and somebody shows a bundle from before that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from placet.errors import UnavailableError
from support.archives import manifest, member, package_json, tgz
from support.road import Road, a_road, publication


def archive(version: str) -> bytes:
    return tgz(package_json(manifest("@acme/tool", version)), member("package/x", b"x"))


def rolled_back(folder: Path, road: Road) -> bytes:
    """Publish a version, take the whole installation back to before that, and return the version's bundle."""
    shutil.copytree(folder / "home", folder / "kept-home")
    shutil.copytree(folder / ".local", folder / "kept-local")
    bundle = Path(road.publish(archive("1.1.0"))["bundle"]).read_bytes()
    for name in ("home", ".local"):
        shutil.rmtree(folder / name)
        shutil.move(folder / f"kept-{name.strip('.')}", folder / name)
    return bundle


def test_a_bundle_from_the_future_seals_the_installation_and_nothing_is_published_there(tmp_path: Path) -> None:
    with a_road(tmp_path) as road:
        road.publish(archive("1.0.0"))
        bundle = rolled_back(tmp_path, road)
        before = len(road.registry.requests)

        for work in (lambda placet: placet.verification.compare(bundle), publication(archive("1.2.0"))):
            with pytest.raises(UnavailableError) as refused:
                road.do(work)
            assert refused.value.code == "SEALED"

        assert (road.registry.effects("@acme/tool", "1.1.0"), road.registry.effects("@acme/tool", "1.2.0")) == (1, 0)
        assert [method for method, _ in road.registry.requests[before:] if method == "PUT"] == []


def test_a_bundle_that_the_ledger_holds_seals_nothing(tmp_path: Path) -> None:
    with a_road(tmp_path) as road:
        bundle = Path(road.publish(archive("1.0.0"))["bundle"]).read_bytes()

        road.do(lambda placet: placet.verification.compare(bundle))

        assert road.publish(archive("1.1.0"))["state"] == "executed"


def test_a_bundle_of_another_log_tells_nothing_about_this_one(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "mine").mkdir()
    with a_road(tmp_path / "other") as other, a_road(tmp_path / "mine") as road:
        bundle = Path(other.publish(archive("1.0.0"))["bundle"]).read_bytes()

        road.do(lambda placet: placet.verification.compare(bundle))

        assert road.publish(archive("1.0.0"))["state"] == "executed"
