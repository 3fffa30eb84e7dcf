"""Catalogue files: YAML or JSON, read strictly, with errors that name the place in the file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.errors import TopicsnapError
from snapshots.identifiers import MAX_ID_LENGTH
from snapshots.vocabulary import ConnectorKind, Dialect, TopicProducer

MAX_FILE_BYTES = 16 * 1024 * 1024
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML has it: 10 times as fast
_MOST_FINDINGS = 20
_DEEPEST = 10
"""Levels of lists and mappings; three are of use."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=r"^[^\x00]*\S[^\x00]*$")]
Reference = Annotated[str, StringConstraints(pattern=r"^(env:.+|file:/.+)$", max_length=1000)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$", max_length=2000)]


class ImportFileError(TopicsnapError):
    """The file cannot be read or does not say what it should; one sentence a line."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ClusterSection(_Section):
    """A Kafka Connect cluster and its Kafka."""

    name: Name
    id: Id | None = None
    connect_url: Url | None = Field(None, description="Without credentials; these go behind auth_ref.")
    kafka_bootstrap: Name | None = None
    auth_ref: Reference | None = Field(None, description="Reference to `user:password` of Kafka Connect.")


class ConnectorSection(_Section):
    """A connector, and what is said of it explicitly."""

    cluster: Name
    name: Name
    id: Id | None = None
    kind: Annotated[ConnectorKind, Field(strict=False)] | None = None
    connector_class: Name | None = None
    version: Name | None = None
    dialect: Annotated[Dialect, Field(strict=False)] | None = None
    topic_prefix: Name | None = None
    signal_channel: Annotated[SignalChannelKind, Field(strict=False)] | None = None
    signal_collection: Name | None = None
    signal_topic: Name | None = None
    signal_data_limit: Annotated[int, Field(ge=200, le=100_000_000)] | None = None
    read_only: bool | None = None
    notification_topic: Name | None = None
    database_url_ref: Reference | None = Field(None, description="Reference to the source database's URL.")


class TopicSection(_Section):
    """A topic and its route."""

    cluster: Name
    name: Name
    id: Id | None = None
    producer: Annotated[TopicProducer, Field(strict=False)] = TopicProducer.SOURCE
    connector: Name | None = None
    data_collection: Name | None = None
    keyless: bool | None = None
    exists: bool | None = None


class CatalogFile(_Section):
    """The whole file."""

    clusters: list[ClusterSection] = []
    connectors: list[ConnectorSection] = []
    topics: list[TopicSection] = []


def read_import(path: Path, *, most_bytes: int = MAX_FILE_BYTES) -> CatalogImport:
    """Return what the file says. Raises ImportFileError, with every finding (at most 20) and its place.

    A file of more than `most_bytes` is not read to its end.
    """
    return parse_import(_read(path, most_bytes))


def parse_import(text: str) -> CatalogImport:
    """Return what `text`, YAML or JSON, says. Raises ImportFileError."""
    try:
        document = _load(text)
    except yaml.YAMLError as error:
        raise ImportFileError(f"This is neither YAML nor JSON: {' '.join(str(error).split())}") from error
    try:
        file = CatalogFile.model_validate(document if document is not None else {})
    except ValidationError as error:
        raise ImportFileError("\n".join(_findings(error))) from None
    return CatalogImport(
        clusters=tuple(_as(ImportedCluster, entry) for entry in file.clusters),
        connectors=tuple(_as(ImportedConnector, entry) for entry in file.connectors),
        topics=tuple(_as(ImportedTopic, entry) for entry in file.topics),
    )


EntryT = TypeVar("EntryT")


def _as(kind: type[EntryT], entry: BaseModel) -> EntryT:
    return kind(**{name: getattr(entry, name) for name in type(entry).model_fields})


def _findings(error: ValidationError) -> list[str]:
    findings = []
    for problem in error.errors(include_input=False, include_url=False)[:_MOST_FINDINGS]:
        place = ""
        for part in problem["loc"]:
            place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
        findings.append(f"{place or 'the file'}: {problem['msg']}")
    return findings


def _read(path: Path, most_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > most_bytes:
        raise ImportFileError(f"{path} is longer than {most_bytes / (1024 * 1024):g} MiB.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ImportFileError(f"{path} is not UTF-8 text.") from error


def _load(text: str) -> object:
    """Return the document; refuse what makes a small file large, or says a thing twice. Raises YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):  # a few lines of them can stand for gigabytes
            raise _problem("aliases are not supported", event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _problem("this is nested too deeply", event.start_mark)
    nodes = [yaml.compose(text, Loader=_LOADER)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            nodes.extend(value for _, value in node.value)
            _check_keys([key for key, _ in node.value])
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a SafeLoader


def _check_keys(keys: Sequence[yaml.Node]) -> None:
    """Refuse a key that is there twice: YAML and JSON would keep the last one silently."""
    seen = set()
    for key in keys:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise _problem(f"the key {key.value} is here twice", key.start_mark)
            seen.add(key.value)


def _problem(problem: str, mark: Any) -> yaml.MarkedYAMLError:  # noqa: ANN401 - a mark of either loader
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
