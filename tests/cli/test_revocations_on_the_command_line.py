"""How old a verdict's knowledge of revocations is: said, limited, and never set back."""

from __future__ import annotations

from support.shell import Shell


def test_a_list_that_is_given_out_brings_a_revocation_to_whoever_has_only_the_old_bundle(published: Shell) -> None:
    away = {"PLACET_SEEN": str(published.place / "elsewhere")}
    verify = ("verify", "evidence.json", "--trust-root", "home/trust-root.json")
    published.done("certificate", "revocations", "--out", "before.json")
    before = published.done(*verify, "--json", env=away).json()
    told = published.done(*verify, "--revocations", "before.json", env=away).out

    published.done("certificate", "revoke", before["certificate_id"], "--reason", "key_compromise",
                   "--invalid-since", before["published_at"])  # fmt: skip
    published.done("certificate", "revocations", "--out", "after.json")
    refused = published.placet(*verify, "--revocations", "after.json", "--json", env=away)
    again = published.placet(*verify, "--json", env=away)
    older = published.placet(*verify, "--revocations", "before.json", "--json", env=away)
    unlimited = published.placet(*verify, "--max-revocation-age", "7d", "--json", env={"PLACET_SEEN": "never"})
    limited = published.placet(*verify, "--max-revocation-age", "0s", "--json", env={"PLACET_SEEN": "never"})
    nonsense = published.placet(*verify, "--max-revocation-age", "soon")

    assert (before["revocations_from"], before["revocations_age_seconds"] >= 0) == ("bundle", True)
    assert "ago (the given list)" in told
    assert (refused.code, refused.error()["code"]) == (5, "CERTIFICATE_REVOKED")
    assert (again.code, again.error()["code"]) == (5, "CERTIFICATE_REVOKED")
    assert (older.code, older.error()["code"]) == (5, "REVOCATION_STALE")
    assert unlimited.code == 0
    assert (limited.code, limited.error()["code"]) == (5, "REVOCATION_STALE")
    assert nonsense.code == 2
