"""The commands' client of the GraphQL API, and its two transports: HTTP to a gateway, and the schema in this process.

It may import the gateway's wiring and the schema, and nothing of the commands.
"""
