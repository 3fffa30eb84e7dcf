"""What each operation does, one module for each, in the order it happens.

Plain async functions on domain values, shared by GraphQL, REST, the CLI and the worker. May import persistence and
snapshots; never strawberry, starlette or sqlalchemy.
"""
