"""The schema in the schema definition language: what schema/schema.graphql holds, and what is compared with it."""

from pathlib import Path

from schema.assembly import build_schema

COMMITTED = Path(__file__).parent / "schema.graphql"
"""The file that is reviewed with every change of the schema."""


def print_sdl() -> str:
    """Return the schema as the code has it, with a newline at the end."""
    return build_schema().as_str().rstrip() + "\n"
