"""Telling errors that are about the values to be written from those that any other statement may meet."""

import pytest
from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy.exc import DBAPIError

from persistence.database.errors import DatabaseUnavailableError
from persistence.database.failures import is_of_the_values


class AnsweredError(PostgresError):
    """What a server answered with some SQLSTATE."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("refused")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "is_of_values"),
    [
        ("22003", True),  # a number out of range
        ("23505", True),  # a key that is there
        ("21000", True),  # an upsert that meets one row twice
        ("54000", True),  # a text that is too long for an index
        ("42P01", False),  # a table that is not there
        ("42501", False),  # a grant that is not there
        ("57014", False),  # a statement that took too long
        ("53300", False),  # too many connections
        ("08006", False),  # a connection that broke
    ],
)
def test_the_servers_code_decides(sqlstate: str, *, is_of_values: bool) -> None:
    answered = AnsweredError(sqlstate)
    assert is_of_the_values(answered) is is_of_values
    assert is_of_the_values(DBAPIError("INSERT", {}, answered)) is is_of_values


@pytest.mark.parametrize(
    ("error", "is_of_values"),
    [
        (ValueError("cannot be read"), True),
        (DatabaseUnavailableError("away"), False),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
        (InterfaceError("connection is closed"), False),  # type: ignore[no-untyped-call]
    ],
)
def test_what_no_server_answered(error: Exception, *, is_of_values: bool) -> None:
    assert is_of_the_values(error) is is_of_values
