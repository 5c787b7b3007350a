"""Writing waivers, the quarantine and first settings: what is there stays byte for byte."""

from __future__ import annotations

import datetime as dt
import stat
from typing import TYPE_CHECKING, Any

import pytest
import tomli
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.adapters import settings_file, settings_writer
from pytest_bugguard.core import settings
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.model import Quarantine, Waiver

if TYPE_CHECKING:
    from pathlib import Path

WAIVER = Waiver("1c0ffee", "payments", "needs the vendor's simulator", dt.date(2027, 1, 31))
LINES = """\
[[tool.bugguard.waivers]]
fix = "1c0ffee"
owner = "payments"
reason = "needs the vendor's simulator"
expires = 2027-01-31
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For all examples, and for them alone: settings in a folder hold for each repository below it."""
    return tmp_path_factory.mktemp("written")


@pytest.mark.parametrize(
    ("before", "above", "below"),
    [
        pytest.param("", "", "", id="empty"),
        pytest.param("[project]\nname='x'\n", "[project]\nname='x'\n\n", "", id="no-table-of-ours"),
        pytest.param("\n\n[project] # c\n\n", "\n\n[project] # c\n\n", "", id="blank-lines"),
        pytest.param("[tool.bugguard]\nbase = 'x' # c\n\n# for ruff\n[tool.ruff]\n",
                     "[tool.bugguard]\nbase = 'x' # c\n\n", "\n# for ruff\n[tool.ruff]\n", id="after-our-table"),
        pytest.param("[tool.bugguard.fixes]\nwithout = [\n 'x',\n]\n# ours\n\n[b]\n",
                     "[tool.bugguard.fixes]\nwithout = [\n 'x',\n]\n# ours\n\n", "\n[b]\n", id="after-our-comment"),
        pytest.param("[tool.bugguard]\n# of b\n[b]\n", "[tool.bugguard]\n\n", "\n# of b\n[b]\n",
                     id="before-the-comment-of-the-next"),
        pytest.param("[[tool.bugguard.waivers]]\nfix='abcdef1'\n[tool.bugguard.fixes]\n",
                     "[[tool.bugguard.waivers]]\nfix='abcdef1'\n\n", "\n[tool.bugguard.fixes]\n",
                     id="after-the-last-waiver"),
        pytest.param("[tool.bugguard]\nbase = 'a\u2028b'\n[b]\n", "[tool.bugguard]\nbase = 'a\u2028b'\n\n",
                     "\n[b]\n", id="a-line-separator-that-is-none"),
        pytest.param("[tool]\nbugguard.base='x'\n[b]\n", "[tool]\nbugguard.base='x'\n[b]\n\n", "", id="dotted"),
    ],
)  # fmt: skip
def test_a_waiver_goes_where_a_reader_looks_for_it(tmp_path: Path, before: str, above: str, below: str) -> None:
    """Behind the last waiver, else behind our last table, else at the end, set off by blank lines."""
    path = tmp_path / "pyproject.toml"
    path.write_text(before)
    settings_writer.add_waiver(path, WAIVER)
    assert path.read_text() == above + LINES + below


def test_line_endings_and_a_missing_final_newline_stay(tmp_path: Path) -> None:
    """A file of Windows stays one; a file without a last newline gets none."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"\xef\xbb\xbf[tool.bugguard]\r\nbase='x'")
    settings_writer.add_waiver(path, WAIVER)
    added = LINES.rstrip().replace("\n", "\r\n").encode()
    assert path.read_bytes() == b"\xef\xbb\xbf[tool.bugguard]\r\nbase='x'\r\n\r\n" + added


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("tool = { bugguard = { base = 'x' } }\n", id="inline-tool"),
        pytest.param("[tool]\nbugguard = { base = 'x' }\n", id="inline-table"),
        pytest.param("[tool.bugguard]\nwaivers = [{ fix = 'abcdef1' }]\n", id="inline-list"),
        pytest.param("[tool.bugguard]\nwaivers = 3\n", id="something-else"),
        pytest.param("[tool.bugguard\n", id="broken"),
    ],
)
def test_what_cannot_be_extended_is_refused_untouched(tmp_path: Path, before: str) -> None:
    """Better no waiver than a file that says something else; the hint says how to write it."""
    path = tmp_path / "pyproject.toml"
    path.write_text(before)
    with pytest.raises(SettingsError) as caught:
        settings_writer.add_waiver(path, WAIVER)
    assert caught.value.hint
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["pyproject.toml"]


def test_what_is_no_text_is_refused_untouched(tmp_path: Path) -> None:
    """A shell hands over bytes that are no UTF-8, as a terminal of another encoding types them."""
    path = tmp_path / "bugguard.toml"
    path.write_text(LINES.replace("tool.bugguard.", ""))
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="no UTF-8"):
        settings_writer.add_waiver(path, replace(WAIVER, owner="caf\udce9"))
    assert path.read_bytes() == before


def test_our_own_file_has_short_headers(tmp_path: Path) -> None:
    """bugguard.toml holds the same keys at its top; it is made where there is no pyproject.toml."""
    path = settings_writer.target(tmp_path)
    assert path.name == "bugguard.toml"
    settings_writer.add_table(path, {"enabled": "ci", "fixes": {"issues": [r"SHOP-\d+"]}})
    settings_writer.add_waiver(path, WAIVER)
    expected = "enabled = \"ci\"\n\n[fixes]\nissues = ['SHOP-\\d+']\n\n" + LINES.replace("tool.bugguard.", "")
    assert path.read_text() == expected
    assert settings_writer.target(tmp_path) == path


def test_a_first_table_goes_to_the_end(tmp_path: Path) -> None:
    """What ``bugguard init`` proposes, without touching what is there."""
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.ruff] # mine\n")
    assert settings_writer.target(tmp_path) == path
    settings_writer.add_table(path, {"source": ["src"], "fixes": {"scope": "unit"}})
    added = '[tool.bugguard]\nsource = ["src"]\n\n[tool.bugguard.fixes]\nscope = "unit"\n'
    assert path.read_text() == "[tool.ruff] # mine\n\n" + added


def test_settings_that_are_there_are_never_overwritten(tmp_path: Path) -> None:
    """A second ``init`` is refused."""
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.bugguard]\nbase = 'x'\n")
    with pytest.raises(SettingsError, match="there are settings already"):
        settings_writer.add_table(path, {"source": ["src"]})


def test_the_mode_stays_and_no_scratch_file_does(tmp_path: Path) -> None:
    """The file is replaced in one step and looks as before to everybody else."""
    path = tmp_path / "bugguard.toml"
    path.write_text("base = 'x'\n")
    path.chmod(0o640)
    settings_writer.add_waiver(path, WAIVER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_inside_the_folder_is_followed_and_one_out_of_it_is_not(tmp_path: Path) -> None:
    """A checkout's link must not make us write somewhere else on the machine."""
    inside = tmp_path / "repo"
    inside.mkdir()
    (inside / "real.toml").write_text("base = 'x'\n")
    (inside / "bugguard.toml").symlink_to("real.toml")
    settings_writer.add_waiver(inside / "bugguard.toml", WAIVER)
    assert (inside / "bugguard.toml").is_symlink()
    assert "1c0ffee" in (inside / "real.toml").read_text()

    (tmp_path / "outside.toml").write_text("base = 'x'\n")
    (inside / "bugguard.toml").unlink()
    (inside / "bugguard.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(SettingsError, match="link out of its folder"):
        settings_writer.add_waiver(inside / "bugguard.toml", WAIVER)
    assert (tmp_path / "outside.toml").read_text() == "base = 'x'\n"


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    """No traceback for what is no file."""
    (tmp_path / "bugguard.toml").mkdir()
    with pytest.raises(SettingsError, match="Is a directory"):
        settings_writer.add_waiver(tmp_path / "bugguard.toml", WAIVER)


_COMMENT = st.sampled_from(["", " # c", "# [tool.bugguard]", "\t"])
_STATEMENTS = st.lists(
    st.sampled_from(
        ["", "# note", "[project]", "name = 'a' # b", "[tool.ruff]", "select = [\n 'A', # c\n]", "[[tool.x]]",
         "y = '''\n[tool.bugguard]\n'''", "[tool.bugguard]", "base = 'x'", "[tool.bugguard.fixes]",
         "[[tool.bugguard.waivers]]", "fix = 'abcdef1'"]
    ),
    max_size=8,
)  # fmt: skip


@given(_STATEMENTS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.text(st.characters(codec="utf-8"), min_size=1))
def test_everything_else_in_the_file_stays(
    folder: Path, statements: list[str], newline: str, has_end: bool, reason: str
) -> None:
    """The old bytes are there in order with one piece put between; the waiver reads back as it was given."""
    before = "\n".join(statements).replace("\n", newline) + (newline if has_end else "")
    try:
        tomli.loads(before)
    except tomli.TOMLDecodeError:
        return
    path = folder / "pyproject.toml"
    path.write_bytes(before.encode())
    waiver = Waiver("1c0ffee", "payments", reason, dt.date(2027, 1, 31))
    settings_writer.add_waiver(path, waiver)
    after = path.read_bytes().decode()
    assert any(after.startswith(before[:cut]) and after.endswith(before[cut:]) for cut in range(len(before) + 1))
    layer = settings_file.layer(path.read_bytes(), path.name)
    assert layer is not None
    assert layer.table["waivers"][-1]["reason"] == reason


_TABLES = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.sampled_from([True, False, "ci"]),
        "source": st.lists(st.sampled_from(["src", "lib/a b", "ü"]), min_size=1, unique=True),
        "fixes": st.fixed_dictionaries(
            {}, optional={"issues": st.lists(st.sampled_from([r"SHOP-\d+", "it's", r"\[']"]), min_size=1, unique=True)}
        ),
    },
).filter(lambda table: any(value not in ({}, []) for value in table.values()))


@given(_TABLES)
def test_a_table_reads_back_as_settings(folder: Path, table: dict[str, Any]) -> None:
    """What was proposed is what the reader finds."""
    path = folder / "bugguard.toml"
    path.unlink(missing_ok=True)
    settings_writer.add_table(path, table)
    layer = settings_file.layer(path.read_bytes(), path.name)
    assert layer is not None
    assert settings.load([layer], ()) == settings.load([settings.Layer(table, lambda _: "")], ())
    assert tomlkit.parse(path.read_text()).unwrap() == table


HELD = Quarantine(
    "tests/t.py::test_[\\d]", "net", 'it\'s "slow"', dt.date(2027, 1, 31), failures=("E at src/a.py::f", "F")
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[a]\n\n{x}\n[b]\n", "[a]\n\n[b]\n", id="between"),
        pytest.param("# first\n\n# of x\n{x}# below\n\n[b]\n", "# first\n\n# of x\n# below\n\n[b]\n", id="comments"),
        pytest.param("[a]\nb=1\n\n{x}", "[a]\nb=1\n", id="last"),
        pytest.param(
            "{x}\n[[tool.bugguard.quarantine]]\ntest='b'\n",
            "\n[[tool.bugguard.quarantine]]\ntest='b'\n",
            id="one-of-two",
        ),
        pytest.param(
            "[[tool.bugguard.quarantine]]\ntest='b'\n\n{x}", "[[tool.bugguard.quarantine]]\ntest='b'\n", id="second"
        ),
    ],
)
def test_a_test_leaves_the_quarantine_alone(tmp_path: Path, before: str, after: str) -> None:
    """Its table goes, with one of the blank lines around it; all else stays, in the line endings of the file."""
    empty = tmp_path / "pyproject.toml"
    settings_writer.add_quarantine(empty, HELD)
    entry = empty.read_text()
    for newline in ("\n", "\r\n"):
        empty.write_bytes(before.format(x=entry).replace("\n", newline).encode())
        settings_writer.drop_quarantine(empty, HELD.test)
        assert empty.read_bytes() == after.replace("\n", newline).encode()


def test_what_goes_into_quarantine_is_read_as_it_was_meant(tmp_path: Path) -> None:
    """Odd node ids and quotes too; and it goes where the last one stands."""
    path = tmp_path / "pyproject.toml"
    path.write_text("[[tool.bugguard.quarantine]]\ntest='a::b'\nowner='x'\nreason='y'\nexpires=2027-01-01\n[b]\n")
    settings_writer.add_quarantine(path, HELD)
    read = settings.load([settings_file.layer(path.read_bytes(), path.name)], ()).quarantine  # type: ignore[list-item]
    assert [one.test for one in read] == ["a::b", HELD.test]
    assert (read[1].reason, read[1].failures) == (HELD.reason, HELD.failures)
    assert path.read_text().endswith("\n\n[b]\n")


@pytest.mark.parametrize(
    "before", ["quarantine = [{ test = 'x' }]", "[a]\nb = { quarantine = 1 }\n[[quarantine]]\ntest='x'"]
)
def test_a_quarantine_in_one_line_is_left_to_its_writer(tmp_path: Path, before: str) -> None:
    """Where the table cannot be found, nothing is written; where it can, only it goes."""
    path = tmp_path / "bugguard.toml"
    path.write_text(before)
    if "[[" in before:
        settings_writer.drop_quarantine(path, "x")
        assert path.read_text() == "[a]\nb = { quarantine = 1 }\n"
        return
    with pytest.raises(SettingsError, match="cannot be changed"):
        settings_writer.drop_quarantine(path, "x")
    assert path.read_text() == before
