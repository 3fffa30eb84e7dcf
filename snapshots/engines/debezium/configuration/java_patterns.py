"""Java's regular expressions, as far as Python reads them alike. Pure."""

import re

NOT_PYTHON = re.compile(r"\$\{|&&|\[\[")
"""A reference to a configuration provider; what is a set of characters in Java, and something else in Python."""


def java_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern that Java and Python read alike. Raises re.error for another."""
    if NOT_PYTHON.search(text):
        raise re.error("only Java, or a configuration provider, understands it")
    return re.compile(text, re.IGNORECASE)
