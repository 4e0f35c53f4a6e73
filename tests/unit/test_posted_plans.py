"""A posted plan names bytes by digest: no path of anybody's machine stands in it, and none is read (attacks A109)."""

from __future__ import annotations

from typing import Any

import pytest

from placet.domain.authorization.plan_file import Made, PlanFile, WantedArtifact, WantedPackage, parse_posted_plan
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PACKAGE: dict[str, Any] = {"archive": DIGEST, "name": "@acme/tool", "version": "1.0.0"}
PUBLISH: dict[str, Any] = {"kind": "publish_package", "provider": "npm"}
OBJECT: dict[str, Any] = {"kind": "put_object", "provider": "files", "name": "@acme/tool", "version": "1.0.0"}


def parse(*operations: dict[str, Any], **top: Any) -> PlanFile:
    return parse_posted_plan({"operation": list(operations), **top})


def refusal(*operations: dict[str, Any], **top: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        parse(*operations, **top)
    assert caught.value.code == "PLAN_FILE_INVALID"
    return caught.value.message


def test_a_posted_plan_reads_as_the_file_with_digests_for_paths() -> None:
    artifacts = [{"name": "notes.md", "digest": OTHER}, {"made": "statement"}]
    plan = parse(
        PUBLISH,
        {**OBJECT, "artifacts": artifacts, "params": {"key": "x"}},
        package={**PACKAGE, "dist_tag": "next", "access": "public"},
    )

    assert plan.package == WantedPackage(
        path=DIGEST, dist_tag="next", access="public", name="@acme/tool", version="1.0.0"
    )
    publishing, putting = plan.operations
    assert (publishing.kind, plan.registry, plan.files) == (OperationKind.PUBLISH_PACKAGE, "npm", (OTHER,))
    assert putting.artifacts == (
        WantedArtifact(name="notes.md", file=OTHER),
        WantedArtifact(name="statement", made=Made.STATEMENT),
    )


def test_a_path_of_a_package_is_refused() -> None:
    said = refusal(PUBLISH, package={**PACKAGE, "path": "/etc"})

    assert said == (
        "in the plan, package.path names a file: what is posted names bytes by archive, once they are uploaded"
    )


@pytest.mark.parametrize("path", ["/etc/passwd", "notes.md", "../x", OTHER])
def test_a_file_of_an_artifact_is_refused(path: str) -> None:
    said = refusal({**OBJECT, "artifacts": [{"name": "notes.md", "file": path}]})

    assert "operation[1].artifacts[1].file names a file" in said


@pytest.mark.parametrize("digest", ["/etc/passwd", "sha256:" + "A" * 64, "sha512:" + "a" * 64, "", "a" * 64])
def test_what_is_no_digest_names_nothing(digest: str) -> None:
    assert "is not well-formed" in refusal({**OBJECT, "artifacts": [{"name": "x", "digest": digest}]})
    assert "is not well-formed" in refusal(PUBLISH, package={**PACKAGE, "archive": digest})


@pytest.mark.parametrize("missing", ["archive", "name", "version"])
def test_a_posted_package_says_what_it_has_to_be(missing: str) -> None:
    package = {name: value for name, value in PACKAGE.items() if name != missing}

    assert f"package.{missing} is missing" in refusal(PUBLISH, package=package)


def test_an_artifact_comes_from_one_place() -> None:
    assert "digest or made" in refusal({**OBJECT, "artifacts": [{"name": "x"}]})
    assert "digest or made" in refusal({**OBJECT, "artifacts": [{"name": "x", "digest": OTHER, "made": "tarball"}]})


@pytest.mark.parametrize(
    ("operations", "top", "said"),
    [
        ([], {}, "operation has 0 elements"),
        ([OBJECT], {"package": PACKAGE}, "is published by 0 operations"),
        ([PUBLISH], {}, "needs a [package]"),
        ([{**OBJECT, "artifacts": [{"made": "tarball"}]}], {}, "sends what only a [package] makes"),
        ([{"kind": "put_object", "provider": "files"}], {}, "has no name"),
        ([{**PUBLISH, "tag": "v1"}], {"package": PACKAGE}, "publishes what [package] says"),
        ([{**OBJECT, "kind": "activate_policy"}], {}, "a plan file can ask for"),
        ([{**OBJECT, "params": {"x": 1.5}}], {}, "holds what no plan can"),
        ([{**OBJECT, "colour": "red"}], {}, "colour is no key"),
        ([OBJECT], {"requester": "person:bob"}, "requester is no key"),
    ],
)
def test_what_a_file_may_not_ask_for_is_not_posted_either(
    operations: list[dict[str, Any]], top: dict[str, Any], said: str
) -> None:
    assert said in refusal(*operations, **top)
