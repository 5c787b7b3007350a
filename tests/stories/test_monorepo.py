"""Several projects in one repository, each with settings of pytest's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

HISTORY = """
commit: feat: a shop and its mail
  file: pyproject.toml
    [tool.pytest.ini_options]
    testpaths = ["shop/tests"]
    norecursedirs = ["samples"]
  file: shop/src/shop.py
    def pages(items):
        return items // 10
  file: mail/src/mail.py
    def greet(name):
        return "Dear " + name
  file: mail/pytest.ini
    [pytest]
    python_files = spec_*.py
    python_functions = *_is_told
commit: fix: nobody is greeted
  file: mail/src/mail.py
    def greet(name):
        return "Dear " + (name or "friend")
  file: mail/specs/spec_greet.py
    import mail

    def nobody_is_told():
        assert mail.greet(None) == "Dear friend"
commit: refactor: other names
  file: mail/pytest.ini
    [pytest]
    python_files = check_*.py
    python_functions = check_*
  delete: mail/specs/spec_greet.py
  file: mail/checks/check_greet.py
    import mail

    def check_nobody():
        assert mail.greet(None) == "Dear friend"
commit: fix: spaces are greeted
  file: mail/src/mail.py
    def greet(name):
        return "Dear " + ((name or "").strip() or "friend")
  file: mail/checks/check_spaces.py
    import mail

    def check_spaces():
        assert mail.greet(" ") == "Dear friend"
commit: fix: last page is missing
  file: shop/src/shop.py
    def pages(items):
        return -(-items // 10)
  file: shop/samples/pytest.ini
    [pytest]
    python_files = page_*.py
  file: shop/samples/page_last.py
    import shop

    def test_last():
        assert shop.pages(11) == 2
"""


def test_the_settings_nearest_to_a_file_say_whether_it_holds_tests(tmp_path: Path) -> None:
    """As they stood in each commit, as where pytest is started in that folder; but not in a folder of samples."""
    shell = Shell(story(tmp_path / "all", HISTORY).path)
    fixes = shell.call("audit", "--format", "json").document["fixes"]
    assert [(fix["subject"], fix["verdict"], [test["nodeid"] for test in fix["tests"]]) for fix in fixes] == [
        ("fix: last page is missing", "unguarded", []),
        ("fix: spaces are greeted", "guarded", ["mail/checks/check_spaces.py::check_spaces"]),
        ("fix: nobody is greeted", "guarded", ["mail/specs/spec_greet.py::nobody_is_told"]),
    ]
    explained = shell.call("explain", *(fix["sha"] for fix in fixes), "--format", "json").document["fixes"]
    assert [(fix["files"], fix["tests"]) for fix in explained] == [(fix["files"], fix["tests"]) for fix in fixes]
