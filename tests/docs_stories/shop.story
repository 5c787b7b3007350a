commit: feat: show products page by page
  file: pyproject.toml
    [tool.pytest.ini_options]
    pythonpath = ["src"]
  file: src/shop/__init__.py
    """A small shop."""
  file: src/shop/pager.py
    """Long lists, a page at a time."""


    def count(items, size):
        """How many pages it takes."""
        return len(items) // size + 1


    def page(items, number, size=10):
        """The items on a page; the first page is number 1."""
        start = number * size
        return items[start : start + size]
  file: tests/test_pager.py
    from shop import pager


    def test_count():
        assert pager.count(range(25), size=10) == 3
commit: docs: say what the shop is
  file: README.md
    # Shop

    A small shop.
branch: pages
commit: fix: an even-sized list has an empty last page
  body: Fixes #7
  file: src/shop/pager.py
    """Long lists, a page at a time."""


    def count(items, size):
        """How many pages it takes."""
        return -(-len(items) // size)


    def page(items, number, size=10):
        """The items on a page; the first page is number 1."""
        start = number * size
        return items[start : start + size]
  file: tests/test_pager.py
    from shop import pager


    def test_count():
        assert pager.count(range(25), size=10) == 3


    def test_count_of_an_even_sized_list():
        assert pager.count(range(20), size=10) == 2
commit: fix: page 1 is the first page, not the second
  file: src/shop/pager.py
    """Long lists, a page at a time."""


    def count(items, size):
        """How many pages it takes."""
        return -(-len(items) // size)


    def page(items, number, size=10):
        """The items on a page; the first page is number 1."""
        start = (number - 1) * size
        return items[start : start + size]
