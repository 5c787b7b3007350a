"""Our own part of every Python process of a run: standard library (and pytest) only. PYTEST_DONT_REWRITE."""
