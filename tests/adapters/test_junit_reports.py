"""JUnit XML as it is found in the wild: read where it can be, refused whole where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import junit_reports
from pytest_bugguard.adapters.junit_reports import JunitError
from pytest_bugguard.core.junit import Known, run_of

if TYPE_CHECKING:
    from pathlib import Path

REPORT = b"""<?xml version="1.0"?>
<testsuites><testsuite name="a" time="1,200.5" timestamp="2026-11-25T22:14:06+01:00">
  <properties><property name="Commit" value="1c0ffee"/></properties>
  <testsuite name="inner" time="3" timestamp="2026-11-25T22:14:07"/>
  <testcase classname="t" name="a" time="0.25"><failure message="no" type="E"><![CDATA[<x>]]> &amp; y</failure>
  </testcase>
  <testcase classname="t" name="b" time="-1"><skipped/><system-out>noise</system-out></testcase>
  <testcase classname="t" name="c" status="notrun"/>
</testsuite><testsuite name="b" time="nan"><testcase classname="t" name="d"/></testsuite></testsuites>
"""


def test_a_report_is_read() -> None:
    """Suites in suites, times with commas, texts with markup, and values that are none."""
    report = junit_reports.read(REPORT, "j.xml")
    assert (report.started_s, report.duration_s) == (1_795_641_246, 1200.5)
    assert report.properties == {"commit": "1c0ffee"}
    assert [(case.name, case.duration_s, [one.tag for one in case.ended]) for case in report.cases] == [
        ("a", 0.25, ["failure"]),
        ("b", 0.0, ["skipped"]),
        ("c", 0.0, ["skipped"]),
        ("d", 0.0, []),
    ]
    assert report.cases[0].ended[0].text == "<x> & y"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(REPORT[:-20], id="cut-off"),
        pytest.param(b"<html/>", id="something-else"),
        pytest.param(b"\x00\xff" * 9, id="garbage"),
        pytest.param(b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><testsuite>&b;</testsuite>', id="entities"),
        pytest.param(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite>&a;</testsuite>', id="files"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(content: bytes) -> None:
    """With its name; no entity is made, none fetched."""
    with pytest.raises(JunitError, match=r"^j\.xml cannot be read: \S"):
        junit_reports.read(content, "j.xml")


def test_endless_nesting_is_read_or_refused() -> None:
    """And never ends the process."""
    depth = 100_000
    content = b"<testsuite>" * depth + b"</testsuite>" * depth
    assert junit_reports.read(content, "j.xml").cases == []


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_what_pytest_writes_is_what_it_ran(pytester: pytest.Pytester, family: str, tmp_path: Path) -> None:
    """The node ids of a real run come back out of its report, in both of its dialects."""
    pytester.makepyfile(**{"tests/test_x": """
        import pytest
        class TestA:
            @pytest.mark.parametrize("v", ["a::b", "[c]"])
            def test_p(self, v):
                assert v == "[c]"
        @pytest.fixture
        def broken():
            raise TimeoutError("after 3 s")
        def test_s(broken):
            pass
        """})  # fmt: skip
    file = tmp_path / "j.xml"
    home = f"--rootdir={pytester.path}"  # settings that another test left above it are none of its own
    pytester.runpytest_subprocess(home, "-p", "no:cacheprovider", f"--junitxml={file}", "-o", f"junit_family={family}")
    report = junit_reports.read(file.read_bytes(), "j.xml")
    run = run_of(report, Known("id", 0, "j.xml", ("tests/test_x.py",), lambda _: ""))
    assert [(one.nodeid, one.outcome, one.phase, one.failure and one.failure.kind) for one in run.attempts] == [
        ("tests/test_x.py::TestA::test_p[a::b]", "failed", "call", "AssertionError"),
        ("tests/test_x.py::TestA::test_p[[c]]", "passed", "call", None),
        ("tests/test_x.py::test_s", "failed", "setup", "TimeoutError"),
    ]
    assert {one.failure.place for one in run.attempts if one.failure} == {"tests/test_x.py:5", "tests/test_x.py:8"}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--tb=long", "-o", "junit_family=xunit1"), id="xunit1"),
        pytest.param(("--tb=short", "--junitprefix=py3.11", "-o", "junit_family=xunit1"), id="xunit1-prefix-short"),
        pytest.param(("--tb=native", "--junitprefix=py3.11"), id="xunit2-prefix-native"),
        pytest.param(("--tb=short", "-n1"), id="xunit2-workers-short"),
        pytest.param(("--rootdir=a", "-o", "junit_family=xunit1"), id="xunit1-further-down"),
        pytest.param(("--rootdir=a", "--junitprefix=py3.11", "-o", "junit_family=xunit1"), id="prefix-further-down"),
    ],
)
def test_what_pytest_writes_is_the_same_in_every_style(
    pytester: pytest.Pytester, options: tuple[str, ...], tmp_path: Path
) -> None:
    """Tests that two classes inherit are two, and a failure is where the project, not a library, has failed."""
    inherits = "from base import Base\nclass TestX(Base):\n    class TestIn:\n        def test_b(self): pass\n"
    pytester.makepyfile(**{
        "a/tests/base": "import json\nclass Base:\n    def test_a(self):\n        json.loads('{')\n",
        "a/tests/test_one": inherits,
        "a/tests/v1.2/test_two": "from base import Base\nclass TestX(Base): pass\n",
    })  # fmt: skip
    file = tmp_path / "j.xml"
    pytester.runpytest_subprocess(
        f"--rootdir={pytester.path}", "-p", "no:cacheprovider", "-opythonpath=a/tests", f"--junitxml={file}", *options
    )
    sources = ("a/tests/base.py", "a/tests/test_one.py", "a/tests/v1.2/test_two.py")
    run = run_of(junit_reports.read(file.read_bytes(), "j.xml"), Known("id", 0, "j.xml", sources, lambda _: ""))
    failed = ("JSONDecodeError", "a/tests/base.py:4")
    assert [(one.nodeid, one.failure and (one.failure.kind, one.failure.place)) for one in run.attempts] == [
        ("a/tests/test_one.py::TestX::test_a", failed),
        ("a/tests/test_one.py::TestX::TestIn::test_b", None),
        ("a/tests/v1.2/test_two.py::TestX::test_a", failed),
    ]
