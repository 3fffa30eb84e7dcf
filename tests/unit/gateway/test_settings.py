"""What an operator may set, what is refused, and in which words."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.loopback import is_loopback
from gateway.settings import Settings, load, unknown_variables


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"TOPICSNAP_{field.upper()}", raising=False)


def test_nothing_set_is_a_loopback_gateway_with_an_embedded_database() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)
    assert settings.follow


def test_variables_are_read_and_options_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOPICSNAP_PORT", "9000")
    monkeypatch.setenv("TOPICSNAP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TOPICSNAP_ALLOWED_HOSTS", "gateway.example, localhost")
    assert load().port == 9000
    assert load(port=9001, host=None).port == 9001
    assert load().data_dir == tmp_path
    assert load().allowed_hosts == ("gateway.example", "localhost")


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICSNAP_DATABASE_URL", "")
    assert load().database_url is None


def openness(settings: Settings) -> tuple[bool, bool, bool]:
    return settings.introspection, settings.suggestions, settings.graphiql


def test_production_shows_nothing_to_explore_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert openness(load()) == (True, True, True)
    monkeypatch.setenv("TOPICSNAP_PROFILE", "production")
    assert openness(load()) == (False, False, False)
    assert openness(load(profile="development")) == (True, True, True)


def test_what_is_set_wins_over_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICSNAP_PROFILE", "production")
    monkeypatch.setenv("TOPICSNAP_INTROSPECTION", "true")
    monkeypatch.setenv("TOPICSNAP_SUGGESTIONS", "")
    assert openness(load()) == (True, False, False)
    assert openness(load(graphiql=True)) == (True, False, True)
    monkeypatch.setenv("TOPICSNAP_PROFILE", "development")
    monkeypatch.setenv("TOPICSNAP_GRAPHIQL", "false")
    assert openness(load()) == (True, True, False)


def test_there_are_two_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICSNAP_PROFILE", "prod")
    with pytest.raises(SettingsError, match=r"TOPICSNAP_PROFILE is wrong: .*'development' or 'production'"):
        load()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gateway.example", "8.8.8.8"])  # noqa: S104
def test_without_authentication_only_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(SettingsError, match="loopback addresses only"):
        load(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_taken(host: str) -> None:
    assert is_loopback(host)
    assert load(host=host).host == host


def test_the_password_of_the_database_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICSNAP_DATABASE_URL", "postgresql://app:s3cret@db/topicsnap")
    assert "s3cret" not in repr(load())
    monkeypatch.setenv("TOPICSNAP_DATABASE_URL", "mysql://app:s3cret@db/topicsnap")
    with pytest.raises(SettingsError, match="TOPICSNAP_DATABASE_URL is wrong: it starts with") as raised:
        load()
    assert "s3cret" not in str(raised.value)


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICSNAP_POOL_SIZE", "many")
    monkeypatch.setenv("TOPICSNAP_SETTLE_SECONDS", "7")
    with pytest.raises(SettingsError) as raised:
        load()
    assert "TOPICSNAP_POOL_SIZE" in str(raised.value)
    assert "TOPICSNAP_SETTLE_SECONDS" in str(raised.value)


def test_an_operation_may_last_longer_than_a_dispatch() -> None:
    with pytest.raises(SettingsError, match="longer than TOPICSNAP_DISPATCH_DEADLINE_SECONDS"):
        load(operation_timeout_seconds=10.0, dispatch_deadline_seconds=10.0)


def test_kubernetes_service_link_is_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPICSNAP_PORT", "tcp://10.0.0.7:8000")
    assert load().port == 8000


def test_a_slip_of_the_pen_is_found() -> None:
    environ = {"TOPICSNAP_DATABSE_URL": "x", "TOPICSNAP_PORT": "1", "TOPICSNAP_SERVICE_HOST": "x", "PATH": "x"}
    assert unknown_variables(environ) == [
        "TOPICSNAP_DATABSE_URL is not a setting; did you mean TOPICSNAP_DATABASE_URL?"
    ]
