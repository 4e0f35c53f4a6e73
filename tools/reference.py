"""Writes the pages of `docs/reference` from the code, so that they cannot be wrong.

`codes.md` lists every error code and where it is raised, `modules.md` what each module is for,
`cli.md` the help of every command.

usage: tools/reference.py            writes the pages
       tools/reference.py --check    writes nothing; fails if a page is not as it would be written
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PAGES = ROOT / "docs" / "reference"
SPECIFICATION = ROOT / "docs" / "spec"
HEAD = "<!-- Written by `make docs` from the code. Do not edit. -->\n\n"
CODE = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+|SEALED|FROZEN|CONFLICT|INTERNAL|BUSY|UNHEALTHY|UNAUTHENTICATED")
SPECIFIED = re.compile(r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+|SEALED|FROZEN|CONFLICT|INTERNAL)`")
NO_CODES = re.compile(
    r"PLACET_|XDG_|NOTIFY_|GITHUB_|NPM_(?!MISSING)|NO_COLOR|SSH_|BEGIN_|GITLAB_|TF_BUILD|JENKINS_|TEAMCITY_|DEMO_|WAYLAND_|"
    r"RECEIPT_KEY_ID|LEDGER_FILE|TRUST_ROOT_FILE"
)
TABLES = ("placet.cli.hints", "placet.domain.authorization.explanations")
WIDTH = 100


def codes_page() -> str:
    """Return the page of error codes: those the code raises, and those it does not raise yet."""
    hints = importlib.import_module("placet.cli.hints")
    places = codes_in_the_code()
    raised = [
        f"| `{code}` | {hints.default_hint(code)} | {', '.join(f'`{place}`' for place in sorted(places[code]))} |"
        for code in sorted(places)
    ]
    planned = sorted(_specified_codes() - set(places))
    return "\n".join(
        [
            "# Error codes\n",
            "Codes never change. `placet.errors` says which exit code each kind of failure has. The next step is",
            "what the command line hints at where whoever failed had nothing more exact to say.\n",
            "| code | next step | stands in |",
            "|---|---|---|",
            *raised,
            "\n## Specified, not in the code yet\n",
            ", ".join(f"`{code}`" for code in planned) + "\n",
        ]
    )


def codes_in_the_code() -> dict[str, set[str]]:
    """Return the modules in which each code stands; the tables of explanations are no such place."""
    places = defaultdict(set)
    for path in _modules():
        for code in _codes(path):
            if _dotted(path) not in TABLES:
                places[code].add(_dotted(path))
    return dict(places)


def modules_page() -> str:
    """Return the page that says in one sentence what each module is for."""
    lines = ["# Modules\n", "| module | what it is for |", "|---|---|"]
    for path in _modules():
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        summary = docstring.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        lines.append(f"| `{_dotted(path)}` | {summary} |")
    return "\n".join(lines) + "\n"


def cli_page() -> str:
    """Return the page with the help of every command."""
    command = importlib.import_module("placet.cli.program").root
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(command, None, "placet")]
    return "\n".join(["# Commands\n", *sections])


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    texts = {"codes.md": codes_page(), "modules.md": modules_page()}
    if (SOURCE / "placet" / "cli" / "__init__.py").exists():
        texts["cli.md"] = cli_page()
    return {PAGES / name: HEAD + text for name, text in texts.items()}


def _modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _dotted(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _codes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in constants if CODE.fullmatch(text) and not NO_CODES.match(text)}


def _specified_codes() -> set[str]:
    texts = [page.read_text(encoding="utf-8") for page in SPECIFICATION.glob("*.md")]
    return {code for text in texts for code in SPECIFIED.findall(text) if not NO_CODES.match(code)}


def _helps(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    yield context.command_path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _helps(found, context, child)


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them; return the exit code."""
    stale = []
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(ROOT).as_posix())
            if "--check" not in arguments:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        print(f"not up to date: {', '.join(stale)}\n\nhint: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
