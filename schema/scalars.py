"""Scalars of our own, and how each travels as JSON."""

from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
"""An integer that may pass 32 bits, and with them what GraphQL's Int may hold."""


def _parse_integer(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise GraphQLError("BigInt is a whole number, written as a string.") from None


def _format_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse_moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise GraphQLError("DateTime needs an offset from UTC, for example 2026-05-17T09:30:00Z.")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("DateTime is ISO 8601, for example 2026-05-17T09:30:00Z.") from None


# A string, because JSON numbers are doubles in JavaScript clients and gateways: they go wrong in silence past 2^53.
BIG_INT = strawberry.scalar(
    name="BigInt",
    description="A whole number of any size. It is written as a string, because JSON numbers lose digits beyond 2^53.",
    serialize=str,
    parse_value=_parse_integer,
)

DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment in UTC, written as ISO 8601, for example `2026-05-17T09:30:00.250000Z`.",
    specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
    serialize=_format_moment,
    parse_value=_parse_moment,
)

SCALARS: dict[object, ScalarDefinition] = {BigInt: BIG_INT, datetime: DATE_TIME}
"""What the schema's configuration takes: Python type to scalar."""
