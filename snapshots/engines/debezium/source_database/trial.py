"""What would go wrong at the database behind a source, whatever its dialect."""

from collections.abc import Sequence

from snapshots.engines.debezium.source_database.dialects import DIALECTS, Dialects
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.places import Places
from snapshots.model import SourceConnector
from snapshots.plan import TopicRequest
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings


class SourceDatabaseTrial:
    """Implements the port SourceTrial by those of the dialects. One for the process: it bounds its connections."""

    def __init__(self, opener: SourceOpener, dialects: Dialects = DIALECTS) -> None:
        """Open the sources by `opener`."""
        places = Places()
        self._trials = {key: one.trial(opener, places) for key, one in dialects.items() if one.trial is not None}

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        """Ask the database of `source`, where its dialect can be asked and its credentials are known; see the port."""
        trial = self._trials.get(source.dialect)
        if trial is None or not source.database_url_ref:
            return Trial()
        return await trial.look(source, topics, keys)
