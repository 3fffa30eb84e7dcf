"""A field is the column of the same name; what does not fit is told when the program starts, not when a row is read."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text

from persistence.record_map import RecordMap
from snapshots.vocabulary import Dialect, MappingKind

TABLE = Table(
    "pet", MetaData(), Column("id", Text), Column("age", Integer), Column("dialect", Text), Column("mapping", Text)
)


@dataclass(frozen=True, slots=True)
class Pet:
    id: str
    dialect: Dialect
    owner: str
    mapping: MappingKind | None = None


PETS = RecordMap(Pet, TABLE, but=("owner",))


def test_the_columns_are_those_of_the_fields_in_their_order() -> None:
    assert PETS.names == ("id", "dialect", "mapping")
    assert [column.name for column in PETS.columns()] == ["id", "dialect", "mapping"]
    assert [label.name for label in PETS.labelled("pet__")] == ["pet__id", "pet__dialect", "pet__mapping"]


@pytest.mark.parametrize(("word", "kind"), [("EXPLICIT", MappingKind.EXPLICIT), (None, None)])
def test_words_become_what_they_mean(word: str | None, kind: MappingKind | None) -> None:
    values = PETS.values(["1", "MYSQL", word])
    assert values == {"id": "1", "dialect": Dialect.MYSQL, "mapping": kind}
    assert values["dialect"] is Dialect.MYSQL


def test_a_word_that_is_none_of_the_set_is_a_fault() -> None:
    with pytest.raises(KeyError):
        PETS.values(["1", "LATIN", None])


def test_what_was_written_is_read() -> None:
    pet = Pet("1", Dialect.MYSQL, "ada", MappingKind.DERIVED)
    assert PETS.write(pet) == {"id": "1", "dialect": "MYSQL", "mapping": "DERIVED"}
    assert Pet(**PETS.values(list(PETS.write(pet).values())), owner="ada") == pet


@pytest.mark.parametrize("but", [(), ("owner", "nobody")])
def test_what_does_not_fit_is_told_at_once(but: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match=r"Pet and pet do not fit: (owner|nobody)"):
        RecordMap(Pet, TABLE, but=but)
