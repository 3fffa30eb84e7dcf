"""How an operator's import changes the catalogue, and what is wrong with an import. Pure."""

from collections.abc import Mapping
from dataclasses import fields

from snapshots.catalog.described import described_cluster, described_connector, described_topic
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.catalog.state import CatalogState, NewId, Place, with_look_alikes
from snapshots.errors import FieldPath, InvalidRequestError, RequestError
from snapshots.identifiers import CLUSTER, MAX_ID_LENGTH, SOURCE_CONNECTOR, TOPIC, is_valid_id
from snapshots.requesting.request import MAX_FINDINGS
from snapshots.texts import is_storable
from snapshots.vocabulary import UserErrorCode

MAX_NAME_LENGTH = 249
"""Longest name of a cluster, a connector or a topic: Kafka's own limit for topics."""

Named = ImportedCluster | ImportedConnector | ImportedTopic


def after_import(before: CatalogState, imported: CatalogImport, *, new_id: NewId) -> CatalogState:
    """Return the catalogue after `imported`; `before` holds everything that the tenant has.

    Raises InvalidRequestError with all findings; the path of each finding points into the import.
    """
    work = _Import(before, new_id)
    for position, cluster in enumerate(imported.clusters):
        work.take_cluster(cluster, ("clusters", position))
    for position, connector in enumerate(imported.connectors):
        work.take_connector(connector, ("connectors", position))
    for position, topic in enumerate(imported.topics):
        work.take_topic(topic, ("topics", position))
    if work.findings:
        raise InvalidRequestError(tuple(work.findings[:MAX_FINDINGS]))
    return with_look_alikes(CatalogState(work.clusters, work.connectors, work.topics))


class _Import:
    def __init__(self, before: CatalogState, new_id: NewId) -> None:
        self.findings: list[RequestError] = []
        self.clusters = dict(before.clusters)
        self.connectors = dict(before.connectors)
        self.topics = dict(before.topics)
        self._new_id = new_id
        self._cluster_ids = {cluster.name: cluster.id for cluster in before.clusters.values()}
        self._named: set[tuple[type[Named], str, str]] = set()
        self._owners = {cluster.id: f"the cluster {cluster.name}" for cluster in before.clusters.values()}
        self._owners |= {entry.id: f"the connector {entry.name}" for entry in before.connectors.values()}
        self._owners |= {entry.id: f"the topic {entry.name}" for entry in before.topics.values()}

    def take_cluster(self, said: ImportedCluster, path: FieldPath) -> None:
        if not self._is_nameable(said, "", path):
            return
        cluster_id = self._grant(said, CLUSTER, self._cluster_ids.get(said.name), f"the cluster {said.name}", path)
        if cluster_id is not None:
            self.clusters[cluster_id] = described_cluster(said, cluster_id)
            self._cluster_ids[said.name] = cluster_id

    def take_connector(self, said: ImportedConnector, path: FieldPath) -> None:
        place = self._place(said, path)
        if place is None:
            return
        known = self.connectors.get(place)
        owner = f"the connector {said.name}"
        connector_id = self._grant(said, SOURCE_CONNECTOR, known.id if known else None, owner, path)
        if connector_id is not None:
            self.connectors[place] = described_connector(known, said, connector_id)

    def take_topic(self, said: ImportedTopic, path: FieldPath) -> None:
        place = self._place(said, path)
        if place is None:
            return
        if said.connector is not None and (place[0], said.connector) not in self.connectors:
            message = f"The cluster {said.cluster} has no connector {said.connector}."
            self._note(UserErrorCode.NOT_FOUND, message, (*path, "connector"))
            return
        known = self.topics.get(place)
        topic_id = self._grant(said, TOPIC, known.id if known else None, f"the topic {said.name}", path)
        if topic_id is not None:
            self.topics[place] = described_topic(known, said, topic_id)

    def _place(self, said: ImportedConnector | ImportedTopic, path: FieldPath) -> Place | None:
        if not self._is_nameable(said, said.cluster, path):
            return None
        cluster_id = self._cluster_ids.get(said.cluster)
        if cluster_id is None:
            self._note(UserErrorCode.NOT_FOUND, f"There is no cluster {said.cluster}.", (*path, "cluster"))
            return None
        return cluster_id, said.name

    def _is_nameable(self, said: Named, cluster: str, path: FieldPath) -> bool:
        for name, text in _texts(said).items():
            if not is_storable(text):
                message = "A text must not contain NUL or unpaired surrogates."
                self._note(UserErrorCode.INVALID_VALUE, message, (*path, name))
                return False
        if not 0 < len(said.name) <= MAX_NAME_LENGTH:
            message = f"A name must have 1 to {MAX_NAME_LENGTH} characters."
            self._note(UserErrorCode.INVALID_VALUE, message, (*path, "name"))
            return False
        if (type(said), cluster, said.name) in self._named:
            self._note(UserErrorCode.INVALID_VALUE, f"{said.name} appears twice in this import.", (*path, "name"))
            return False
        self._named.add((type(said), cluster, said.name))
        return True

    def _grant(self, said: Named, prefix: str, known_id: str | None, owner: str, path: FieldPath) -> str | None:
        """Return the id for the imported item, or None if the requested id cannot be granted."""
        path = (*path, "id")
        if said.id is None or said.id == known_id:
            granted = known_id or self._new_id(prefix)
            self._owners[granted] = owner
            return granted
        if known_id is not None:
            message = f"{owner[0].upper()}{owner[1:]} already has the id {known_id}, and an id cannot be changed."
        elif not is_valid_id(said.id):
            message = f"An id must be a text of 1 to {MAX_ID_LENGTH} characters and must not be blank."
        elif said.id in self._owners:
            message = f"The id {said.id} already belongs to {self._owners[said.id]}."
        else:
            self._owners[said.id] = owner
            return said.id
        self._note(UserErrorCode.INVALID_ID, message, path)
        return None

    def _note(self, code: UserErrorCode, message: str, path: FieldPath) -> None:
        self.findings.append(RequestError(code, message, path))


def _texts(said: Named) -> Mapping[str, str]:
    values = {field.name: getattr(said, field.name) for field in fields(said)}
    return {name: value for name, value in values.items() if isinstance(value, str)}
