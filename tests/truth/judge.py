"""The judge: what the ledger says of each topic, held against the rows that arrived. Pure; none of the product's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from snapshots.states import TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, TopicSnapshotOutcome


@dataclass(frozen=True)
class Claim:
    """What the ledger says in the end of one topic of one request."""

    topic: str
    expected: frozenset[int] | None
    """The numbers of the rows asked for; None where there are none to be had: no such table, a filter with an error."""
    state: TopicSnapshotState
    outcome: TopicSnapshotOutcome | None
    source_ended: bool = True
    excuse: str | None = None
    """What happened that may have kept rows from coming."""
    may_cancel: bool = False
    """Whether somebody stopped or abandoned it."""
    filtered: bool = True
    """Whether it was asked for with a filter."""


@dataclass(frozen=True)
class Refusal:
    """A source that the gateway refused to snapshot."""

    connector: str
    code: SnapshotErrorCode | None
    excuse: str | None = None
    """What else was going on there."""


@dataclass(frozen=True)
class Evidence:
    """What could be seen from outside."""

    rows: Mapping[str, Sequence[int]]
    """The numbers of the snapshot rows that arrived, by topic; one that came twice is there twice."""
    engine_succeeded: frozenset[str] = frozenset()
    """Topics of which the engine itself said at least once that their table was read, or is empty."""
    by_hand: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """What signals by hand asked for, by topic."""
    held: Sequence[str] = ()
    """Connectors that are still held long after the end."""


def judge(claims: Sequence[Claim], refusals: Sequence[Refusal], evidence: Evidence) -> list[str]:
    """Return what is wrong, as sentences; nothing where the ledger tells the truth."""
    faults = [f"{connector} is held after the end" for connector in evidence.held]
    faults += [f"{one.connector} was refused without a cause: {one.code}" for one in refusals if not one.excuse]
    times = Counter(claim.topic for claim in claims)
    for claim in claims:
        faults += _of_claim(claim, evidence, is_only=times[claim.topic] == 1)
    faults += _of_successes(claims, evidence)
    faults += _of_strangers(claims, evidence)
    return faults


def _of_claim(claim: Claim, evidence: Evidence, *, is_only: bool) -> list[str]:
    said = f"{claim.topic} is {claim.state}/{claim.outcome}"
    if not (claim.state.is_terminal and claim.source_ended):
        return [f"{said}: it never ended"]
    if claim.outcome is TopicSnapshotOutcome.FILTER_REJECTED and not claim.filtered:
        return [f"{said}: it had no filter"]
    if claim.state is TopicSnapshotState.COMPLETED:
        faults = [] if claim.outcome and claim.outcome.is_success else [f"{said}: an outcome that is no success"]
        return [*faults, *([f"{said}: there was nothing to be read"] if claim.expected is None else [])]
    if claim.state is TopicSnapshotState.CANCELLED:
        return [] if claim.may_cancel else [f"{said}: nobody stopped it"]
    return [] if claim.expected is None else _of_failure(claim, claim.expected, evidence, said, is_only=is_only)


def _of_failure(claim: Claim, expected: frozenset[int], evidence: Evidence, said: str, *, is_only: bool) -> list[str]:
    if claim.excuse is None:
        return [f"{said}: nothing could have kept it from being read"]
    arrived = expected <= set(evidence.rows.get(claim.topic, ()))
    # Where it was asked for twice, rows and the engine's word may be the other's.
    if arrived and is_only and claim.topic in evidence.engine_succeeded:
        return [f"{said}: all rows arrived, and the engine said so"]
    return []


def _of_successes(claims: Sequence[Claim], evidence: Evidence) -> list[str]:
    """Each success wants an arrival of its own for each of its rows."""
    wanted: dict[str, Counter[int]] = {}
    for claim in claims:
        if claim.state is TopicSnapshotState.COMPLETED and claim.expected is not None:
            wanted.setdefault(claim.topic, Counter()).update(claim.expected)
    faults = []
    for topic, numbers in wanted.items():
        missing = numbers - Counter(evidence.rows.get(topic, ()))
        if missing:
            some = ", ".join(map(str, sorted(missing)[:5]))
            faults.append(f"{topic} succeeded, but {missing.total()} of {numbers.total()} rows are missing: {some} …")
    return faults


def _of_strangers(claims: Sequence[Claim], evidence: Evidence) -> list[str]:
    """No row may come that nobody asked for."""
    asked: dict[str, set[int]] = {topic: set(numbers) for topic, numbers in evidence.by_hand.items()}
    for claim in claims:
        asked.setdefault(claim.topic, set()).update(claim.expected or ())
    faults = []
    for topic, numbers in evidence.rows.items():
        strange = set(numbers) - asked.get(topic, set())
        if strange:
            faults.append(f"{topic} has {len(strange)} rows that nobody asked for: {sorted(strange)[:5]} …")
    return faults
