"""What GraphQL clients see: types, inputs, enums, thin root fields, DataLoaders.

May import resolvers, persistence and snapshots; never SQLAlchemy. What an operation does belongs to `resolvers`.
"""
