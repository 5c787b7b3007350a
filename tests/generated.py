"""Which parts of the docs are read off the code: the rooms of the house, the settings, the rules, the commands.

In a page such a part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; a test compares it, and
``python -m tests.generated`` writes it.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import textwrap
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from pytest_bugguard import hookspecs, plugin
from pytest_bugguard.cli import exit_codes
from pytest_bugguard.cli.door import command_line
from pytest_bugguard.core import rules, settings_fields
from pytest_bugguard.core.rule import Mode
from tests import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_bugguard.core.rule import Rule
    from pytest_bugguard.core.settings_fields import Field

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "src" / "pytest_bugguard"
PAGES = sorted((TOP / "docs").rglob("*.md"))
_PART = re.compile(r"(?<=<!-- generated: )(?P<name>\w+) -->\n.*?(?=<!-- end -->)", re.DOTALL)


def modules() -> list[Path]:
    """Every module of the package: the doors first, then floor by floor."""
    return sorted(PACKAGE.rglob("*.py"), key=lambda path: (len(path.parts), path))


def name(module: Path) -> str:
    """The module as the docs call it: ``core/model.py``."""
    return module.relative_to(PACKAGE).as_posix()


def question(module: Path) -> str:
    """The first line of its docstring; empty where it has none."""
    return _line(ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))))


def _first_line(function: object) -> str:
    return _line(inspect.getdoc(function))


def _line(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0].replace("``", "`")


def redrawn(page: str) -> str:
    """The page with its parts as the code has them now."""
    return _PART.sub(lambda part: f"{part['name']} -->\n\n{PARTS[part['name']]()}\n", page)


def _rooms() -> str:
    rooms = [module for module in modules() if module.name != "__init__.py" or _does_something(module)]
    return _table(("room", "what it answers"), ((f"`{name(room)}`", _answer(room)) for room in rooms))


def _does_something(module: Path) -> bool:
    """Whether it holds more than a docstring."""
    return len(ast.parse(module.read_text(encoding="utf-8")).body) > 1


def _answer(room: Path) -> str:
    return question(room).removesuffix(" Pure; no I/O.")


def _settings(fields: Iterable[Field]) -> str:
    columns = ("key", "what it does", "accepts", "default", "for example")
    rows = ((f"`{field.key}`", field.doc, field.accepts, _default(field), f"`{field.example}`") for field in fields)
    return _table(columns, rows)


_NO_VALUES = {settings_fields.REQUIRED: "must be given", settings_fields.NOTHING: "nothing", None: "found by looking"}


def _default(field: Field) -> str:
    match field.default:
        case value if value in _NO_VALUES:
            return _NO_VALUES[value]
        case bool(flag):
            return f"`{str(flag).lower()}`"
        case int(number):
            return f"`{number}`"
        case tuple():
            return "`[]`"
        case value:
            return f'`"{value}"`'


def _rules() -> str:
    rows = ((f"`{rule.name}`", _first_line(rule.find), _says(rule), _modes(rule)) for rule in rules.RULES)
    return _table(("rule", "what it looks for", "says", "in the modes"), rows)


def _says(rule: Rule) -> str:
    return "a fix" if rule.says_fix else "not a fix"


def _modes(rule: Rule) -> str:
    return ", ".join(mode for mode in Mode if mode in rule.modes)


def _commands() -> str:
    return "\n".join(
        f"## `bugguard {command}{_positionals(parser)}`\n\n{_sentence(about)}\n{_own_options(parser)}"
        for command, parser, about in _subparsers(command_line())
    )


def _subparsers(parent: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Every command, those of a command with steps of its own step by step."""
    for tree in _trees(parent):
        about = {choice.dest: choice.help or "" for choice in tree._choices_actions}
        for name, parser in tree.choices.items():
            if _trees(parser):
                yield from _subparsers(parser, f"{path}{name} ")
            else:
                yield f"{path}{name}", parser, about[name]


def _trees(parser: argparse.ArgumentParser) -> list[argparse._SubParsersAction[argparse.ArgumentParser]]:
    return [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]


def _positionals(parser: argparse.ArgumentParser) -> str:
    marks = {"?": "[{}]", "+": "{}...", "*": "[{}...]", None: "{}"}
    return "".join(
        f" {marks[action.nargs if isinstance(action.nargs, str) else None].format(action.metavar)}"
        for action in parser._actions
        if not action.option_strings
    )


def _common_options() -> str:
    return _options(action for action in command_line()._actions if action.option_strings)


def _pytest_options() -> str:
    """What the plugin adds to pytest's own options."""
    parser = argparse.ArgumentParser(add_help=False)
    group = SimpleNamespace(addoption=parser.add_argument)
    plugin.pytest_addoption(cast("Any", SimpleNamespace(getgroup=lambda *_: group)))
    return _options(parser._actions)


def _hooks() -> str:
    """Every question that guests may answer, with its contract and its example."""
    specs = [function for name, function in vars(hookspecs).items() if name.startswith("bugguard_")]
    return "\n".join(f"## `{function.__name__}{_signature(function)}`\n\n{_contract(function)}" for function in specs)


def _exit_codes() -> str:
    rows = ((str(code), said, more) for code, (said, more) in exit_codes.MEANINGS.items())
    return _table(("exit code", "meaning", "such as"), rows)


def _signature(function: Callable[..., object]) -> str:
    return str(inspect.signature(function)).replace("'", "")  # the specs' annotations are texts


def _contract(function: object) -> str:
    said, _, example = (inspect.getdoc(function) or "").partition("Example::\n")
    return f"{said.replace('``', '`').strip()}\n\n```python\n{textwrap.dedent(example).strip()}\n```\n"


def _own_options(parser: argparse.ArgumentParser) -> str:
    common = {name for action in command_line()._actions for name in action.option_strings}
    own = [action for action in parser._actions if common.isdisjoint(action.option_strings)]
    return f"\n{_options(own)}" if own else ""


def _options(actions: Iterable[argparse.Action]) -> str:
    rows = ((f"`{_spelt(action)}`", _sentence(action.help or "")) for action in actions)
    return _table(("argument", "what it does"), rows)


def _spelt(action: argparse.Action) -> str:
    takes_value = action.nargs != 0
    metavar = str(action.metavar or action.dest.upper())
    return ", ".join(f"{name} {metavar}" if takes_value else name for name in action.option_strings) or metavar


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _messages(kind: str) -> str:
    return "".join(f"- `{text}`\n" for text in messages.messages(PACKAGE)[kind])


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


PARTS: dict[str, Callable[[], str]] = {
    "rooms": _rooms,
    "settings": lambda: _settings(settings_fields.top_fields()),
    "fixes": lambda: _settings(settings_fields.fix_fields(rules.NAMES)),
    "waivers": lambda: _settings(settings_fields.waiver_fields()),
    "coverage": lambda: _settings(settings_fields.coverage_fields()),
    "gate": lambda: _settings(settings_fields.gate_fields()),
    "flaky": lambda: _settings(settings_fields.flaky_fields()),
    "delivery": lambda: _settings(settings_fields.delivery_fields()),
    "quarantine": lambda: _settings(settings_fields.quarantine_fields()),
    "rules": _rules,
    "commands": _commands,
    "options": _common_options,
    "pytest_options": _pytest_options,
    "hooks": _hooks,
    "exit_codes": _exit_codes,
    **{kind: partial(_messages, kind) for kind in messages.kinds(PACKAGE)},
}


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(redrawn(page.read_text(encoding="utf-8")), encoding="utf-8")
