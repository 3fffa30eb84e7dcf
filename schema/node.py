"""The Node interface of the GraphQL Global Object Identification specification."""

import strawberry


@strawberry.interface(description="Anything that has an id of its own. `node` and `nodes` find it by that id.")
class Node:
    """What has an id; the ids are ours or imported, opaque either way."""

    id: strawberry.ID = strawberry.field(
        description="The id, an opaque text that never changes. The REST API takes the same ids."
    )
