"""What is said of a key, over all kinds of keys: whoever does as it says reads the table without harm."""

import re
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from snapshots.engines.debezium.source_database.postgresql.key_trial import explain
from snapshots.engines.debezium.source_database.postgresql.table_keys import TableKey
from snapshots.signalling.key_settings import KeySettings
from snapshots.signalling.key_types import KeyColumn, is_sent, reading_trouble
from tests.support.factories import make_source

TYPES = ["int4", "uuid", "text", "timestamptz", "money", "hstore", "pg_lsn", "mood", "pair", "oidvector"]
KINDS = {"mood": "e", "pair": "c"}


@st.composite
def columns(draw: st.DrawFn) -> tuple[KeyColumn, ...]:
    count = draw(st.integers(1, 4))
    found = []
    for number in range(count):
        base = draw(st.sampled_from(TYPES))
        is_array = base == "oidvector" or draw(st.booleans())
        found.append(
            KeyColumn(
                name=f"c{number}",
                type=base,
                base=base,
                kind=KINDS.get(base, "b"),
                is_array=is_array,
                is_flat=is_array and draw(st.booleans()),
                serves=draw(st.booleans()),
            )
        )
    return tuple(found)


@st.composite
def keys(draw: st.DrawFn) -> TableKey:
    every = draw(columns())
    key = tuple(column for column in every if draw(st.booleans()))
    surrogate = draw(st.none() | st.sampled_from(every)) if key else None
    candidates = tuple(column for column in every if column.serves)
    return TableKey(key, surrogate, candidates, draw(st.booleans()))


settings = st.builds(KeySettings, sends_unknown_types=st.booleans())


def is_harmless(key: TableKey, settings: KeySettings) -> bool:
    """The rule in other words: what is read by is stored and bound, and the records' keys have all of theirs."""
    read_by = [key.surrogate] if key.surrogate else key.columns
    sent = [is_sent(column, sends_unknown_types=settings.sends_unknown_types) for column in key.columns]
    return all(reading_trouble(column) is None for column in read_by) and all(sent)


@given(keys(), settings)
def test_exactly_what_would_harm_is_told(key: TableKey, settings: KeySettings) -> None:
    assert (explain(make_source(), key, settings) is None) is is_harmless(key, settings)


@given(keys(), settings)
def test_what_is_said_to_work_works(key: TableKey, settings: KeySettings) -> None:
    said = explain(make_source(), key, settings)
    if said is None:
        return
    assert "Use BLOCKING" in said
    if match := re.search(r"or the surrogate key (\w+)\.$", said):
        event("another column")
        [named] = [column for column in key.candidates if column.name == match[1]]
        assert named.serves
        assert key.is_sound
        assert explain(make_source(), replace(key, surrogate=named), settings) is None
    if said.endswith("leave the surrogate key out."):
        event("none")
        assert explain(make_source(), replace(key, surrogate=None), settings) is None


@given(keys(), settings)
def test_the_column_that_is_named_is_one_of_those_that_count(key: TableKey, settings: KeySettings) -> None:
    said = explain(make_source(), key, settings)
    if match := re.match(r"The (key column|surrogate key) (\w+) ", said or ""):
        asked = [key.surrogate.name] if key.surrogate else []
        assert match[2] in (asked if match[1] == "surrogate key" else [column.name for column in key.columns])
