"""What `topicsnap doctor` shows of a source, whether it was looked at from here or by a gateway."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.cli.exits import Exit
from snapshots.health.findings import HealthCheck, HealthFinding, Severity

HEALTH_FIELDS = "health { code severity subject message remedy }"
"""The GraphQL selection that `findings_from_graphql` reads."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source connector, and what a check of it found, the worst first."""

    id: str
    cluster: str
    source: str
    findings: tuple[HealthFinding, ...]

    def has(self, severity: Severity) -> bool:
        """Whether a finding is of this severity."""
        return any(finding.severity is severity for finding in self.findings)

    @property
    def unreachable(self) -> bool:
        """Whether Kafka Connect did not answer, so that next to nothing is known."""
        return any(
            finding.code is HealthCheck.KAFKA_CONNECT and finding.severity is Severity.UNKNOWN
            for finding in self.findings
        )


def findings_from_graphql(given: Iterable[Mapping[str, Any]]) -> tuple[HealthFinding, ...]:
    """Return the findings that a gateway answered for HEALTH_FIELDS; words of a newer one become the most general."""
    return tuple(
        HealthFinding(
            HealthCheck(one["code"]) if one["code"] in set(HealthCheck) else HealthCheck.UNEXPLAINED,
            Severity(one["severity"]) if one["severity"] in set(Severity) else Severity.UNKNOWN,
            one["subject"],
            one["message"],
            one["remedy"],
        )
        for one in given
    )


def exit_of(checked: Sequence[SourceHealth]) -> Exit:
    """The exit code: FAILED where something is broken, UNREACHABLE where that cannot be told, else OK."""
    if any(one.has(Severity.ERROR) for one in checked):
        return Exit.FAILED
    if any(one.unreachable for one in checked):
        return Exit.UNREACHABLE
    return Exit.OK
