// Selects topics, snapshots them, and watches to the end: node build/apollo/main.js http://127.0.0.1:8000/graphql PART

import WebSocket from 'ws';

import { PROGRESS, SNAPSHOT, TOPICS, type ProgressData } from '../shared/operations.js';
import { makeClient } from './client.js';

const [url = 'http://127.0.0.1:8000/graphql', part = 'public'] = process.argv.slice(2);
const { client, close } = makeClient({ url, webSocketImpl: WebSocket });

const { data: found } = await client.query({ query: TOPICS, variables: { first: 2, part } });
const topics = found?.topics.edges.map(({ node }) => node) ?? [];
console.log(`topics: ${topics.map(({ name }) => name).join(', ')}`);

const { data: made } = await client.mutate({
  mutation: SNAPSHOT,
  variables: { input: { topicIds: topics.map(({ id }) => id), reason: 'an example', idempotencyKey: crypto.randomUUID() } },
});
const payload = made?.bulkSnapshotTopics;
for (const { code, message } of payload?.userErrors ?? []) console.error(`${code}: ${message}`);
for (const result of payload?.results ?? []) {
  console.log(`${result.source.name}: ${result.success ? 'taken' : (result.code ?? result.__typename)} ${result.message ?? ''}`);
}
const bulkSnapshot = payload?.bulkSnapshot;
if (!bulkSnapshot) throw new Error('Nothing was asked of any source.');

const last = await new Promise<ProgressData['bulkSnapshotProgress']>((resolve, reject) => {
  let state: ProgressData['bulkSnapshotProgress'] = null;
  client.subscribe({ query: PROGRESS, variables: { id: bulkSnapshot.id } }).subscribe({
    next: ({ data, error }) => {
      if (error) reject(error);
      state = data?.bulkSnapshotProgress ?? null;
      if (state) console.log(`${state.state}: ${state.progress.topicsFinished} of ${state.progress.topicsTotal} topics`);
    },
    error: reject,
    complete: () => resolve(state),
  });
});
console.log(`ended: ${last?.state}, ${last?.progress.rowsScanned} rows`);
client.stop();
await close();
