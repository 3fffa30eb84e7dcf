import query from './operations/catalogue.graphql?raw';

const PATIENCE_MS = 5000;
const UNKNOWN = { topicIds: ['topic-id'], bulkSnapshotId: 'bulk-snapshot-id', simulated: false, cluster: 'unknown' };

/** Send one operation, and return its data. */
export async function ask(endpoint, text, headers = {}) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify({ query: text }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { data } = await response.json();
  return data;
}

/**
 * Read what the examples need: topics of several sources, one that no source writes (the gateway will skip it, with the
 * reason), the newest bulk snapshot. Return placeholders if the gateway does not answer, for example without a token.
 */
export async function readCatalogue(endpoint) {
  try {
    const { viewer, sources, others, bulkSnapshots } = await ask(endpoint, query);
    const bySource = sources.edges.map(({ node }) => node.topics.edges.map((edge) => edge.node));
    const topics = [...bySource.flat(), ...others.edges.map(({ node }) => node)];
    return {
      topicIds: topics.length > 0 ? topics.map(({ id }) => id) : UNKNOWN.topicIds,
      bulkSnapshotId: bulkSnapshots.edges[0]?.node.id ?? UNKNOWN.bulkSnapshotId,
      simulated: viewer.simulated,
      cluster: sources.edges[0]?.node.clusterId ?? UNKNOWN.cluster,
    };
  } catch {
    return UNKNOWN;
  }
}
