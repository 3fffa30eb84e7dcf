"""The URL of Topicsnap's database: what is taken, and what is said of what is not."""

import pytest

from gateway.database_url import problem_of


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgres://u:p%23%40@db.example:5432/topicsnap?sslmode=verify-full&sslrootcert=/ca.pem",
        "postgresql://u@[::1]:5432/x",
        "postgresql://u@[::1]/x",
        "postgresql://u@one:5432,two:5433/x?target_session_attrs=read-write",
        "postgresql:///x?host=/var/run/postgresql&work_mem=64MB",
    ],
)
def test_what_is_taken(url: str) -> None:
    assert problem_of(url) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresq://u:s3cret@db/x", "it starts with postgresql://, as in postgresql://user:password@host"),
        ("u:s3cret@db:5432/x", "it starts with postgresql://"),
        ("postgresql+asyncpg://u:s3cret@db/x", "it starts with postgresql://"),
        ("postgresql://u:s3cret@db:abc/x", "its port is no number from 1 to 65535"),
        ("postgresql://u:s3cret@db:99999/x", "its port is no number from 1 to 65535"),
        ("postgresql://u:s3cret@db:/x", "its port is no number from 1 to 65535"),
        ("postgresql://u:s3cret#1@db/x", "# as %23"),
        ("postgresql://u:s3cret/1@db/x", "/ as %2F"),
        ("postgresql://u:s3cret 1@db/x", "a blank as %20"),
        ("postgresql://u:s3cret@[::1/x", "brackets around something that is no IPv6 address"),
        ("postgresql://u:s3cret@::1:5432/x", "an IPv6 address without brackets"),
        ("postgresql://u:s3cret@db/x?sslmod=require", "unknown parameter sslmod; did you mean sslmode?"),
        ("postgresql://u:s3cret@db/x?sslmode=on", "its sslmode is none of disable, allow, prefer, require"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(url: str, problem: str) -> None:
    found = problem_of(url)
    assert found is not None
    assert problem in found
    assert "s3cret" not in found
