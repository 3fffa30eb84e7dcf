"""All checks of one source: from observations to findings, the worst first. Pure."""

from collections.abc import Iterator

from snapshots.following.failed_scans import remedy
from snapshots.health.connector import connector_findings
from snapshots.health.database import database_findings
from snapshots.health.findings import HealthCheck, HealthFinding, Severity, error, warning
from snapshots.health.kafka import kafka_findings
from snapshots.ports.inspector import InspectedSignalling

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK)


def assess(observed: InspectedSignalling) -> tuple[HealthFinding, ...]:
    """Return a finding for each thing that was checked: errors first, then warnings, then unknowns."""
    findings = [
        *connector_findings(observed),
        *kafka_findings(observed),
        *database_findings(observed),
        *_restart(observed),
        *_dead_letters(observed),
    ]
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))


def _restart(observed: InspectedSignalling) -> Iterator[HealthFinding]:
    """Yield a finding if the connector must be restarted; usually nothing."""
    if observed.restart is not None:
        message = (
            f"The connector takes no incremental snapshot: {observed.restart.cause()}. Rows that it left behind "
            "could appear later."
        )
        yield error(HealthCheck.RESTART_REQUIRED, observed.source.name, message, remedy(observed.source))


def _dead_letters(observed: InspectedSignalling) -> Iterator[HealthFinding]:
    """Yield a finding if notifications were set aside; usually nothing."""
    if observed.dead_letters is not None:
        message = f"The states of its snapshots may be wrong: {observed.dead_letters.cause()}."
        remedy = (
            'See docs/guides/following.md, "Dead letters": check the snapshots of that time by `topicsnap verify`, '
            "report the error, then remove the dead letters."
        )
        yield warning(HealthCheck.DEAD_LETTERS, observed.source.name, message, remedy)


def troubles(findings: tuple[HealthFinding, ...]) -> tuple[HealthFinding, ...]:
    """Return those of `findings` that somebody should look at."""
    return tuple(finding for finding in findings if finding.is_trouble)
