"""Catalogue files: what is taken, and how a mistake is pointed at."""

import json
from pathlib import Path

import pytest
import yaml

from gateway.cli.import_file import SECTIONS, parse_import, read_import
from gateway.cli.text_file import FileError
from snapshots.catalog.imported import ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.errors import InvalidRequestError, RequestError
from snapshots.vocabulary import TopicProducer, UserErrorCode

GOOD = """
clusters:
  - name: production
    connect_url: http://connect:8083
    kafka_bootstrap: kafka:9092
    auth_ref: env:CONNECT_AUTH
connectors:
  - {cluster: production, name: shop, signal_channel: SOURCE_TABLE, database_url_ref: "file:/run/secrets/shop"}
topics:
  - {cluster: production, name: orders_enriched, producer: TRANSFORM}
  - {cluster: production, name: shop.public.orders, connector: shop, data_collection: public.orders, keyless: false}
"""


def test_the_three_sections() -> None:
    given = parse_import(GOOD).content
    assert given.clusters == (ImportedCluster("production", "http://connect:8083", "kafka:9092", "env:CONNECT_AUTH"),)
    assert given.connectors == (
        ImportedConnector(
            "production",
            "shop",
            signal_channel=SignalChannelKind.SOURCE_TABLE,
            database_url_ref="file:/run/secrets/shop",
        ),
    )
    assert given.topics == (
        ImportedTopic("production", "orders_enriched", producer=TopicProducer.TRANSFORM),
        ImportedTopic(
            "production", "shop.public.orders", connector="shop", data_collection="public.orders", keyless=False
        ),
    )


def test_json_says_the_same() -> None:
    assert parse_import(json.dumps(yaml.safe_load(GOOD))).content == parse_import(GOOD).content


@pytest.mark.parametrize("text", ["", "{}", "clusters: []"])
def test_nothing_is_something(text: str) -> None:
    assert parse_import(text).content.clusters == ()


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("topics: [{cluster: a}]", "line 1, topics[0]: name is missing."),
        (
            "topics:\n- cluster: a\n  name: b\n  producr: MANUAL",
            "line 4, topics[0]: unknown key producr; did you mean producer?",
        ),
        (
            "connectors: [{cluster: a, name: b, database_url: x}]",
            "connectors[0]: unknown key database_url; did you mean database_url_ref?",
        ),
        ("clusters: [{name: b, zzz: x}]", "unknown key zzz; the keys here are name, connect_url, kafka_bootstrap"),
        (
            "topics: [{cluster: a, name: b, producer: SOMEBODY}]",
            "topics[0].producer: this takes one of 'SOURCE', 'TRANSFORM'",
        ),
        ("topics: [{cluster: a, name: 5}]", "topics[0].name: this takes a text; put it in quotes."),
        ("topics: [{cluster: a, name: ''}]", "topics[0].name: this takes a text that is not empty."),
        ("topics: [{cluster: a, name: }]", "topics[0].name: this is empty; write a value, or leave the key out."),
        ("topics: [{cluster: a, name: b, id: ' '}]", "topics[0].id: this takes an id that is not blank."),
        ("topics: [{cluster: a, name: b, keyless: 'no'}]", "keyless: this takes true or false, without quotes."),
        (
            "connectors: [{cluster: a, name: b, signal_data_limit: 100000001}]",
            "signal_data_limit: this takes a number up to 100,000,000.",
        ),
        (
            "clusters: [{name: a, connect_url: 'http://u:p@connect:8083'}]",
            "clusters[0].connect_url: this takes http://… or https://… without credentials; these go behind auth_ref.",
        ),
        ("clusters: [{name: a, auth_ref: 'user:password'}]", "this takes a reference, env:NAME or file:/path"),
        (
            "connectors: [{cluster: a, name: b, database_url_ref: 'postgresql://u:p@db/x'}]",
            "database_url_ref: this takes a reference",
        ),
        ("clusters: {name: a}", "line 1, clusters: this takes a list, each item after a hyphen."),
        ("clusters:", "line 1, clusters: this is empty"),
        ("topics: [3]", "topics[0]: this takes keys with values (key: value)."),
        ("- a", "line 1: the file takes the sections clusters, connectors and topics"),
        ("1: 2", "line 1: unknown key 1; keys are texts."),
        ("tables: []", "line 1: unknown key tables; the keys here are clusters, connectors, topics."),
        ("cluster: []", "line 1: unknown key cluster; did you mean clusters?"),
        ("clusters: [", "line 2, column 1: this is neither YAML nor JSON."),
        ("clusters: [{name: a}", "look for a list in [ ] that is not closed, or lacks a comma."),
        ("clusters:\n\t- name: a", "line 2, column 1: this is neither YAML nor JSON: look for a tab"),
        ("clusters:\n- name: a\n name: b", "line 3, column 2: this is neither YAML nor JSON: look for something that"),
        ("clusters: [{name: 2020-13-41}]", "a date that does not exist"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("\x00", "it has a character that no text has"),
        ("clusters: []\nclusters: []", "line 2, column 1: the key clusters is here twice."),
        ("a: &a [x]\nb: *a", "line 2, column 4: aliases (*name) are not supported"),
        ("!!python/object/apply:os.system ['true']", "look for a tag such as !name"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, finding: str) -> None:
    with pytest.raises(FileError) as raised:
        parse_import(text)
    assert finding in str(raised.value)


@pytest.mark.parametrize(
    ("section", "field"),
    [(section, name) for section, entry in SECTIONS.items() for name in entry.model_fields if name.endswith("_ref")],
)
def test_every_reference_takes_a_reference_and_no_secret(section: str, field: str) -> None:
    rest = "cluster: a, name: b" if section == "connectors" else "name: b"
    [entry] = getattr(parse_import(f"{section}: [{{{rest}, {field}: 'env:SECRET'}}]").content, section)
    assert getattr(entry, field) == "env:SECRET"
    with pytest.raises(FileError, match=f"{field}: this takes a reference, env:NAME or file:/path"):
        parse_import(f"{section}: [{{{rest}, {field}: 's3cret'}}]")


def test_credentials_in_the_wrong_place_are_not_repeated() -> None:
    with pytest.raises(FileError) as raised:
        parse_import("connectors: [{cluster: a, name: b, database_url_ref: 'postgresql://u:s3cret@db/x'}]")
    assert "s3cret" not in str(raised.value)


def test_every_mistake_is_named() -> None:
    with pytest.raises(FileError) as raised:
        parse_import("topics: [{name: b}, {cluster: a}]")
    assert str(raised.value).splitlines() == [
        "line 1, topics[0]: cluster is missing.",
        "line 1, topics[1]: name is missing.",
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: No such file"):
        read_import(tmp_path / "missing.yaml")
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xff")
    with pytest.raises(FileError, match="not UTF-8"):
        read_import(path)
    path.write_text("clusters: []")
    with pytest.raises(FileError, match="longer than 4 bytes"):
        read_import(path, most_bytes=4)


def test_what_the_catalogue_refuses_has_its_place_too() -> None:
    given = parse_import("topics:\n- cluster: a\n  name: b\n  connector: c\n")
    unknown = RequestError(UserErrorCode.NOT_FOUND, "There is no connector c.", ("topics", 0, "connector"))
    error = given.explained(InvalidRequestError((unknown,)))
    assert str(error) == "line 4, topics[0].connector: There is no connector c."
