"""All checks of one source: from what was observed to findings, the worst first. Pure."""

from snapshots.health.connector import connector_findings
from snapshots.health.database import database_findings
from snapshots.health.findings import HealthFinding, Severity
from snapshots.health.kafka import kafka_findings
from snapshots.health.observed import ObservedSignalling

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK)


def assess(observed: ObservedSignalling) -> tuple[HealthFinding, ...]:
    """Return a finding for each thing that was looked at: errors first, then warnings, then what is not known."""
    findings = [*connector_findings(observed), *kafka_findings(observed), *database_findings(observed)]
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))


def troubles(findings: tuple[HealthFinding, ...]) -> tuple[HealthFinding, ...]:
    """Return those of `findings` that somebody should look at."""
    return tuple(finding for finding in findings if finding.is_trouble)
