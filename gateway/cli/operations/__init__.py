"""The GraphQL operations of the commands, a document a file; a test validates each against the committed schema."""

import re
from functools import cache
from importlib.resources import files

_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


@cache
def document(name: str) -> str:
    """Return the operation of the file `name` with the fragments that it spreads, ready to be sent."""
    texts = {name: _read(name)}
    wanted = [*_SPREAD.findall(texts[name])]
    while wanted:
        fragment = wanted.pop()
        if fragment not in texts:
            texts[fragment] = _read(fragment)
            wanted.extend(_SPREAD.findall(texts[fragment]))
    return "\n".join(texts.values())


def _read(name: str) -> str:
    return (files(__name__) / f"{name}.graphql").read_text("utf-8")
