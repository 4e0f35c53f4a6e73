"""Packages by themselves: inspected, stamped and unstamped without an installation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from placet.cli.command import Command
from placet.cli.package import stamp, unstamp
from placet.demo.npm_double import NpmDouble
from support.shell import Shell


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_package_is_inspected_without_an_installation(alone: Shell) -> None:
    path = alone.package()
    (path / "package.json").write_text(
        json.dumps({"name": "@acme/tool", "version": "1.0.0", "bin": {"t": "index.js"}, "scripts": {"install": "x"}})
    )

    ran = alone.done("package", "inspect", "my-package")

    assert ran.out.startswith("@acme/tool@1.0.0\n")
    assert "  runs        install: x\n" in ran.out
    assert "  command     t -> index.js\n" in ran.out
    assert "  stamped     no\n" in ran.out
    assert sorted(line.split()[2] for line in ran.out.splitlines()[-2:]) == ["index.js", "package.json"]
    assert not (alone.place / "home").exists()


def test_the_examples_of_stamping_and_unstamping_run_one_after_the_other(
    published: Shell, registry: NpmDouble, alone: Shell
) -> None:
    (alone.place / "served.tgz").write_bytes(registry.packages.tarball("@acme/tool", "tool-1.0.0.tgz"))
    served = alone.done("package", "inspect", "served.tgz", "--json").json()
    (alone.place / "block.json").write_text(json.dumps(served["block"], indent=4))
    alone.done("package", "unstamp", "served.tgz", "--out", "tool-1.0.0.tgz")
    assert isinstance(stamp, Command)
    assert isinstance(unstamp, Command)

    stamped = alone.script(stamp.example)
    unstamped = alone.script(unstamp.example)
    plain = alone.done("package", "inspect", "plain.tgz", "--json").json()

    assert (stamped.code, unstamped.code) == (0, 0), stamped.err + unstamped.err
    assert alone.done("package", "inspect", "stamped.tgz", "--json").json()["tar_sha256"] == served["tar_sha256"]
    assert plain["tar_sha256"] == served["tarball_hash"]
    assert published.done("verify", "@acme/tool@1.0.0").code == 0


def test_nothing_that_exists_is_overwritten(alone: Shell) -> None:
    alone.package()
    (alone.place / "block.json").write_text("{}")
    (alone.place / "taken.tgz").write_text("mine")

    ran = alone.placet("package", "stamp", "my-package", "--block", "block.json", "--out", "taken.tgz")

    assert ran.code == 1
    assert (alone.place / "taken.tgz").read_text() == "mine"
