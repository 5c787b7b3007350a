"""Where an assertion may stand that a test makes by calling somebody else: on the test side, and nowhere else."""

from __future__ import annotations

import pytest

from tests.maps import changed, mapped

ASSERTS = "def paid(bill):\n    assert bill\n"
RETURNS = "def paid(bill):\n    return bill\n"
DESK = "class Desk:\n    def paid(self, bill):\n        assert bill\n"


def why_not(text: str, **tree: str) -> str:
    """Why ``test_one``, in a new file, may guard nothing; empty where it may."""
    (test,) = mapped(changed("tests/unit/test_a.py", None, text), **tree).tests
    return test.reason


@pytest.mark.parametrize(
    ("line", "call", "place"),
    [
        pytest.param("from tests.bills import paid", "paid", "tests__bills", id="tests"),
        pytest.param("from tests import bills", "bills.paid", "tests__bills", id="module"),
        pytest.param("import tests.bills as b", "b.paid", "tests__bills", id="module-with-a-name"),
        pytest.param("from tests.bills import paid as p", "p", "tests__bills", id="function-with-a-name"),
        pytest.param("from .bills import paid", "paid", "tests__unit__bills", id="beside"),
        pytest.param("from ..bills import paid", "paid", "tests__bills", id="above"),
        pytest.param("from util import paid", "paid", "tests__unit__util", id="util"),
        pytest.param("from helpers import paid", "paid", "tests__unit__helpers", id="helpers"),
        pytest.param("from support import paid", "paid", "tests__unit__support", id="support"),
        pytest.param("from common import paid", "paid", "tests__unit__common", id="common"),
        pytest.param("from conftest import paid", "paid", "tests__unit__conftest", id="conftest"),
    ],
)
def test_a_helper_of_the_test_side_is_read(line: str, call: str, place: str) -> None:
    """By its place or by its name: what it asserts the test asserts, and what it does not the test does not."""
    text = f"{line}\n\ndef test_one():\n    {call}(order(1))\n"
    packages = {"tests____init__": "", "tests__unit____init__": ""} if "tests" in line or " ." in line else {}
    assert why_not(text, **packages, **{place: ASSERTS}) == ""
    assert why_not(text, **packages, **{place: RETURNS}) == "has no assertion"


def test_what_the_product_asserts_is_none_of_the_tests() -> None:
    """It holds for each who calls it, with or without a test."""
    text = "from shop.bills import paid\n\ndef test_one():\n    paid(order(1))\n"
    assert why_not(text, src__shop____init__="", src__shop__bills=ASSERTS) == "has no assertion"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("def test_one(desk: Desk):\n    desk.paid(order(1))\n", "", id="a-parameter-that-says-its-class"),
        pytest.param("def test_one(desk: Till):\n    desk.paid(order(1))\n", "has no assertion", id="of-another-class"),
        pytest.param("def test_one(desk):\n    desk.paid(order(1))\n", "has no assertion", id="that-says-nothing"),
        pytest.param("def test_one():\n    Desk().paid(order(1))\n", "", id="an-object-that-is-made"),
        pytest.param("def test_one():\n    Desk(order(1))\n", "", id="a-class-that-is-called"),
        pytest.param("def test_one():\n    Till().paid(order(1))\n", "has no assertion", id="one-that-asserts-nothing"),
        pytest.param("def test_one():\n    make().paid(order(1))\n", "", id="one-that-a-helper-makes"),
        pytest.param("def test_one():\n    paid(order(1))\n", "has no assertion", id="no-function-of-this-module"),
    ],
)
def test_a_method_counts_where_its_class_is_known(text: str, reason: str) -> None:
    """A class of the test side asserts what its methods assert."""
    till = "class Till:\n    def paid(self, bill):\n        return bill\n"
    assert why_not(f"{DESK}\n{till}\ndef make():\n    return Desk()\n\n{text}") == reason


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        pytest.param("self.paid", "", id="self"),
        pytest.param("cls.paid", "", id="cls"),
        pytest.param("self.asked", "", id="inherited"),
        pytest.param("super().paid", "has no assertion", id="what-stands-above"),
        pytest.param("super().asked", "", id="what-stands-above-and-asserts"),
        pytest.param("self.desk.paid", "has no assertion", id="somebody-elses"),
        pytest.param("other.paid", "has no assertion", id="another"),
        pytest.param("self.gone", "has no assertion", id="no-such-method"),
    ],
)
def test_a_method_of_its_own_class_counts_as_it_is_inherited(call: str, reason: str) -> None:
    """By ``super()`` it is the one above, whatever the class itself says."""
    above = "class Above:\n    def paid(self, bill):\n        return bill\n"
    above += "    def asked(self, bill):\n        assert bill\n\n"
    own = "class TestOne(Above):\n    def paid(self, bill):\n        assert bill\n    def test_one(self):\n"
    assert why_not(f"{above}{own}        {call}(order(1))\n") == reason


def test_a_helpers_own_helper_is_looked_for_where_it_stands() -> None:
    """In its module, by its imports and in its class, not in those of the test."""
    helper = "from .desks import paid as settled\n\nclass Till:\n    def asked(self):\n        self.told()\n"
    told = "    def told(self):\n        settled(order(1))\n"
    text = "from .tills import Till\n\ndef settled(bill):\n    pass\n\ndef test_one():\n    Till().asked()\n"
    tree = {"tests____init__": "", "tests__unit____init__": "", "tests__unit__tills": helper + told}
    assert why_not(text, **tree, tests__unit__desks=ASSERTS) == ""
    assert why_not(text, **tree, tests__unit__desks=RETURNS) == "has no assertion"
