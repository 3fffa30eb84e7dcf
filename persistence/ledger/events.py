"""How changes get into the ledger's events: as a part of the very statement that makes them, however many they are.

Each constant is a common table expression `noted` over another, `changed`, and takes the parameters tenant_id, at and
cause. The rows it writes can be read by the application's role, and never changed.
"""

from sqlalchemy import TextClause, text

_INTO = """
    INSERT INTO ledger_event (tenant_id, at, bulk_snapshot_id, source_snapshot_id, subject_kind, subject_id,
                              from_state, to_state, cause, detail)
"""

NOTE_SIGNALS = f"""
noted AS ({_INTO}
    SELECT :tenant_id, CAST(:at AS timestamptz), s.bulk_snapshot_id, s.id, 'SIGNAL', c.id, c.from_state, c.to_state,
           CAST(:cause AS text), jsonb_strip_nulls(c.detail)
    FROM changed c JOIN source_snapshot s ON s.tenant_id = :tenant_id AND s.id = c.source_snapshot_id
    WHERE c.from_state <> c.to_state OR c.detail IS NOT NULL
    ORDER BY c.id
)"""  # noqa: S608 (constants)
"""Of `changed` (id, source_snapshot_id, from_state, to_state, detail): one event a signal, where there is something to
tell."""

NOTE_TOPICS = f"""
noted AS ({_INTO}
    SELECT :tenant_id, CAST(:at AS timestamptz), s.bulk_snapshot_id, s.id, 'TOPICS', s.id, c.from_state, c.to_state,
           CAST(:cause AS text),
           jsonb_build_object('topics', jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'id', c.id, 'topicId', c.topic_id, 'outcome', c.outcome, 'engineStatus', c.engine_status,
               'rowsScanned', c.rows_scanned, 'evidence', c.evidence)) ORDER BY c.position))
    FROM changed c JOIN source_snapshot s ON s.tenant_id = :tenant_id AND s.id = c.source_snapshot_id
    WHERE c.to_state IN ('COMPLETED', 'FAILED', 'CANCELLED') AND c.from_state <> c.to_state
    GROUP BY s.bulk_snapshot_id, s.id, c.from_state, c.to_state
    ORDER BY s.id, c.from_state, c.to_state
)"""  # noqa: S608 (constants)
"""Of `changed` (the columns of snapshot_topic, from_state, to_state, evidence): the ends of topics, one event for those
of one source snapshot that went the same way."""


def noting(change: str, events: str, answer: str = "SELECT FROM changed LIMIT 0") -> TextClause:
    """Return the statement that does `change`, an UPDATE with RETURNING, notes `events` of it, and answers `answer`."""
    return text(f"WITH changed AS ({change}), {events} {answer}")
