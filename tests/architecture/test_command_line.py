"""The command line translates: it knows the facade, the settings, errors, their explanations, the offline verifier."""

from __future__ import annotations

import ast

from architecture.tree import imports, source_modules

KNOWN_TO_THE_COMMAND_LINE = (
    "placet.cli",
    "placet.client",
    "placet.config",
    "placet.demo",
    "placet.domain.authorization.explanations",
    "placet.domain.verification",
    "placet.errors",
    "placet.facade",
    "placet.web",
)


def test_the_command_line_knows_only_the_facade_and_the_verifier() -> None:
    foreign = [
        f"{module.place}: {name}"
        for module in source_modules()
        if module.within("placet.cli")
        for name, member in imports(module)
        if name.startswith("placet.") and not _is_known(name, member)
    ]

    assert foreign == []


def test_only_the_settings_read_the_environment() -> None:
    reading = {
        module.name
        for module in source_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }

    assert reading <= {"placet.config"}


def _is_known(name: str, member: str) -> bool:
    dotted = f"{name}.{member}"
    return any(
        text == known or text.startswith(f"{known}.") for text in (name, dotted) for known in KNOWN_TO_THE_COMMAND_LINE
    )
