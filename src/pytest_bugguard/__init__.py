"""The regression-test gate for pytest: every bug fix brings a test that guards it."""
