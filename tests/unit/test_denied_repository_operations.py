from __future__ import annotations

from placet.domain.authorization.denial import denial_keys
from support.effects import artifact_of
from support.github import ASSETS, pull_operation, release_operation, tag_operation

COMMIT, OTHER = "ab" * 20, "cd" * 20


def test_a_denied_release_is_denied_by_its_assets_and_not_by_its_text() -> None:
    keys = denial_keys(release_operation(COMMIT))

    assert keys == tuple(
        sorted(f"denial/artifact/{artifact_of(name, content).sha256}" for name, content in ASSETS.items())
    )
    assert denial_keys(release_operation(OTHER, notes=b"Bug fixes.", title="another")) == keys


def test_without_assets_a_denial_is_of_subject_and_params_and_leaves_others_with_the_same_text_alone() -> None:
    denied = [tag_operation(COMMIT), release_operation(COMMIT, assets={}), pull_operation(COMMIT)]
    others = [tag_operation(OTHER), release_operation(OTHER, assets={}), pull_operation(OTHER)]
    keys = [denial_keys(each) for each in denied]

    assert all(key.startswith("denial/effect/") for (key,) in keys)
    assert [denial_keys(each) for each in denied] == keys
    assert len({*keys, *(denial_keys(each) for each in others)}) == 6


def test_the_archive_that_a_run_is_about_is_denied_with_it() -> None:
    assert denial_keys(tag_operation(COMMIT), "ef" * 32)[0] == f"denial/archive/{'ef' * 32}"
