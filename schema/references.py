"""References against the direction of the imports: GraphQL's types refer to each other in circles, modules must not.

A module imports the types that its own are made of. What leads the other way, from a topic to its last snapshot for
example, is a reference by name from here, which Strawberry looks up when it builds the schema.
"""

from typing import Annotated, Any, ForwardRef

import strawberry


def _reference(module: str, name: str) -> Any:  # noqa: ANN401 - an annotation made at run time
    return Annotated[ForwardRef(name), strawberry.lazy(module)]


TOPIC_CONNECTION = _reference("schema.catalog.topic", "TopicConnectionType")
TOPIC_SNAPSHOT = _reference("schema.following.topic_snapshot", "TopicSnapshotType")
SOURCE_SNAPSHOT = _reference("schema.following.source_snapshot", "SourceSnapshotType")
BULK_SNAPSHOT = _reference("schema.following.bulk_snapshot", "BulkSnapshotType")
