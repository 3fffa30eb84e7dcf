"""Filters of the catalogue's lists as SQL conditions; each value is a parameter, whatever it holds."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, FromClause, Text, any_, bindparam, false, select

from persistence.tables import snapshot_topic, source_snapshot
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.texts import is_storable

Conditions = Iterator[ColumnElement[bool]]


def texts(values: Iterable[str], name: str | None = None) -> BindParameter[Any]:
    """One array parameter, so that a statement is the same, and prepared once, whatever the number of values."""
    return bindparam(name, list(values), type_=ARRAY(Text), unique=name is None)


def storable(values: Iterable[str]) -> list[str]:
    """Return `values` without those that PostgreSQL could not even be asked about, and so certainly does not hold."""
    return [value for value in values if is_storable(value)]


def topic_conditions(table: FromClause, wanted: TopicFilter) -> Conditions:
    """Yield what rows of `table`, the topics or an alias of them, have to satisfy."""
    column = table.c
    if wanted.name_contains is not None:
        yield _contains(column["name"], wanted.name_contains)
    if wanted.producers is not None:
        yield column["producer"] == any_(texts(wanted.producers))
    if wanted.source_ids is not None:
        yield column["connector_id"] == any_(texts(storable(wanted.source_ids)))
    if wanted.keyless is not None:
        yield column["keyless"].is_(wanted.keyless)
    if wanted.exists is not None:
        yield column["exists"].is_(wanted.exists)
    if wanted.snapshot_states is not None:
        yield _last_state(table) == any_(texts(wanted.snapshot_states))


def source_conditions(table: FromClause, wanted: SourceFilter) -> Conditions:
    """Yield what rows of `table`, the connectors, have to satisfy."""
    column = table.c
    if wanted.name_contains is not None:
        yield _contains(column["name"], wanted.name_contains)
    if wanted.states is not None:
        yield column["state"] == any_(texts(wanted.states))
    if wanted.cluster_ids is not None:
        yield column["cluster_id"] == any_(texts(storable(wanted.cluster_ids)))


def _contains(name: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    return name.icontains(part, autoescape=True) if is_storable(part) else false()


def _last_state(table: FromClause) -> ColumnElement[str]:
    """The state of the source snapshot that last had the topic; ids sort by the time they were made."""
    return (
        select(source_snapshot.c.state)
        .join(snapshot_topic, snapshot_topic.c.source_snapshot_id == source_snapshot.c.id)
        .where(
            snapshot_topic.c.tenant_id == table.c["tenant_id"],
            snapshot_topic.c.topic_id == table.c["id"],
            source_snapshot.c.tenant_id == table.c["tenant_id"],
        )
        .order_by(snapshot_topic.c.id.desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )
