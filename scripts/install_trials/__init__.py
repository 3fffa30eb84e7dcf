"""Tries in fresh copies of the checkout what a newcomer does first, with each Python and pip (`make test-install`)."""
