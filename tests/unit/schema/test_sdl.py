"""The committed SDL, and the names, nullability and order that the contract fixes."""

import pytest
from graphql import build_schema as parse_schema

from schema.sdl import COMMITTED, print_sdl


def test_the_committed_sdl_is_what_the_code_has() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == print_sdl(), "topicsnap schema print > schema/schema.graphql"


@pytest.fixture(scope="module")
def signatures() -> dict[str, dict[str, str]]:
    """The fields of each type with their types, read back from the SDL."""
    schema = parse_schema(COMMITTED.read_text(encoding="utf-8"), assume_valid_sdl=True)
    return {
        name: {field: str(definition.type) for field, definition in getattr(kind, "fields", {}).items()}
        for name, kind in schema.type_map.items()
    }


# Copied from the design by hand, so that a slip of the code shows.
CONTRACT = {
    "BulkSnapshotTopicsInput": "topicIds [ID!]! snapshotType SnapshotType! options [TopicSnapshotOptionsInput!] "
    "idempotencyKey String reason String clientMutationId String",
    "RowFilterInput": "all [RowConditionInput!]!",
    "RowConditionInput": "column String! operator FilterOperator! values [String!]",
    "BulkSnapshotTopicsPayload": "bulkSnapshot BulkSnapshot results [SourceSnapshotResult!]! "
    "summary BulkOperationSummary! skippedTopics [SkippedTopic!]! userErrors [UserError!]! clientMutationId String",
    "SourceSnapshotResult": "id ID! success Boolean! message String source SourceConnector! topics [Topic!]! "
    "snapshot SourceSnapshot!",
    "SourceSnapshotFailed": "code SnapshotErrorCode! retryable Boolean!",
    "SourceSnapshotUnconfirmed": "code SnapshotErrorCode! retryable Boolean!",
    "BulkOperationSummary": "total Int! succeeded Int! failed Int! unconfirmed Int! topics Int! skippedTopics Int!",
    "SkippedTopic": "topicId ID! topic Topic reason SkipReason! message String!",
    "UserError": "code UserErrorCode! message String! field [String!]",
    "Topic": "id ID! cluster String! name String! producer TopicProducer! source SourceConnector dataCollection String "
    "mapping MappingKind keyless Boolean exists Boolean! lastSnapshot TopicSnapshot",
    "SourceConnector": "id ID! cluster String! name String! connectorClass String version String "
    "state ConnectorState! stateObservedAt DateTime topicPrefix String signalChannel SignalChannelKind "
    "topics TopicConnection! activeSnapshot SourceSnapshot",
    "BulkSnapshot": "id ID! snapshotType SnapshotType! requestedBy String! requestedAt DateTime! reason String "
    "state BulkSnapshotState! progress SnapshotProgress! summary BulkOperationSummary! snapshots [SourceSnapshot!]! "
    "results [SourceSnapshotResult!]! skippedTopics [SkippedTopic!]!",
    "SourceSnapshot": "id ID! source SourceConnector! bulkSnapshot BulkSnapshot! snapshotType SnapshotType! "
    "state SnapshotState! stalledSince DateTime signals [Signal!]! topics [TopicSnapshot!]! "
    "progress SnapshotProgress! dispatchedAt DateTime startedAt DateTime finishedAt DateTime "
    "code SnapshotErrorCode message String",
    "TopicSnapshot": "id ID! sourceSnapshot SourceSnapshot! topic Topic! state TopicSnapshotState! rowsScanned BigInt "
    "outcome TopicSnapshotOutcome engineStatus String startedAt DateTime finishedAt DateTime",
    "SnapshotProgress": "topicsTotal Int! topicsFinished Int! rowsScanned BigInt! fraction Float",
    "Query": "topics TopicConnection! topic Topic sources SourceConnectorConnection! source SourceConnector "
    "bulkSnapshots BulkSnapshotConnection! bulkSnapshot BulkSnapshot planBulkSnapshot BulkSnapshotPlan! node Node "
    "nodes [Node]! viewer Viewer!",
    "Mutation": "bulkSnapshotTopics BulkSnapshotTopicsPayload! syncCatalog SyncCatalogPayload!",
    "TopicConnection": "edges [TopicEdge!]! pageInfo PageInfo!",
    "TopicEdge": "node Topic! cursor String!",
}


@pytest.mark.parametrize("name", CONTRACT)
def test_types_are_as_the_contract_has_them(signatures: dict[str, dict[str, str]], name: str) -> None:
    words = CONTRACT[name].split()
    wanted = dict(zip(words[::2], words[1::2], strict=True))
    found = signatures[name]
    assert {field: found.get(field) for field in wanted} == wanted
