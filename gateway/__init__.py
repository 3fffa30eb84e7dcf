"""The process: settings, ASGI app, GraphQL view, authentication, REST twin, health, worker runner, commands.

The top layer: it may import every package of ours, and alone reads settings; the layers below get arguments.
"""
