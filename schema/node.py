"""The Node interface of the GraphQL Global Object Identification specification."""

import strawberry


@strawberry.interface(description="Something with an id of its own, which `node` and `nodes` find again.")
class Node:
    """What has an id; the ids are ours or imported, opaque either way."""

    id: strawberry.ID = strawberry.field(description="Opaque and stable; valid in the REST API as well.")
