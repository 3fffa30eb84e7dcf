"""Reading a YAML or JSON file that a person wrote, strictly, and knowing in which line each part of it stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from gateway.cli.text_file import FileError
from snapshots.errors import FieldPath

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML has it: 10 times as fast
_DEEPEST = 10
"""Levels of lists and mappings; three are of use."""

# What PyYAML and libyaml call it, by a word that both have, and what to say instead.
_PROBLEMS = (
    (r"mapping values are not allowed", "a colon where none can be; check the indentation, or put the text in quotes"),
    (r"expected ':'|expected a mapping|simple key", "a key without a colon and a value"),
    (r"expected ',' or '\]'", "a list in [ ] that is not closed, or lacks a comma"),
    (r"expected ',' or '\}'", "braces { } that are not closed, or lack a comma"),
    (r"end of stream|scanning a quoted scalar", "a text in quotes that is not closed"),
    (r"constructor for the tag", "a tag such as !name, which is not supported"),
    (r"<block end>|block (mapping|collection|sequence)|sequence entries", "something that is not indented as the rest"),
    (r"cannot start any token", "a character that needs quotes around its text"),
    (r"expected a single document", "a second document after ---; put everything into one"),
    (r"month|day|hour|minute|second", "a date that does not exist; put it in quotes"),
)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says, and where."""

    content: object
    root: yaml.Node | None

    def place(self, path: FieldPath) -> str:
        """Return the line of what is at `path`, or of what it would be in, and the path: `line 5, topics[3].name`."""
        node, line = self.root, 1
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            line, node = found
        return f"line {line}{f', {dotted(path)}' if path else ''}"


def dotted(path: FieldPath) -> str:
    """Return `path` as people write it: `topics[3].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def parse_yaml(text: str) -> YamlFile:
    """Return what `text`, YAML or JSON, says. Raises FileError with the line of what is wrong.

    What makes a small file large, and a key that is there twice, is refused.
    """
    try:
        _check_shape(text)
        root = yaml.compose(text, Loader=_LOADER)
        _check_keys(root)
        return YamlFile(yaml.load(text, Loader=_LOADER), root)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        tab = mark is not None and _character(text, mark) == "\t"
        raise FileError(f"{place}{_words(f'{error.context} {error.problem}', tab=tab)}") from error
    except yaml.YAMLError as error:
        raise FileError("This is neither YAML nor JSON: it has a character that no text has.") from error
    except ValueError as error:  # a date that does not exist, say
        raise FileError(
            f"This is neither YAML nor JSON: it has {_known(str(error)) or 'a value nobody can read'}."
        ) from error


def _words(problem: str, *, tab: bool) -> str:
    if problem.startswith(_OURS):
        return f"{problem.removeprefix(_OURS)}."
    known = "a tab; use blanks to indent" if tab else _known(problem)
    return f"this is neither YAML nor JSON{f': look for {known}' if known else ''}."


def _character(text: str, mark: yaml.Mark) -> str:
    line = text.splitlines()[mark.line : mark.line + 1]
    return line[0][mark.column : mark.column + 1] if line else ""


def _known(problem: str) -> str | None:
    return next((words for pattern, words in _PROBLEMS if re.search(pattern, problem)), None)


def _check_shape(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):  # a few lines of them can stand for gigabytes
            raise _problem("aliases (*name) are not supported; write the value out", event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _problem("this is nested too deeply", event.start_mark)


def _check_keys(root: yaml.Node | None) -> None:
    """Refuse a key that is there twice: YAML and JSON would keep the last one silently."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            nodes.extend(value for _, value in node.value)
            for key in _twice([key for key, _ in node.value]):
                raise _problem(f"the key {key.value} is here twice", key.start_mark)


def _twice(keys: Sequence[yaml.Node]) -> Iterator[yaml.ScalarNode]:
    seen = set()
    for key in keys:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)


def _step(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    """Return the line of what is one step further in, and its node."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key.start_mark.line + 1, value
    return None


_OURS = "topicsnap: "


def _problem(problem: str, mark: Any) -> yaml.MarkedYAMLError:  # noqa: ANN401 - a mark of either loader
    return yaml.MarkedYAMLError(context=_OURS.strip(), problem=problem, problem_mark=mark)
