"""Object stores on the command line: checked first, then published to; a store that overwrites is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.s3rver import CREDENTIAL as S3RVER
from support.s3rver import running_s3rver
from support.seaweed import CREDENTIAL, SECRET, ObjectStore
from support.shell import Shell

MEMBERS = {"provider_id", "url", "passed", "checked_at", "promises"}


@pytest.fixture
def shell(published: Shell, seaweed: ObjectStore, tmp_path: Path) -> Iterator[Shell]:
    """Return the trial installation with a bucket that was not checked."""
    published.variables |= {"S3": CREDENTIAL, "PREFIX": tmp_path.parent.name + tmp_path.name}
    add(published, f"{seaweed.url}/objects/{published.variables['PREFIX']}")
    yield published
    # A store that has not passed stands in the way of all others who publish to every provider.
    published.done("provider", "add", "r2", "--kind", "folder", "--url", "objects")


def add(shell: Shell, url: str) -> None:
    shell.done("provider", "add", "r2", "--kind", "s3", "--url", url, "--credential", "env:S3")


def test_the_example_checks_a_store_and_says_that_it_can_be_used(shell: Shell) -> None:
    ran = shell.script("placet storage check r2")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("r2 can be used: http://127.0.0.1:")
    assert "refuses to overwrite" in ran.out


def test_the_json_has_the_documented_members(shell: Shell) -> None:
    found = shell.done("storage", "check", "r2", "--json").json()

    assert set(found) == MEMBERS
    assert found["passed"] is True
    assert {tuple(sorted(each)) for each in found["promises"]} == {("kept", "promise", "seen")}


def test_an_unchecked_store_is_refused_before_anything_is_planned(shell: Shell) -> None:
    ran = shell.placet("publish", shell.package("1.1.0"), "--to", "npm", "--to", "r2", "--json")

    assert (ran.code, ran.error()["code"]) == (1, "STORE_UNCHECKED")
    assert ran.error()["hint"] == "placet storage check r2"


def test_a_publication_puts_both_objects_into_the_bucket(shell: Shell, seaweed: ObjectStore) -> None:
    shell.done("storage", "check", "r2")
    published = shell.done("publish", shell.package("1.2.0"), "--to", "npm", "--to", "r2", "--json").json()

    objects = seaweed.objects(shell.variables["PREFIX"])
    key = "packages/@acme/tool/1.2.0.tgz"
    assert set(objects) == {key, f"{key}.cert.pem"}
    states = {each["key"]: (each["state"], each["response"].get("sha256", "")) for each in published["operations"]}
    assert states[key] == ("executed", f"sha256:{published['sha256']}")
    assert shell.placet("ledger", "verify").code == 0


@pytest.mark.node
def test_a_store_that_overwrites_is_refused_and_nothing_is_put_there(shell: Shell, tmp_path: Path) -> None:
    with running_s3rver(tmp_path) as store:
        shell.variables["S3"] = S3RVER
        add(shell, f"{store.url}/objects/p")
        checked = shell.placet("storage", "check", "r2", "--json")
        published = shell.placet("publish", shell.package("1.3.0"), "--to", "npm", "--to", "r2", "--json")

    assert (checked.code, checked.error()["code"], checked.json()["passed"]) == (6, "STORE_REFUSED", False)
    assert "refuses to overwrite" in checked.error()["message"]
    assert published.error()["code"] == "STORE_UNCHECKED"


def test_the_secret_is_in_nothing_that_is_printed_or_kept(shell: Shell) -> None:
    checked = shell.done("storage", "check", "r2", "--json")
    listed = shell.done("provider", "list", "--json")
    entries = shell.done("ledger", "show", "--count", "1000", "--json")

    for text in (checked.out + checked.err, listed.out, entries.out):
        assert SECRET not in text
    assert SECRET.encode() not in (shell.place / "home" / "ledger.sqlite").read_bytes()


@pytest.mark.parametrize(
    ("url", "credential", "more", "code"),
    [
        ("http://s3.example.com/objects", "env:S3", [], "EGRESS_DENIED"),
        ("https://s3.example.com", "env:S3", [], "EGRESS_DENIED"),
        ("https://key:secret@s3.example.com/objects", "env:S3", [], "PROVIDER_INVALID"),
        ("https://s3.example.com/objects", "", [], "PROVIDER_INVALID"),
        ("https://s3.example.com/objects", "AKIA:secret", [], "PROVIDER_INVALID"),
        ("https://s3.example.com/objects", "env:S3", ["--region", "No Region"], "EGRESS_DENIED"),
    ],
)
def test_a_record_that_could_never_work_is_refused(
    published: Shell, url: str, credential: str, more: list[str], code: str
) -> None:
    ran = published.placet(
        "provider", "add", "x", "--kind", "s3", "--url", url, "--credential", credential, *more, "--json"
    )

    assert (ran.code != 0, ran.error()["code"]) == (True, code)


def test_only_object_stores_have_a_region_and_are_checked(published: Shell) -> None:
    added = published.placet("provider", "add", "x", "--kind", "folder", "--url", ".", "--region", "a", "--json")
    checked = published.placet("storage", "check", "files", "--json")

    assert (added.error()["code"], checked.error()["code"]) == ("PROVIDER_INVALID", "STORE_UNKNOWN")
