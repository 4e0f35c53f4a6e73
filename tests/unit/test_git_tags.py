from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from placet.domain.encoding.git_tag import Tagger, git_sha, tag_object

_WHO = b"A <a@example.com> 0 +0000"
COMMIT_CONTENT = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor " + _WHO + b"\ncommitter " + _WHO + b"\n\nm\n"
TAGGER = Tagger(name="Placet", email="placet@example.com", at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.needs("git")
@pytest.mark.parametrize("message", [b"tool 1.0.0\n", b"no line feed", "caf\u00e9 \U0001f680\n\nmore\n".encode()])
def test_a_tag_s_sha_is_the_one_that_git_gives_it(tmp_path: Path, message: bytes) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "hash-object", "-w", "-t", "tree", "/dev/null")
    commit = git(tmp_path, "hash-object", "-w", "-t", "commit", "--stdin", stdin=COMMIT_CONTENT)
    tag = tag_object(commit, "v1.0.0", TAGGER, message)

    sha = git(tmp_path, "hash-object", "-w", "-t", "tag", "--stdin", stdin=tag)
    git(tmp_path, "update-ref", "refs/tags/v1.0.0", sha)

    assert git_sha("commit", COMMIT_CONTENT) == commit
    assert git_sha("tag", tag) == sha
    assert git(tmp_path, "rev-parse", "v1.0.0^{commit}") == commit
    assert git(tmp_path, "for-each-ref", "--format=%(taggername) %(taggeremail) %(taggerdate:unix)", "refs/tags") == (
        "Placet <placet@example.com> 1767323045"
    )
    assert (
        subprocess.run(["git", "-C", str(tmp_path), "fsck", "--strict"], capture_output=True, check=False).returncode
        == 0
    )


def test_every_part_of_a_tag_changes_its_sha() -> None:
    tags = [
        tag_object("ab" * 20, "v1", TAGGER, b"m"),
        tag_object("cd" * 20, "v1", TAGGER, b"m"),
        tag_object("ab" * 20, "v2", TAGGER, b"m"),
        tag_object("ab" * 20, "v1", Tagger(name="P", email=TAGGER.email, at=TAGGER.at), b"m"),
        tag_object("ab" * 20, "v1", Tagger(name=TAGGER.name, email="p@example.com", at=TAGGER.at), b"m"),
        tag_object(
            "ab" * 20, "v1", Tagger(name=TAGGER.name, email=TAGGER.email, at=datetime(2026, 1, 1, tzinfo=UTC)), b"m"
        ),
        tag_object("ab" * 20, "v1", TAGGER, b"n"),
    ]

    assert len({git_sha("tag", each) for each in tags}) == len(tags)
    assert git_sha("tag", tags[0]) != git_sha("blob", tags[0])
