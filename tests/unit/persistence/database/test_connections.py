import pytest

from persistence.database.connections import address, connection_opener, plain_url
from persistence.database.errors import DatabaseError, DatabaseUnavailableError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@db.example:5433/app", "db.example:5433/app"),
        ("postgresql+asyncpg://u:p@db.example/app?sslmode=require", "db.example/app"),
        ("postgresql:///app?host=/var/run/postgresql", "/var/run/postgresql/app"),
        ("postgresql:///app", "the default address/app"),
        ("postgresql://u:secret@db.example:nonsense/app", "the configured address"),
        ("nonsense", "the configured address"),
    ],
    ids=["host and port", "driver and options", "socket", "nothing", "bad port", "no URL"],
)
def test_an_address_for_messages_holds_neither_user_nor_password(url: str, expected: str) -> None:
    assert address(url) == expected


def test_a_url_may_name_sqlalchemys_driver() -> None:
    assert plain_url("postgresql+asyncpg://u@h/d?sslmode=require") == "postgresql://u@h/d?sslmode=require"
    assert plain_url("postgresql://u@h/d") == "postgresql://u@h/d"


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "postgresql://u:sec@ret:word@h:x/d", "secret"])
async def test_a_url_that_cannot_be_read_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        await connection_opener(url, role=None, application_name="test")()
    assert "sec" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_nobody_listening_is_told_with_the_address() -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"127\.0\.0\.1:1/app cannot be reached"):
        await connection_opener("postgresql://u:p@127.0.0.1:1/app", role=None, application_name="test")()
