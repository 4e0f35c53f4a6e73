from __future__ import annotations

import pytest

from placet.domain.authorization.policy import Demand, Limits, ReceiptTerms
from placet.domain.authorization.policy_document import NAMED_KINDS, parse_policy, policy_digest
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from support.governance import TEAM, a_policy, rule

PROTOCOL_EXAMPLE = """\
version = "v1.0"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[groups.security]
members = ["person:dave", "person:erin"]
[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects   = ["npm:@acme/*", "r2:@acme/*", "core:@acme/*"]   # provider id : package or repository
requesters = ["ci:github:acme/*", "person:*"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }, { group = "security", count = 1, assurance = 2 }]
limits     = { per_subject_per_hour = 6, per_requester_per_hour = 20 }
receipt    = { lifetime_seconds = 3600 }
[[rule]]
operations = ["issue_certificate"]                # precedes the approvals; publishes nothing
subjects   = ["core:@acme/*"]
requesters = ["ci:github:acme/*", "person:*"]
approvals  = []            # zero, written out; without this line: denied
[[rule]]
operations = ["activate_policy", "enrol_principal"]
subjects   = ["core:*"]
requesters = ["person:*"]
approvals  = [{ group = "security", count = 2, assurance = 2 }]
[[rule]]
operations = ["open_pr"]
subjects   = ["github:acme/docs"]
requesters = ["agent:*"]
approvals  = [{ group = "maintainers", count = 1, assurance = 3 }]
"""

ONE = TEAM + '[groups.one]\nmembers = ["person:a"]\n[break_glass]\ngroup = "one"\n'


def refused(document: str | bytes) -> str:
    """Return the message with which `document` is refused as a policy."""
    with pytest.raises(InvalidInputError) as caught:
        parse_policy(document.encode() if isinstance(document, str) else document)
    assert caught.value.code == "POLICY_INVALID"
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii()
    return caught.value.message


def test_the_example_of_the_protocol_is_a_policy() -> None:
    policy = parse_policy(PROTOCOL_EXAMPLE.encode())

    assert policy.version == "v1.0"
    assert policy.groups["security"] == {"person:dave", "person:erin"}
    assert [len(each.demands) for each in policy.rules] == [2, 0, 1, 1]
    assert policy.rules[0].demands[0] == Demand(group="maintainers", count=2, assurance=2)
    assert policy.rules[0].limits == Limits(per_subject_per_hour=6, per_requester_per_hour=20)
    assert policy.rules[0].operations == {"publish_package", "put_object", "register_package"}
    assert not policy.embedded_in_ci


def test_the_digest_covers_the_bytes_as_received() -> None:
    document = PROTOCOL_EXAMPLE.encode()

    assert parse_policy(document).digest == policy_digest(document) == sha256(b"placet/policy/v1/none\0" + document)
    assert parse_policy(document + b"\n").digest != parse_policy(document).digest


def test_a_receipt_lives_an_hour_and_ages_a_day_unless_the_rule_says_otherwise() -> None:
    assert a_policy().rules[0].receipt == ReceiptTerms(lifetime_seconds=3600, max_age_seconds=86400)


def test_receipt_terms_and_limits_are_taken_from_the_rule() -> None:
    policy = a_policy(rule(more="receipt = { lifetime_seconds = 1, max_age_seconds = 2 }\nlimits = {}"))

    assert policy.rules[0].receipt == ReceiptTerms(lifetime_seconds=1, max_age_seconds=2)
    assert policy.rules[0].limits == Limits(per_subject_per_hour=None, per_requester_per_hour=None)


def test_limits_may_be_as_low_as_one_and_as_high_as_a_million() -> None:
    low, high = (
        a_policy(rule(more=f"limits = {{ per_subject_per_hour = {most}, per_requester_per_hour = {most} }}"))
        for most in (1, 1_000_000)
    )

    assert low.rules[0].limits == Limits(per_subject_per_hour=1, per_requester_per_hour=1)
    assert high.rules[0].limits == Limits(per_subject_per_hour=1_000_000, per_requester_per_hour=1_000_000)


def test_receipts_may_live_and_age_a_day() -> None:
    policy = a_policy(rule(more="receipt = { lifetime_seconds = 86400, max_age_seconds = 86400 }"))

    assert policy.rules[0].receipt == ReceiptTerms(lifetime_seconds=86400, max_age_seconds=86400)


def test_embedding_in_ci_is_allowed_only_where_the_policy_says_so() -> None:
    assert a_policy(head="embedded_in_ci = true\n" + TEAM).embedded_in_ci
    assert not a_policy(head="embedded_in_ci = false\n" + TEAM).embedded_in_ci


def test_approvers_may_freeze_and_whom_the_policy_names_as_freezers() -> None:
    policy = a_policy(head='freezers = ["person:oncall", "service:watch*"]\n' + TEAM)

    for who in ("person:alice", "person:dave", "person:oncall", "service:watchdog"):
        assert policy.may_freeze(who)
    for who in ("person:zoe", "ci:watchdog", "person:oncall2"):
        assert not policy.may_freeze(who)
    assert not a_policy().may_freeze("person:oncall")


def test_nobody_may_break_the_glass_unless_the_policy_names_a_group() -> None:
    assert a_policy().break_glass == ""
    assert a_policy(head='break_glass = { group = "security" }\n' + TEAM).break_glass == "security"


def test_every_named_kind_of_operation_may_stand_in_a_rule() -> None:
    listed = ", ".join(f'"{kind}"' for kind in sorted(NAMED_KINDS)).replace(", ", ",\n")

    assert a_policy(rule(operations=f"[{listed}]")).rules[0].operations == NAMED_KINDS


def test_who_is_in_no_group_is_no_approver() -> None:
    assert a_policy().is_approver("person:erin")
    assert not a_policy().is_approver("person:mallory")


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (TEAM.replace('version = "v1.0"\n', "") + rule(), "version is missing"),
        (TEAM.replace('"v1.0"', "1") + rule(), "version is not a string"),
        (TEAM.replace('"v1.0"', '""') + rule(), "version is not well-formed"),
        (TEAM.replace('"v1.0"', '"v 1"') + rule(), "version is not well-formed"),
        (TEAM.replace('"v1.0"', f'"{"v" * 65}"') + rule(), "version is not well-formed"),
        ("freezers = []\n" + TEAM + rule(), "freezers is empty"),
        (
            'freezers = ["group:oncall"]\n' + TEAM + rule(),
            "freezers holds 'group:oncall', which is no pattern of the form kind:name",
        ),
        ('freezers = "person:*"\n' + TEAM + rule(), "freezers is not an array"),
        ('break_glass = "security"\n' + TEAM + rule(), "break_glass is not a table"),
        ("break_glass = {}\n" + TEAM + rule(), "break_glass.group is missing"),
        (
            'break_glass = { group = "nobody" }\n' + TEAM + rule(),
            "break_glass.group names nobody, which is no group of two or more",
        ),
        (
            'break_glass = { group = "security", count = 1 }\n' + TEAM + rule(),
            "break_glass.count is no key that is known here",
        ),
        (ONE + rule(), "break_glass.group names one, which is no group of two or more"),
        ("embedded_in_ci = 1\n" + TEAM + rule(), "embedded_in_ci is not true or false"),
        ('embedded_in_ci = "true"\n' + TEAM + rule(), "embedded_in_ci is not true or false"),
        ("rules = []\n" + TEAM + rule(), "rules is no key that is known here"),
        ('"a b" = 1\n' + TEAM + rule(), "'a b' is no key that is known here"),
        (TEAM, "rule is missing"),
        ("rule = []\n" + TEAM, "rule is missing: a policy without a rule allows nothing"),
        ("rule = [1]\n" + TEAM, "rule[1] is not a table"),
        ("rule = {}\n" + TEAM, "rule is not an array"),
        ('groups = []\nversion = "v1"\n' + rule(), "groups is not a table"),
    ],
)
def test_the_head_of_a_policy_is_read_strictly(document: str, named: str) -> None:
    assert refused(document) == f"in the policy, {named}"


@pytest.mark.parametrize(
    ("groups", "named"),
    [
        ("[groups.Team]\nmembers = []", "groups.Team is no name of a group"),
        ('[groups."a b"]\nmembers = []', "groups.'a b' is no name of a group"),
        (f"[groups.{'g' * 65}]\nmembers = []", f"groups.{'g' * 64!r} is no name of a group"),
        ("[groups.team]\nmembers = []", "groups.team.members is empty"),
        ("[groups.team]", "groups.team.members is missing"),
        ("[groups]\nteam = []", "groups.team is not a table"),
        ('[groups.team]\nmembers = "person:alice"', "groups.team.members is not an array"),
        ("[groups.team]\nmembers = [1]", "groups.team.members has an element that is not well-formed"),
        ('[groups.team]\nmembers = ["alice"]', "groups.team.members has an element that is not well-formed"),
        ('[groups.team]\nmembers = ["agent:x"]', "groups.team.members has an element that is not well-formed"),
        ('[groups.team]\nmembers = ["person:*"]', "groups.team.members has an element that is not well-formed"),
        ('[groups.team]\nmembers = ["person:a\\n"]', "groups.team.members has an element that is not well-formed"),
        ('[groups.team]\nmembers = ["person:a", "person:a"]', "groups.team.members names 'person:a' twice"),
        ('[groups.team]\nmembers = ["person:a"]\ncount = 1', "groups.team.count is no key that is known here"),
    ],
)
def test_groups_name_persons_and_nothing_else(groups: str, named: str) -> None:
    assert refused(f'version = "v1"\n{groups}\n{rule()}') == f"in the policy, {named}"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"operations": "[]"}, "operations is empty"),
        ({"operations": '["*"]'}, "operations names '*', which is no kind of operation"),
        ({"operations": '["publish"]'}, "operations names 'publish', which is no kind of operation"),
        ({"operations": '["PUBLISH_PACKAGE"]'}, "operations names 'PUBLISH_PACKAGE', which is no kind of operation"),
        ({"operations": '["put_object", "put_object"]'}, "operations names put_object twice"),
        ({"operations": '"put_object"'}, "operations is not an array"),
        ({"subjects": "[]"}, "subjects is empty"),
        ({"subjects": '["@acme/*"]'}, "subjects holds '@acme/*', which is no pattern of the form provider:name"),
        ({"subjects": '["npm:"]'}, "subjects holds 'npm:', which is no pattern of the form provider:name"),
        ({"subjects": '["n*:x"]'}, "subjects holds 'n*:x', which is no pattern of the form provider:name"),
        ({"subjects": '["npm:a***"]'}, "subjects holds 'npm:a***', which is no pattern of the form provider:name"),
        ({"subjects": '["npm:a b"]'}, "subjects holds 'npm:a b', which is no pattern of the form provider:name"),
        ({"subjects": '["npm:ä"]'}, "subjects has an element that is not well-formed"),
        ({"requesters": "[]"}, "requesters is empty"),
        ({"requesters": '["*"]'}, "requesters holds '*', which is no pattern of the form kind:name"),
        ({"requesters": '["*:alice"]'}, "requesters holds '*:alice', which is no pattern of the form kind:name"),
        ({"requesters": '["robot:x"]'}, "requesters holds 'robot:x', which is no pattern of the form kind:name"),
        (
            {"requesters": '["bootstrap:*"]'},
            "requesters holds 'bootstrap:*', which is no pattern of the form kind:name",
        ),
        ({"requesters": '["person:***"]'}, "requesters holds 'person:***', which is no pattern of the form kind:name"),
        ({"more": "comment = 1"}, "comment is no key that is known here"),
        ({"more": "approval = []"}, "approval is no key that is known here"),
        ({"more": "limits = []"}, "limits is not a table"),
        ({"more": "limits = { per_day = 1 }"}, "limits.per_day is no key that is known here"),
        ({"more": "limits = { per_subject_per_hour = 0 }"}, "limits.per_subject_per_hour is not between 1 and 1000000"),
        ({"more": "limits = { per_subject_per_hour = true }"}, "limits.per_subject_per_hour is not an integer"),
        ({"more": "limits = { per_requester_per_hour = 1.0 }"}, "limits.per_requester_per_hour is not an integer"),
        ({"more": "receipt = { lifetime_seconds = 0 }"}, "receipt.lifetime_seconds is not between 1 and 86400"),
        ({"more": "receipt = { lifetime_seconds = 86401 }"}, "receipt.lifetime_seconds is not between 1 and 86400"),
        ({"more": "receipt = { max_age_seconds = 86401 }"}, "receipt.max_age_seconds is not between 1 and 86400"),
        ({"more": "receipt = { max_age_seconds = '60' }"}, "receipt.max_age_seconds is not an integer"),
        ({"more": "receipt = { ttl = 60 }"}, "receipt.ttl is no key that is known here"),
    ],
)
def test_a_rule_is_read_strictly(changed: dict[str, str], named: str) -> None:
    assert refused(TEAM + rule() + rule(**changed)) == f"in the policy, rule[2].{named}"


@pytest.mark.parametrize(
    ("approvals", "named"),
    [
        ("{}", "approvals is not an array"),
        ("0", "approvals is not an array"),
        ("[[]]", "approvals[1] is not a table"),
        ("[{ group = 'maintainers', count = 2 }]", "approvals[1].assurance is missing"),
        ("[{ group = 'maintainers', assurance = 2 }]", "approvals[1].count is missing"),
        ("[{ count = 2, assurance = 2 }]", "approvals[1].group is missing"),
        (
            "[{ group = 'nobody', count = 1, assurance = 2 }]",
            "approvals[1].group names nobody, which is no group of this policy",
        ),
        ("[{ group = 'maintainers', count = 0, assurance = 2 }]", "approvals[1].count is not between 1 and 3"),
        ("[{ group = 'maintainers', count = 4, assurance = 2 }]", "approvals[1].count is not between 1 and 3"),
        ("[{ group = 'maintainers', count = true, assurance = 2 }]", "approvals[1].count is not an integer"),
        ("[{ group = 'maintainers', count = 1.0, assurance = 2 }]", "approvals[1].count is not an integer"),
        ("[{ group = 'maintainers', count = 1, assurance = 0 }]", "approvals[1].assurance is not between 1 and 3"),
        ("[{ group = 'maintainers', count = 1, assurance = 4 }]", "approvals[1].assurance is not between 1 and 3"),
        (
            "[{ group = 'maintainers', count = 1, assurance = 2, any = 1 }]",
            "approvals[1].any is no key that is known here",
        ),
        (
            "[{ group = 'security', count = 1, assurance = 2 }, { group = 'security', count = 1, assurance = 3 }]",
            "approvals names a group twice",
        ),
    ],
)
def test_demanded_approvals_are_read_strictly(approvals: str, named: str) -> None:
    assert refused(TEAM + rule(approvals=approvals)) == f"in the policy, rule[1].{named}"


def test_zero_approvals_must_be_written_out() -> None:
    silent = "".join(line + "\n" for line in rule().splitlines() if not line.startswith("approvals"))

    assert a_policy(rule(approvals="[]")).rules[0].demands == ()
    assert refused(TEAM + silent) == "in the policy, rule[1].approvals is missing"


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (b"\xef\xbb\xbf" + TEAM.encode(), "line 1 of the policy holds the invisible character '\\ufeff'"),
        (TEAM.encode("utf-16"), "line 1 of the policy is not UTF-8"),
        (b"a = 1\nb = '\xff'\n", "line 2 of the policy is not UTF-8"),
        (b"\n\xff", "line 2 of the policy is not UTF-8"),
        ("# safe \u202e\n".encode(), "line 1 of the policy holds the invisible character '\\u202e'"),
        ("a = 1\n# \u200b\n".encode(), "line 2 of the policy holds the invisible character '\\u200b'"),
        (b"a = 1\rb = 2\n", "line 1 of the policy holds the invisible character '\\r'"),
        (b"# \x1b[2J\n", "line 1 of the policy holds the invisible character '\\x1b'"),
        ("# \u2028\n".encode(), "line 1 of the policy holds the invisible character '\\u2028'"),
        (b"#" + b" " * 256 + b"x", "line 1 of the policy has more than 256 characters"),
        (b"#" * 65537, "the policy has 65537 bytes, 65536 are allowed"),
    ],
)
def test_what_a_reviewer_cannot_see_is_refused(document: bytes, named: str) -> None:
    assert refused(document) == named


@pytest.mark.parametrize(
    "document",
    [
        "",
        "version = 'a'\nversion = 'b'\n",
        "[groups.a]\n[groups.a]\n",
        "version = ",
        "version = 'v1'\n[[rule]\n",
        "a = " + "\n[" * 3000,
        "a = 9" + "_\n",
        "{}",
    ],
    ids=["empty", "key twice", "table twice", "no value", "no end", "nesting", "number", "json"],
)
def test_what_is_no_toml_is_refused(document: str) -> None:
    assert refused(document)


def test_a_toml_error_names_its_line() -> None:
    assert "at line 2" in refused("version = 'v1'\nversion = 'v2'\n")


def test_line_ends_may_be_those_of_another_system() -> None:
    document = (TEAM + rule()).replace("\n", "\r\n").encode()

    assert parse_policy(document).rules == a_policy().rules


def test_limits_of_size_are_inclusive() -> None:
    document = (TEAM + rule()).encode()
    lines, rest = divmod(65536 - len(document), 257)
    filled = document + (b"#" + b" " * 255 + b"\n") * lines + b"#" * rest

    assert len(filled) == 65536
    assert parse_policy(filled).rules == a_policy().rules
    assert refused(filled + b"#") == "the policy has 65537 bytes, 65536 are allowed"
