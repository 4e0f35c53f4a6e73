"""`placet key`: made once, listed, rotated, revoked."""

from __future__ import annotations

from support.shell import Shell

SCOPE = ("--scope", "registry:write=@acme/*")


def make(shell: Shell, name: str, *more: str) -> dict[str, str]:
    made = shell.done("key", "create", "--name", name, "--principal", "person:local", *SCOPE, *more, "--json")
    found: dict[str, str] = made.json()
    return found


def row(shell: Shell, key_id: str) -> dict[str, str]:
    found: list[dict[str, str]] = shell.done("key", "list", "--json").json()["keys"]
    return next(each for each in found if each["key_id"] == key_id)


def test_a_key_is_shown_once_and_never_listed(trial: Shell) -> None:
    made = make(trial, "once")

    assert made["key"].startswith("placet_key_")
    assert row(trial, made["key_id"])["status"] == "active"
    assert made["key"] not in trial.done("key", "list", "--json").out
    assert made["key"] not in trial.done("ledger", "show", "--count", "9", "--json").out
    files = [each for each in (trial.place / "home").rglob("*") if each.is_file()]
    assert files
    assert [each for each in files if made["key"].encode() in each.read_bytes()] == []


def test_a_rotated_key_ends_and_its_follower_has_the_same_scopes(trial: Shell) -> None:
    old = make(trial, "rotated")

    new = trial.done("key", "rotate", old["key_id"], "--json").json()

    assert new["key"] != old["key"]
    assert row(trial, old["key_id"])["status"] == "revoked"
    assert row(trial, new["key_id"])["scopes"] == row(trial, old["key_id"])["scopes"]
    assert row(trial, new["key_id"])["rotates"] == old["key_id"]


def test_a_revoked_key_says_so_and_is_not_rotated(trial: Shell) -> None:
    made = make(trial, "revoked")

    assert "is revoked" in trial.done("key", "revoke", made["key_id"]).out
    assert trial.placet("key", "rotate", made["key_id"], "--json").error()["code"] == "KEY_INVALID"


def test_everything_has_to_be_typed_out(trial: Shell) -> None:
    for scope in ("registry:write", "registry:write=", "=*", "*", "everything=*", "*=***"):
        refused = trial.placet(
            "key", "create", "--name", "x", "--principal", "person:local", "--scope", scope, "--json"
        )
        assert refused.error()["code"] == "SCOPE_INVALID", scope
    assert trial.done("key", "create", "--name", "x", "--principal", "person:local", "--scope", "*=*").code == 0


def test_a_key_for_nobody_is_not_made(trial: Shell) -> None:
    refused = trial.placet("key", "create", "--name", "x", "--principal", "person:nobody", *SCOPE, "--json")

    assert refused.error()["code"] == "NOT_FOUND"
