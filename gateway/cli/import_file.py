"""Catalogue files: YAML or JSON, read strictly, with errors that name the line and the place in the file.

The sections have the fields of the values that they become; how a text has to look is said here.
"""

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import EnumType
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, create_model
from pydantic_core import ErrorDetails

from gateway.cli.text_file import MAX_FILE_BYTES, FileError, read_text
from gateway.cli.yaml_file import YamlFile, parse_yaml
from gateway.wrong_values import expected
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.errors import FieldPath, InvalidRequestError
from snapshots.identifiers import MAX_ID_LENGTH

_MOST_FINDINGS = 20
_FORMS: Mapping[str, tuple[str, int, str]] = {
    "id": (r"^[^\x00]*\S[^\x00]*$", MAX_ID_LENGTH, "an id that is not blank"),
    "connect_url": (r"^https?://[^\s@]+$", 2000, "http://… or https://… without credentials; these go behind auth_ref"),
    "database_url_ref": (r"^(env:.+|file:/.+)$", 1000, "a reference, env:NAME or file:/path, and never the URL itself"),
}
"""Pattern and longest text of a field, and what it takes in words."""
_REFERENCE = (r"^(env:.+|file:/.+)$", 1000, "a reference, env:NAME or file:/path, and never the secret itself")
"""What every other field takes whose name ends in `_ref`."""
_NAME = (r"^[^\x00]+$", 1000, "a text that is not empty")
_NUMBERS = {"signal_data_limit": Field(ge=200, le=100_000_000)}
_SECTION = ConfigDict(extra="forbid", strict=True, frozen=True)

_SECTIONS_WANTED = "the file takes the sections clusters, connectors and topics, each with a list of entries"

EntryT = TypeVar("EntryT")


def _section(kind: type) -> type[BaseModel]:
    """Return the model of the entries that become values of `kind`."""
    hints = get_type_hints(kind)
    wanted = {one.name: (_form(one.name, hints[one.name]), one.default) for one in fields(kind)}
    definitions = {name: (hint, ... if default is MISSING else default) for name, (hint, default) in wanted.items()}
    return cast("type[BaseModel]", create_model(kind.__name__, __config__=_SECTION, **cast("Any", definitions)))


def _form(name: str, hint: Any) -> Any:  # noqa: ANN401 (a type, as Pydantic takes it)
    kinds = get_args(hint) or (hint,)
    optional = type(None) in kinds
    (kind,) = (one for one in kinds if one is not type(None))
    if kind is str:
        pattern, longest, _ = _text_form(name)
        kind = Annotated[str, StringConstraints(min_length=1, max_length=longest, pattern=pattern)]
    elif isinstance(kind, EnumType):
        kind = Annotated[kind, Field(strict=False)]
    elif name in _NUMBERS:
        kind = Annotated[kind, _NUMBERS[name]]
    return kind | None if optional else kind


def _text_form(name: str) -> tuple[str, int, str]:
    return _FORMS.get(name, _REFERENCE if name.endswith("_ref") else _NAME)


SECTIONS: Mapping[str, type[BaseModel]] = {
    "clusters": _section(ImportedCluster),
    "connectors": _section(ImportedConnector),
    "topics": _section(ImportedTopic),
}
"""The sections of a file, and what an entry of each may say."""
_FILE = cast(
    "type[BaseModel]",
    create_model(
        "CatalogFile",
        __config__=_SECTION,
        **cast("Any", {name: (list[entry], []) for name, entry in SECTIONS.items()}),  # type: ignore[valid-type]
    ),
)


@dataclass(frozen=True, slots=True)
class ImportFile:
    """What a file says."""

    content: CatalogImport
    file: YamlFile

    def explained(self, error: InvalidRequestError) -> FileError:
        """Return what is wrong with the import, with the lines of the file that say so."""
        return FileError("\n".join(f"{self.file.place(one.field or ())}: {one.message}" for one in error.findings))


def read_import(path: Path, *, most_bytes: int = MAX_FILE_BYTES) -> ImportFile:
    """Return what the file says. Raises FileError, with every finding (at most 20) and its place.

    A file of more than `most_bytes` is not read to its end.
    """
    return parse_import(read_text(path, most_bytes))


def parse_import(text: str) -> ImportFile:
    """Return what `text`, YAML or JSON, says. Raises FileError."""
    file = parse_yaml(text)
    try:
        given = _FILE.model_validate(file.content if file.content is not None else {})
    except ValidationError as error:
        problems = error.errors(include_url=False)[:_MOST_FINDINGS]
        raise FileError("\n".join(_finding(problem, file) for problem in problems)) from None
    content = CatalogImport(
        clusters=_entries(ImportedCluster, given, "clusters"),
        connectors=_entries(ImportedConnector, given, "connectors"),
        topics=_entries(ImportedTopic, given, "topics"),
    )
    return ImportFile(content, file)


def _entries(kind: type[EntryT], given: BaseModel, section: str) -> tuple[EntryT, ...]:
    return tuple(kind(**dict(entry)) for entry in getattr(given, section))


def _finding(problem: ErrorDetails, file: YamlFile) -> str:
    path: FieldPath = problem["loc"]
    key = str(path[-1]) if path else ""
    if not path or problem["input"] is None:
        what = "this is empty; write a value, or leave the key out" if path else _SECTIONS_WANTED
        return f"{file.place(path)}: {what}."
    match problem["type"]:
        case "missing":
            return f"{file.place(path[:-1])}: {key} is missing."
        case "extra_forbidden":
            return f"{_of_key(path, file)}: unknown key {key}{_meant(path, key)}"
        case "invalid_key":
            return f"{_of_key(path, file)}: unknown key {key}; keys are texts."
    is_form = problem["type"] in {"string_pattern_mismatch", "string_too_short"}
    return f"{file.place(path)}: this takes {_text_form(key)[2] if is_form else expected(problem)}."


def _of_key(path: FieldPath, file: YamlFile) -> str:
    """The line of a key, and what it is in."""
    line = file.place(path).partition(",")[0]
    rest = file.place(path[:-1]).partition(", ")[2]
    return f"{line}, {rest}" if rest else line


def _meant(path: FieldPath, key: str) -> str:
    known = list(SECTIONS[str(path[0])].model_fields if len(path) > 1 else SECTIONS)
    begun = [name for name in known if name.startswith(f"{key}_")]
    close = begun[:1] or difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; the keys here are {', '.join(known)}."
