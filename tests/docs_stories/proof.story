commit: feat: show products page by page
  file: pyproject.toml
    [tool.pytest.ini_options]
    pythonpath = ["src"]
  file: src/shop/__init__.py
  file: src/shop/pager.py
    def count(items, size):
        return len(items) // size


    def first(items):
        return items[0]
  file: tests/test_pager.py
    from shop.pager import count


    def test_count():
        assert count([1, 2, 3, 4], 2) == 2
branch: topic
commit: fix: the last page is missing
  file: src/shop/pager.py
    def count(items, size):
        return -(-len(items) // size)


    def first(items):
        return items[0]
  file: tests/test_last_page.py
    from shop.pager import count


    def test_last_page():
        assert count([1, 2, 3], 2) == 2
commit: fix: an empty shop has no first product
  file: src/shop/pager.py
    def count(items, size):
        return -(-len(items) // size)


    def first(items):
        return items[0] if items else None
  file: tests/test_first.py
    from shop.pager import first


    def test_first():
        assert first([7, 8]) == 7
