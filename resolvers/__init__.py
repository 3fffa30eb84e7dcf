"""The operations: one module for each, with its steps in the order in which they happen.

Plain async functions on domain values, shared by GraphQL, REST, the CLI and the worker. May import persistence and
snapshots; never strawberry, starlette or sqlalchemy.
"""
