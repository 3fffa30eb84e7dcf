"""Catalogue files: what is taken, and how a mistake is pointed at."""

import json
from pathlib import Path

import pytest
import yaml

from gateway.cli.import_file import ImportFileError, parse_import, read_import
from snapshots.catalog.imported import ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.vocabulary import TopicProducer

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
    given = parse_import(GOOD)
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
    assert parse_import(json.dumps(yaml.safe_load(GOOD))) == parse_import(GOOD)


@pytest.mark.parametrize("text", ["", "{}", "clusters: []"])
def test_nothing_is_something(text: str) -> None:
    assert parse_import(text).clusters == ()


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("topics: [{cluster: a}]", "topics[0].name: Field required"),
        ("topics: [{cluster: a, name: b, producr: MANUAL}]", "topics[0].producr: Extra inputs"),
        ("topics: [{cluster: a, name: b, producer: SOMEBODY}]", "topics[0].producer: Input should be"),
        ("topics: [{cluster: a, name: 5}]", "topics[0].name: Input should be a valid string"),
        ("topics: [{cluster: a, name: b, keyless: 'no'}]", "topics[0].keyless: Input should be a valid boolean"),
        ("clusters: [{name: a, connect_url: 'http://u:p@connect:8083'}]", "clusters[0].connect_url"),
        ("clusters: [{name: a, auth_ref: 'user:password'}]", "clusters[0].auth_ref"),
        ("connectors: [{cluster: a, name: b, database_url_ref: 'postgresql://u:p@db/x'}]", "database_url_ref"),
        ("clusters: {name: a}", "clusters: Input should be a valid list"),
        ("- a", "the file: Input should be"),
        ("tables: []", "tables: Extra inputs"),
        ("clusters: [", "neither YAML nor JSON"),
        ("clusters: []\nclusters: []", "the key clusters is here twice"),
        ("a: &a [x]\nb: *a", "aliases are not supported"),
        ("!!python/object/apply:os.system ['true']", "neither YAML nor JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, finding: str) -> None:
    with pytest.raises(ImportFileError) as raised:
        parse_import(text)
    assert finding in str(raised.value)


def test_credentials_in_the_wrong_place_are_not_repeated() -> None:
    with pytest.raises(ImportFileError) as raised:
        parse_import("connectors: [{cluster: a, name: b, database_url_ref: 'postgresql://u:s3cret@db/x'}]")
    assert "s3cret" not in str(raised.value)


def test_every_mistake_is_named() -> None:
    with pytest.raises(ImportFileError) as raised:
        parse_import("topics: [{name: b}, {cluster: a}]")
    assert str(raised.value).splitlines() == ["topics[0].cluster: Field required", "topics[1].name: Field required"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="cannot be read: No such file"):
        read_import(tmp_path / "missing.yaml")
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xff")
    with pytest.raises(ImportFileError, match="not UTF-8"):
        read_import(path)
    path.write_text("clusters: []")
    with pytest.raises(ImportFileError, match="longer than"):
        read_import(path, most_bytes=4)
