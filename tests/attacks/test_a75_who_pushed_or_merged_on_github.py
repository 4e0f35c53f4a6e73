"""A75: by the accounts that GitHub itself names, who pushed or merged a commit approves nothing made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec import Struct
from msgspec.structs import replace

from placet.core.governed import ask
from placet.core.runs import Intent
from placet.demo.github_double import Fault
from placet.demo.github_double_state import Account
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from support.effects import TOKEN
from support.github import Github, running_github, tag_operation
from support.github_world import GithubWorld, github_world, intent_of
from support.shell import Shell

pytestmark = pytest.mark.thorough

ALICE, BOB, BOT = Account("alice-acme", 6001), Account("bob-acme", 6002), Account("robot", 9)
POLICY = """\
version = "v1"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:dave"]
[[rule]]
operations = ["tag_repo", "open_pr"]
subjects   = ["github:acme/*"]
requesters = ["person:carol"]
approvals  = [{ group = "maintainers", count = 1, assurance = 2 }]
[[rule]]
operations = ["change_executor", "enrol_principal"]
subjects   = ["core:**"]
requesters = ["person:carol"]
approvals  = []
"""
TAG = """\
[[operation]]
kind = "tag_repo"
provider = "github"
name = "acme/tool"
version = "1.0.0"
tag = "v1.0.0"
message = "tool 1.0.0"
[operation.params]
commit_sha = "{commit}"
tagger_name = "Placet"
tagger_email = "placet@example.com"
tagged_at = "2026-01-02T03:04:05.000Z"
"""


class Team(Struct):
    """A team on the command line with its GitHub: alice's account there is 6001, bob's 6002, dave has none."""

    shell: Shell
    github: Github

    def planned(self, commit: str) -> str:
        """Plan to tag a commit, as carol, and return the run."""
        (self.shell.place / "tag.toml").write_text(TAG.replace("{commit}", commit))
        made = self.shell.done("plan", "create", "tag.toml", "--as", "person:carol", "--json").json()
        return str(made["run_id"])


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with running_github() as github:
        shell = Shell(tmp_path_factory.mktemp("team"), {"PLACET_PASSPHRASE": "canary", "GITHUB_TOKEN": TOKEN})
        found(shell, github)
        yield Team(shell, github)


def found(shell: Shell, github: Github) -> None:
    founded = shell.done("init", "--profile", "team")
    key = next(line.strip() for line in founded.out.splitlines() if "placet_boot_" in line)
    bootstrap = {"PLACET_BOOTSTRAP_KEY": key}
    (shell.place / "policy.toml").write_text(POLICY)
    accounts = {"alice": ["--account", "github:6001"], "bob": [], "carol": [], "dave": []}
    for name, account in accounts.items():
        shell.ssh_key(name)
        shell.done("principal", "add", f"person:{name}", "--key", f"{name}.pub", *account, env=bootstrap)
    shell.done("policy", "activate", "policy.toml", env=bootstrap)
    shell.done("principal", "add", "person:bob", "--account", "github:6002", "--as", "person:carol")
    options = ("--kind", "github", "--url", github.double.url, "--credential", "env:GITHUB_TOKEN")
    shell.done("provider", "add", "github", *options, "--as", "person:carol")


def test_a75_on_the_command_line_pusher_and_merger_are_ineligible_and_somebody_else_is_not(team: Team) -> None:
    repository = team.github.repository
    repository.commit("feature", by=BOT)
    number = repository.open_pull({"head": "feature", "base": "main", "title": "a feature"})["number"]
    merge = repository.merge_pull(number, by=BOB)
    repository.put_branch("release", merge, by=ALICE)
    run_id = team.planned(merge)
    size = team.shell.size()

    refused = [
        team.shell.placet("approve", run_id, "--as", f"person:{name}", "--key", name, "--yes", "--json")
        for name in ("alice", "bob")
    ]
    stopped = team.shell.placet("run", "resume", run_id, "--wait", "0", "--json")

    assert [ran.error()["code"] for ran in refused] == ["APPROVER_INELIGIBLE"] * 2
    assert stopped.error()["code"] == "APPROVALS_MISSING"
    assert new_denials(team.shell, size) == ["APPROVER_INELIGIBLE"] * 2
    assert (team.github.sent(), team.github.effects("ref", "tag_object")) == ([], {})

    team.shell.done("approve", run_id, "--as", "person:dave", "--key", "dave", "--yes")
    team.shell.done("run", "resume", run_id)
    assert team.github.effects("ref") == {("ref", "refs/tags/v1.0.0"): 1}


def new_denials(shell: Shell, size: int) -> list[str]:
    """Return the codes of the denials that were recorded since the ledger had this size."""
    entries = shell.done("ledger", "show", "--count", str(shell.size() - size), "--json").json()["entries"]
    return [each["data"]["code"] for each in entries if each["type"] == "authorization.denied"]


def enrol(at: GithubWorld, name: str, account: Account) -> None:
    """Enrol an account at GitHub as one of a person's."""
    intent = Intent(
        kind=OperationKind.ENROL_PRINCIPAL,
        subject=Subject(provider="core", name=f"person:{name}", version="", tag=""),
        params={"public_keys": list[Value](), "on_behalf_of": "", "accounts": [f"github:{account.number}"]},
    )
    at.world.run(ask(at.world.context, intent, requester="person:carol", contents={}))


@pytest.fixture
def at() -> Iterator[GithubWorld]:
    """Return an installation where alice and bob have accounts at GitHub."""
    with github_world() as opened:
        enrol(opened, "alice", ALICE)
        enrol(opened, "bob", BOB)
        yield opened


def test_a75_who_pushed_the_head_of_a_pull_request_does_not_approve_it(at: GithubWorld) -> None:
    head = at.github.repository.commit("docs-1.0.0", by=ALICE)
    plan = at.plan(at.pull(head))

    with at.world.refusing("APPROVER_INELIGIBLE") as refused:
        at.world.approved(plan, "alice")

    assert "pushed or merged" in refused.sentence
    assert at.github.sent() == []
    (report,) = at.carry_out(at.world.approved(plan, "bob")).reports
    assert report.state is ReceiptState.EXECUTED


def a_push_below(at: GithubWorld) -> str:
    """Push the commit below another one."""
    return at.github.repository.commit("feature", by=ALICE, below=1)


def a_lost_account(at: GithubWorld) -> str:
    """Push the commit with an account that is deleted then."""
    return at.github.repository.commit("feature", by=None)


def a_refusal(path: str, status: int) -> Callable[[GithubWorld], str]:
    def refuse(at: GithubWorld) -> str:
        at.github.double.inject(Fault(method="GET", path=path, status=status))
        return at.github.commit

    return refuse


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(a_push_below, id="pushed below another commit"),
        pytest.param(a_lost_account, id="pushed with an account that is deleted then"),
        pytest.param(a_refusal("/activity", 403), id="the credential may not read who pushed"),
        pytest.param(a_refusal("/activity", 404), id="a GitHub that has no activities"),
        pytest.param(a_refusal("/commits/", 403), id="the credential may not read who merged"),
    ],
)
def test_a75_where_github_does_not_tell_who_it_was_nobody_s_approval_counts(
    at: GithubWorld, hide: Callable[[GithubWorld], str]
) -> None:
    commit = hide(at)
    plan = at.plan(replace(intent_of(tag_operation(commit)), preconditions=()))

    for name in ("alice", "bob", "carol"):
        with at.world.refusing("APPROVER_INELIGIBLE"):
            at.world.approved(plan, name)
    assert at.github.sent() == []


def test_a75_git_s_author_names_exclude_and_hide_nobody(at: GithubWorld) -> None:
    """The double's activities carry no author at all: what is compared is the id, also where logins are swapped."""
    commit = at.github.repository.commit("feature", by=Account(BOB.login, ALICE.number))
    plan = at.plan(replace(intent_of(tag_operation(commit)), preconditions=()))

    with at.world.refusing("APPROVER_INELIGIBLE"):
        at.world.approved(plan, "alice")

    (report,) = at.carry_out(at.world.approved(plan, "bob")).reports
    assert report.state is ReceiptState.EXECUTED


def merges(at: GithubWorld) -> None:
    """Merge the pull request whose head is planned, as the approver."""
    at.github.repository.open_pull({"head": "docs-1.0.0", "base": "main", "title": "mine"})
    at.github.repository.merge_pull(1, by=BOB)


def pushes(at: GithubWorld) -> None:
    """Put another branch at the planned commit, as the approver."""
    at.github.repository.put_branch("again", at.github.repository.refs["refs/heads/docs-1.0.0"], by=BOB)


@pytest.mark.parametrize("act", [merges, pushes])
def test_a75_an_approver_who_pushes_or_merges_the_commit_after_the_approval_makes_it_stale(
    at: GithubWorld, act: Callable[[GithubWorld], None]
) -> None:
    head = at.github.repository.commit("docs-1.0.0", by=ALICE)
    plan = at.world.approved(at.plan(replace(intent_of(tag_operation(head)), preconditions=())), "bob")
    token = at.world.issue(plan)
    act(at)

    with at.world.refusing("STALE_SUBJECT"):
        at.world.present(plan, token)
    assert at.github.sent() == []
