"""A plan file is read strictly: unknown keys, kinds and places for bytes are refused by name."""

from __future__ import annotations

import pytest

from placet.domain.authorization.operation import Precondition
from placet.domain.authorization.plan_file import Made, WantedArtifact, WantedPackage, parse_plan_file
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError

PACKAGE = '[package]\npath = "./tool"\n'
PUBLISH = '[[operation]]\nkind = "publish_package"\nprovider = "npm"\n'
OBJECT = '[[operation]]\nkind = "put_object"\nprovider = "files"\nname = "@acme/tool"\nversion = "1.0.0"\n'


def refusal(text: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        parse_plan_file(text.encode())
    assert caught.value.code == "PLAN_FILE_INVALID"
    return caught.value.message


def test_a_whole_file_reads_as_it_is_written() -> None:
    file = parse_plan_file(
        f'{PACKAGE}dist_tag = "next"\naccess = "public"\n{PUBLISH}artifact = "tarball"\n{OBJECT}'
        'tag = "v1"\nparams = { key = "packages/@acme/tool/1.0.0.md", depth = 2, list = ["a", true] }\n'
        'artifacts = [{ file = "docs/notes.md" }, { made = "statement", name = "signed.json" }]\n'
        'preconditions = [{ fact = "object:x", expected = "absent" }]\n'.encode()
    )

    publishing, putting = file.operations
    assert file.package == WantedPackage(path="./tool", dist_tag="next", access="public")
    assert (file.registry, file.files) == ("npm", ("docs/notes.md",))
    assert (publishing.kind, publishing.provider, publishing.place) == (
        OperationKind.PUBLISH_PACKAGE,
        "npm",
        "operation[1]",
    )
    assert publishing.artifacts == (WantedArtifact(name="tarball", made=Made.TARBALL),)
    assert (putting.name, putting.version, putting.tag) == ("@acme/tool", "1.0.0", "v1")
    assert putting.params == {"key": "packages/@acme/tool/1.0.0.md", "depth": 2, "list": ["a", True]}
    assert putting.artifacts == (
        WantedArtifact(name="notes.md", file="docs/notes.md"),
        WantedArtifact(name="signed.json", made=Made.STATEMENT),
    )
    assert putting.preconditions == (Precondition(fact="object:x", expected="absent"),)


def test_a_file_without_a_package_has_no_registry() -> None:
    file = parse_plan_file(OBJECT.encode())

    assert (file.package, file.registry, file.files, file.operations[0].params) == (None, "", (), {})


@pytest.mark.parametrize("name", ["message", "notes", "text"])
def test_a_text_in_the_file_becomes_an_artifact_and_the_param_that_names_it(name: str) -> None:
    file = parse_plan_file(f'{OBJECT}{name} = """first\nsecond\n"""\nparams = {{ key = "x" }}\n'.encode())

    assert file.operations[0].params == {name: name, "key": "x"}
    assert file.operations[0].artifacts == (WantedArtifact(name=name, content=b"first\nsecond\n"),)


def test_what_stands_in_params_goes_before_the_text_s_own_name() -> None:
    file = parse_plan_file(f'{OBJECT}notes = "hello"\nparams = {{ notes = "other" }}\n'.encode())

    assert file.operations[0].params == {"notes": "other"}


def test_an_object_of_a_package_needs_no_name() -> None:
    file = parse_plan_file(f'{PACKAGE}{PUBLISH}[[operation]]\nkind = "put_object"\nprovider = "files"\n'.encode())

    assert [each.name for each in file.operations] == ["", ""]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("operation = [", "the plan file is not TOML"),
        ("a = 1\n" + OBJECT, "a is no key that is known here"),
        ("", "operation is missing"),
        ("operation = []\n", "operation has 0 elements"),
        (OBJECT * 65, "operation has 65 elements"),
        (OBJECT + "sha = 'x'\n", "operation[1].sha is no key that is known here"),
        (PACKAGE + "tag = 'x'\n" + PUBLISH, "package.tag is no key that is known here"),
        (
            OBJECT.replace("put_object", "register_package"),
            "operation[1].kind is register_package: a plan",
        ),
        (OBJECT.replace("put_object", "sing"), "operation[1].kind is sing: a plan file can ask for"),
        (OBJECT.replace('"files"', '"Files"'), "operation[1].provider is not well-formed"),
        (OBJECT.replace('"1.0.0"', '"1 0"'), "operation[1].version is not well-formed"),
        (OBJECT + "params = { x = 1.5 }\n", "operation[1].params holds what no plan can: a value is null, a float"),
        (OBJECT + "params = { x = 2026-01-01 }\n", "operation[1].params holds what no plan can"),
        (OBJECT + 'params = { x = "\u00e9" }\n', "operation[1].params holds what no plan can"),
        (OBJECT + "params = 1\n", "operation[1].params is not a table"),
        (OBJECT + 'artifact = "recipe"\n', "operation[1].artifact is not well-formed"),
        (OBJECT + 'artifact = "tarball"\n', "operation[1] sends what only a [package] makes"),
        (OBJECT + "artifacts = [{ name = 'x' }]\n", "artifacts[1].file or made, one of the two"),
        (OBJECT + "artifacts = [{ file = 'x', made = 'tarball' }]\n", "artifacts[1].file or made, one of the two"),
        (OBJECT + "artifacts = [{ file = 'x', size = 1 }]\n", "artifacts[1].size is no key"),
        (OBJECT + "artifacts = [{ file = 'a/x' }, { file = 'b/x' }]\n", "operation[1].artifacts has two of one name"),
        (OBJECT + 'message = " "\n', "operation[1].message is not well-formed"),
        (OBJECT + "preconditions = [{ fact = 'x', expected = 'y', why = 'z' }]\n", "preconditions[1].why is no key"),
        (OBJECT + "preconditions = [{ fact = 'X', expected = 'y' }]\n", "preconditions[1].fact is not well-formed"),
        (PACKAGE + OBJECT, "package is published by 0 operations: one publish_package is needed"),
        (PACKAGE + PUBLISH * 2, "package is published by 2 operations: one publish_package is needed"),
        (PUBLISH, "operation[1] needs a [package]: nothing is published uncertified"),
        (PACKAGE + PUBLISH + "name = 'other'\n", "operation[1] publishes what [package] says"),
        (PACKAGE + PUBLISH + "params = { dist_tag = 'x' }\n", "operation[1] publishes what [package] says"),
        (PACKAGE + PUBLISH + "artifact = 'statement'\n", "operation[1] publishes what [package] says"),
        (PACKAGE + PUBLISH + "preconditions = [{ fact = 'x', expected = 'y' }]\n", "publishes what [package] says"),
        (OBJECT.replace('name = "@acme/tool"\n', ""), "operation[1] has no name: what is it about?"),
        (PACKAGE.replace("./tool", "a b") + PUBLISH, "package.path is not well-formed"),
        ("# " + "x" * 256 + "\n" + OBJECT, "line 1 of the plan file has more than 256 characters"),
        ("# \u200b\n" + OBJECT, "line 1 of the plan file holds the invisible character"),
    ],
)
def test_what_is_not_right_is_refused_where_it_stands(text: str, reason: str) -> None:
    assert reason in refusal(text)


def test_what_is_no_utf_8_or_too_long_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="line 2 of the plan file is not UTF-8"):
        parse_plan_file(b"\n\xff")
    with pytest.raises(InvalidInputError, match="65537 bytes, 65536 are allowed"):
        parse_plan_file(b"#" * 65_537)
