"""What a value should have been, in words of ours: what Pydantic found wrong, for settings and for catalogue files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

_KINDS: Mapping[str, str] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false, without quotes",
    "dict_type": "keys with values (key: value)",
    "float_parsing": "a number",
    "float_type": "a number, without quotes",
    "finite_number": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "int_type": "a whole number, without quotes",
    "list_type": "a list, each item after a hyphen",
    "model_type": "keys with values (key: value)",
    "path_type": "a path",
    "string_type": "a text; put it in quotes",
}
_OF_CONTEXT: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "enum": lambda context: _one_of(context["expected"]),
    "greater_than": lambda context: f"a number above {_number(context['gt'])}",
    "greater_than_equal": lambda context: f"a number from {_number(context['ge'])} on",
    "less_than": lambda context: f"a number below {_number(context['lt'])}",
    "less_than_equal": lambda context: f"a number up to {_number(context['le'])}",
    "literal_error": lambda context: _one_of(context["expected"]),
    "string_too_long": lambda context: f"at most {context['max_length']:,} characters",
    "string_too_short": lambda context: f"at least {context['min_length']:,} characters",
}
_BOUNDS = {"ge": " from {}", "gt": " above {}", "le": " up to {}", "lt": " below {}"}
_NUMBERS = frozenset({"int_parsing", "int_type", "int_from_float", "float_parsing", "float_type"})


def expected(problem: ErrorDetails, metadata: Sequence[object] = ()) -> str:
    """Return what belongs in the place of the value that `problem` is about, as the object of a sentence.

    `metadata` is that of the field, whose bounds are named where no number was given.
    """
    kind, context = problem["type"], problem.get("ctx", {})
    if words := _OF_CONTEXT.get(kind):
        return words(context)
    words_of_kind = _KINDS.get(kind, "another value")
    bounds = _bounds(metadata) if kind in _NUMBERS else ""
    return f"{words_of_kind}{bounds}"


def _bounds(metadata: Sequence[object]) -> str:
    """Name the bounds among the constraints of a field, each of which is an attribute of an object of its own."""
    found = {name: getattr(one, name) for one in metadata for name in _BOUNDS if hasattr(one, name)}
    words = "".join(_BOUNDS[name].format(_number(found[name])) for name in _BOUNDS if name in found)
    return words.replace("up to", "to") if "ge" in found else words


def _number(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:g}"


def _one_of(choices: str) -> str:
    """Pydantic lists the choices in quotes; a single one is no choice."""
    return f"one of {choices}" if " or " in choices else f"only {choices}"
