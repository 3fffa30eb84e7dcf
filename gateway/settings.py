"""What an operator can set: `TOPICSNAP_*` environment variables, read here and nowhere else.

.env.example and docs/configuration.md list them all; a test holds the three together.
"""

import difflib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.database_url import problem_of
from gateway.errors import SettingsError
from gateway.loopback import is_loopback
from gateway.wrong_values import expected
from persistence.database import defaults
from persistence.embedded.directories import default_directory

PREFIX = "TOPICSNAP_"
COMMAND_VARIABLES: Mapping[str, str] = {
    "TOPICSNAP_DEBUG": "Set to 1, commands show the traceback of an error.",
    "TOPICSNAP_SKIP_GRAPHIQL": "Set to 1 when Topicsnap is installed, GraphiQL is not built.",
    "TOPICSNAP_SERVER": "The gateway that `sync`, `snapshot`, `watch` and `doctor` talk to; the default is http://127.0.0.1:8000.",
}
"""Variables that the commands read besides the settings."""


AuthKind = Literal["none"]
"""The ways of authentication; gateway/auth/choice.py has one for each."""


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class Profile(StrEnum):
    """What the defaults of a process are meant for."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


_OFF_IN_PRODUCTION = ("introspection", "suggestions", "graphiql")
"""What helps people to explore the API, strangers included; unless set, production does without."""


class LogLevel(StrEnum):
    """The least severe lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """The settings of one process. Make it by `load`, which puts what is wrong into sentences."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    profile: Profile = Field(
        Profile.DEVELOPMENT,
        description="What the defaults are meant for, `development` or `production`; in production, INTROSPECTION, "
        "SUGGESTIONS and GRAPHIQL are false unless set.",
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL of Topicsnap's own, `postgresql://…`. Unset: an embedded one in DATA_DIR."
    )
    data_dir: Path = Field(
        default_factory=default_directory,
        description="Where the embedded PostgreSQL keeps its data. Default: /var/lib/topicsnap for root, else "
        "`topicsnap` in the user's data home.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on; loopback only while AUTH is none.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    auth: AuthKind = Field("none", description="Who may send requests: with `none`, everybody who reaches the port.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("localhost", "127.0.0.1", "[::1]"),
        description="Values of the Host header that are accepted, separated by commas; `*` for any. This protects "
        "against web pages that make a name of their own point to this machine (DNS rebinding).",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins of web pages, besides the gateway's own, that may open a WebSocket, such as "
        "https://app.example, separated by commas; `*` for any.",
    )
    pool_size: int = Field(defaults.POOL_SIZE, ge=1, le=200, description="Database connections that are kept open.")
    pool_overflow: int = Field(
        defaults.POOL_OVERFLOW, ge=0, le=200, description="Further connections that a burst may open."
    )
    statement_timeout_seconds: float = Field(
        defaults.STATEMENT_SECONDS,
        gt=0,
        le=3600,
        description="How long a statement on Topicsnap's own database may run, in seconds. A longer one is "
        "cancelled, and the client gets SERVICE_UNAVAILABLE; what was recorded before goes on. `migrate`, `export`, "
        "`prune` and the connection that listens have no limit.",
    )
    lock_timeout_seconds: float = Field(
        defaults.LOCK_SECONDS,
        gt=0,
        le=3600,
        description="How long a statement may wait for a lock, such as that of a table being altered, in seconds.",
    )
    transaction_idle_timeout_seconds: float = Field(
        defaults.IDLE_IN_TRANSACTION_SECONDS,
        gt=0,
        le=3600,
        description="How long a transaction may rest between two statements, in seconds, before PostgreSQL ends it. A "
        "gateway that is stuck, or whose machine is gone, can block others for this long.",
    )
    dispatch_deadline_seconds: float = Field(
        10.0, gt=0, le=300, description="How long one source may take to accept its signal, in seconds."
    )
    dispatch_limit: int = Field(64, ge=1, le=10_000, description="How many signals one process sends at the same time.")
    dispatch_cluster_limit: int = Field(
        16, ge=1, le=10_000, description="How many signals one process sends at the same time to one cluster."
    )
    retry_attempts: int = Field(
        5,
        ge=0,
        le=20,
        description="How often a signal is tried again, after longer and longer pauses, when its channel could not be "
        "reached within the deadline.",
    )
    notification_attempts: int = Field(
        5,
        ge=1,
        le=20,
        description="How often a notification is applied that fails for its own sake, before it is set aside as a dead "
        "letter.",
    )
    request_body_limit: int = Field(
        1_048_576,
        ge=1_024,
        le=64 * 1_048_576,
        description="Size of the largest request body that is accepted, in bytes.",
    )
    query_token_limit: int = Field(5_000, ge=50, description="Longest GraphQL document, in tokens.")
    query_depth_limit: int = Field(15, ge=4, description="Deepest nesting of fields in a GraphQL document.")
    query_alias_limit: int = Field(50, ge=0, description="Most aliases in a GraphQL document, fragments spread.")
    query_field_limit: int = Field(2_000, ge=50, description="Most fields in a GraphQL document, fragments spread.")
    operation_timeout_seconds: float = Field(
        60.0,
        gt=0,
        description="How long one GraphQL operation or REST request may run, in seconds; longer than the dispatch "
        "deadline. After that the client gets an error, and a dispatch that has begun goes on.",
    )
    connection_operation_limit: int = Field(
        100,
        ge=1,
        le=10_000,
        description="How many GraphQL operations may run at once on one WebSocket, subscriptions included.",
    )
    introspection: bool = Field(
        default=True, description="Whether GraphQL introspection is answered. Default in production: false."
    )
    suggestions: bool = Field(
        default=True,
        description="Whether GraphQL errors suggest fields with similar names. Default in production: false.",
    )
    graphiql: bool = Field(
        default=True,
        description="Whether `/` shows GraphiQL, to try operations in the browser. Default in production: false.",
    )
    idempotency_days: int = Field(7, ge=1, le=365, description="How long idempotency keys are kept, in days.")
    follow: bool = Field(
        default=True,
        description="Whether `serve` also follows notifications and settles what is unconfirmed; turn it off where "
        "`topicsnap worker` processes do.",
    )
    settle_seconds: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] = Field(
        10, description="Time between two sweeps for unconfirmed signals, in seconds; a divisor of 60."
    )
    stall_minutes: float = Field(
        10.0,
        gt=0,
        le=10_080,
        description="How long a snapshot may report neither its start nor progress before it counts as stalled, in "
        "minutes.",
    )
    release_minutes: float = Field(
        60.0,
        gt=0,
        le=10_080,
        description="How long a snapshot that Topicsnap did not start, or cannot follow, may give no sign of life "
        "before its source is released, in minutes.",
    )
    kafka_group: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Prefix of the Kafka consumer groups that follow notifications; each cluster's group adds a hyphen "
        "and the cluster's id. Gateways on one database share it. Gateways on different databases need different "
        "ones, or each misses what the other got. Default: `topicsnap-` and a word made from the database's identity.",
    )
    shutdown_seconds: float = Field(
        20.0, ge=0, le=600, description="How long a shutdown waits for requests and dispatches under way, in seconds."
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="`text` for people, `json` for machines.")
    log_level: LogLevel = Field(
        LogLevel.INFO, description="The least severe lines that are logged: debug, info, warning or error."
    )

    @model_validator(mode="before")
    @classmethod
    def _by_profile(cls, given: dict[str, object]) -> dict[str, object]:
        """Fill in what production leaves off; what is set wins, in the environment or by an option."""
        if given.get("profile") == Profile.PRODUCTION:
            return {**dict.fromkeys(_OFF_IN_PRODUCTION, False), **given}
        return given

    @field_validator("port", mode="before")
    @classmethod
    def _not_a_kubernetes_link(cls, value: object) -> object:
        """Kubernetes sets TOPICSNAP_PORT=tcp://… in every pod beside a service named topicsnap; that is not meant."""
        return 8000 if isinstance(value, str) and value.startswith("tcp://") else value

    @field_validator("settle_seconds", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (problem := problem_of(value.get_secret_value())):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _open_to_nobody_else(self) -> "Settings":
        if not is_loopback(self.host):
            message = (
                f"With {PREFIX}AUTH=none everybody who reaches the port may start snapshots, so Topicsnap listens on "
                f"loopback addresses only, and {self.host} is none. Use 127.0.0.1, behind a proxy that authenticates."
            )
            raise ValueError(message)
        if self.operation_timeout_seconds <= self.dispatch_deadline_seconds:
            message = f"{PREFIX}OPERATION_TIMEOUT_SECONDS must be longer than {PREFIX}DISPATCH_DEADLINE_SECONDS."
            raise ValueError(message)
        return self


def load(**overrides: object) -> Settings:
    """Return the settings of the environment, with `overrides` (of a command's options) in their place.

    Raises SettingsError with a sentence for each variable that is wrong; values are not repeated.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(problem, given) for problem in error.errors())) from None


def _sentence(problem: ErrorDetails, options: Mapping[str, object]) -> str:
    own = str(problem["ctx"]["error"]) if problem["type"] == "value_error" else None  # raised by a validator of ours
    if not problem["loc"]:
        return own or "The settings contradict each other."
    field = str(problem["loc"][0])
    message = own or f"it takes {expected(problem, Settings.model_fields[field].metadata)}"
    by = ", given by an option," if field in options else ""
    return f"{variable(field)}{by} is wrong: {message}{'' if message.endswith('?') else '.'}"


def variable(field: str) -> str:
    """The environment variable of a field of Settings."""
    return PREFIX + field.upper()


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Sentences about variables with our prefix that nothing reads: mostly slips of the pen."""
    known = {variable(field) for field in Settings.model_fields} | set(COMMAND_VARIABLES)
    sentences = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or name.startswith((f"{PREFIX}SERVICE_", f"{PREFIX}PORT_")):
            continue  # the last two are made by Kubernetes, beside a service of this name
        close = difflib.get_close_matches(name, known, n=1)
        sentences.append(f"{name} is not a setting{f'; did you mean {close[0]}?' if close else '.'}")
    return sentences
