"""Thirty packages as their authors published them: our reading is npm's, and stamping undoes itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from acceptance.packages.fetch import RealPackage, fetch, real_packages
from placet.domain.encoding.archive import ArchiveReading, manifest_of, read_archive
from placet.domain.encoding.gunzip import gzip_tar
from placet.domain.package.manifest import derive_manifest, install_effects
from placet.domain.package.stamp import stamp, unstamp
from support.archives import unpacked
from support.metadata import metadata
from support.npm_extract import Extraction, as_installed, extract_with_npm

PACKAGES = real_packages()
each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)

pytestmark = [pytest.mark.node, pytest.mark.thorough]


@pytest.fixture(scope="module", autouse=True)
def tarballs() -> None:
    """Fetch what `make setup-test` has not fetched."""
    assert fetch([each for each in PACKAGES if not each.is_kept()]) == []


@pytest.fixture(scope="module")
def extractions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Extraction]:
    """Return what npm makes of all thirty, original and stamped, in one Node process."""
    place = tmp_path_factory.mktemp("npm")
    stamped = [place / f"{index}.tgz" for index in range(len(PACKAGES))]
    for package, path in zip(PACKAGES, stamped, strict=True):
        path.write_bytes(stamped_once(package))
    tarballs = [*(each.path for each in PACKAGES), *stamped]
    names = [*(each.name for each in PACKAGES), *(f"stamped {each.name}" for each in PACKAGES)]
    return dict(zip(names, extract_with_npm(tarballs, place), strict=True))


@cache
def stamped_once(package: RealPackage) -> bytes:
    """Return the package stamped; the best compression of large ones takes a while."""
    return stamp(package.path.read_bytes(), metadata())


def test_there_are_thirty_with_scopes_a_bin_and_install_scripts() -> None:
    readings = [read_archive(each.path.read_bytes()) for each in PACKAGES]
    assert len(readings) == 30
    assert sum(each.name.startswith("@") for each in readings) >= 5
    assert any(install_effects(each).bins and len(each.files) > 100 for each in readings)
    assert any(install_effects(each).scripts for each in readings)
    assert {each.top_folder for each in readings} == {"package", "node", "react"}


@each_package
def test_a_real_package_says_who_it_is(package: RealPackage) -> None:
    tgz = package.path.read_bytes()
    reading = read_archive(tgz)
    assert (reading.name, reading.version, reading.integrity) == (package.name, package.version, package.integrity)
    assert derive_manifest(reading)["_id"] == f"{package.name}@{package.version}"
    assert manifest_of(tgz)["name"] == package.name


@each_package
def test_a_real_package_comes_back_from_stamping_bit_by_bit(package: RealPackage) -> None:
    original = package.path.read_bytes()
    taken = unstamp(stamped_once(package))
    assert taken.tar == unpacked(original)
    assert taken.tarball_hash == read_archive(original).tarball_hash


@each_package
def test_a_real_package_unstamped_and_stamped_again_is_the_same(package: RealPackage) -> None:
    stamped = stamped_once(package)
    taken = unstamp(stamped)
    assert stamp(gzip_tar(taken.tar), taken.block) == stamped


@each_package
def test_a_stamp_changes_nothing_but_package_json(package: RealPackage) -> None:
    original = read_archive(package.path.read_bytes())
    stamped = read_archive(stamped_once(package))
    assert without_manifest(stamped) == without_manifest(original)
    assert stamped.manifest == dict(original.manifest) | {"chittyos": metadata().to_object()}


def without_manifest(reading: ArchiveReading) -> list[object]:
    return [each for each in reading.files if each.path != "package.json"]


@pytest.mark.slow
@each_package
def test_our_listing_of_a_real_package_is_what_npm_extracts(
    package: RealPackage, extractions: dict[str, Extraction]
) -> None:
    ours = as_installed(read_archive(package.path.read_bytes()))
    assert extractions[package.name] == Extraction(files=ours, error="")


@pytest.mark.slow
@each_package
def test_our_listing_of_a_stamped_package_is_what_npm_extracts(
    package: RealPackage, extractions: dict[str, Extraction]
) -> None:
    ours = as_installed(read_archive(stamped_once(package)))
    assert extractions[f"stamped {package.name}"] == Extraction(files=ours, error="")


def test_a_tarball_with_other_bytes_is_not_what_the_lock_file_names(tmp_path: Path) -> None:
    other = tmp_path / "other.tgz"
    other.write_bytes(PACKAGES[0].path.read_bytes() + b"\0")
    assert not PACKAGES[0].matches(other.read_bytes())
