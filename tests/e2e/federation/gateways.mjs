// Composes us with the second subgraph, and asks through both gateways: node gateways.mjs URL_OF_GRAPHQL FOLDER

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ask, data, Score } from '../../conformance/score.mjs';
import { COMPOSERS, compose, sdlOf } from './compose.mjs';
import { startOwnership, typeDefs } from './ownership.mjs';
import { startApollo, startHive } from './programs.mjs';
import { startRecorder } from './recorder.mjs';
import { events } from './sse.mjs';

const [us, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const ownership = await startOwnership();
const recorder = await startRecorder(us);
const subgraphs = [
  { name: 'topicsnap', url: recorder.url, sdl: await sdlOf(us) },
  { name: 'ownership', url: ownership.url, sdl: typeDefs },
];

const composition = new Score('federation composition');
const supergraphs = {};
for (const composer of Object.keys(COMPOSERS)) {
  await composition.check(composer, () => {
    const file = join(folder, `${composer.replace(/\W+/g, '-')}.graphql`);
    writeFileSync(file, compose(composer, subgraphs));
    supergraphs[composer] = file;
  });
}
composition.end(2);

const TOPICS = `query($part: String!) {
  topics(first: 3, filter: { nameContains: $part, producer: [SOURCE], keyless: false }) { edges { node {
    id name owner source { id cluster name onCall }
  } } }
}`;
const REMARK = `query($bulk: ID!, $source: ID, $topics: [ID!]!, $cluster: String!, $connector: String!) {
  remark(bulkSnapshot: $bulk, sourceSnapshot: $source, topics: $topics, cluster: $cluster, connector: $connector) {
    text
    topics { id owner dataCollection exists askedWith }
    connector { id onCall state }
    bulkSnapshot { state summary { total } }
    sourceSnapshot { state source { name onCall } }
  }
}`;
const SNAPSHOT = `mutation($input: BulkSnapshotTopicsInput!) {
  bulkSnapshotTopics(input: $input) {
    bulkSnapshot { id snapshots { id } }
    results { __typename success message source { cluster name onCall } topics { name owner } }
    skippedTopics { topicId reason }
    summary { total succeeded failed unconfirmed }
    userErrors { code field }
  }
}`;
const WATCH = `subscription($id: ID!) {
  bulkSnapshotProgress(id: $id) { id state progress { fraction } snapshots { source { cluster name onCall } } }
}`;
const FINAL = new Set(['COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED', 'CANCELLED']);

const WHO = { authorization: 'Bearer of-a-client', 'x-request-id': 'of-a-client-1' };

/** Whatever reached us since the recorder was emptied, and something did, came with the headers of the client. */
function assertAskedAs(who) {
  assert.ok(recorder.seen.length > 0);
  for (const { authorization, requestId } of recorder.seen) {
    assert.deepEqual([authorization, requestId], [who.authorization, who['x-request-id']]);
  }
}

/** Ask through one gateway what clients ask. */
async function exercise(title, url, part, subscriptions) {
  const score = new Score(`federation through ${title}`);
  const topics = await score.check('a query over both subgraphs', async () => {
    const { edges } = (await data(url, TOPICS, { part })).topics;
    assert.ok(edges.length > 0);
    for (const { node } of edges) {
      assert.equal(node.owner, `owner of ${node.id}`);
      assert.equal(node.source.onCall, `on call for ${node.source.cluster}/${node.source.name}`);
    }
    return edges.map(({ node }) => node);
  });
  const made = await score.check('the mutation', async () => {
    const input = { topicIds: [topics[0].id, 'nobody'], reason: title };
    const payload = (await data(url, SNAPSHOT, { input })).bulkSnapshotTopics;
    assert.deepEqual(payload.userErrors, []);
    assert.deepEqual(payload.summary, { total: 1, succeeded: 1, failed: 0, unconfirmed: 0 });
    const [result] = payload.results;
    assert.deepEqual([result.__typename, result.success], ['SourceSnapshotDispatched', true]);
    assert.deepEqual(result.topics, [{ name: topics[0].name, owner: topics[0].owner }]);
    assert.equal(result.source.onCall, topics[0].source.onCall);
    assert.deepEqual(payload.skippedTopics, [{ topicId: 'nobody', reason: 'TOPIC_NOT_FOUND' }]);
    return payload.bulkSnapshot;
  });
  if (subscriptions) {
    await score.check('the subscription, to its end', async () => {
      const seen = [];
      recorder.seen.length = 0;
      for await (const event of events(url, WATCH, { id: made.id }, WHO)) {
        assert.equal(event.errors, undefined, JSON.stringify(event));
        seen.push(event.data.bulkSnapshotProgress);
      }
      assert.ok(seen.length > 1, `${seen.length} events`);
      assert.equal(seen.at(-1).state, 'COMPLETED');
      assert.equal(seen.filter(({ state }) => FINAL.has(state)).length, 1);
      for (const { id, snapshots } of seen) {
        assert.equal(id, made.id);
        assert.equal(snapshots[0].source.onCall, topics[0].source.onCall);
      }
      assertAskedAs(WHO);
    });
    await score.check('a subscription to nothing', async () => {
      const seen = [];
      for await (const event of events(url, WATCH, { id: 'nobody' })) seen.push(event);
      assert.deepEqual(seen, [{ data: { bulkSnapshotProgress: null } }]);
    });
  }
  const variables = {
    bulk: made?.id,
    source: made?.snapshots[0].id,
    topics: topics?.map(({ id }) => id),
    cluster: topics?.[0].source.cluster,
    connector: topics?.[0].source.name,
  };
  await score.check('every entity, by the keys of the other subgraph', async () => {
    const { remark } = await data(url, REMARK, variables);
    assert.deepEqual(remark.topics.map(({ id, exists }) => [id, typeof exists]), topics.map(({ id }) => [id, 'boolean']));
    assert.ok(remark.topics.every(({ dataCollection }) => dataCollection));
    assert.equal(remark.connector.id, topics[0].source.id);
    assert.ok(remark.connector.state);
    assert.deepEqual(remark.bulkSnapshot.summary, { total: 1 });
    assert.equal(remark.sourceSnapshot.source.onCall, topics[0].source.onCall);
  });
  await score.check('who asks', async () => {
    recorder.seen.length = 0;
    const { remark } = await data(url, REMARK, variables, WHO);
    assert.ok(remark.topics.every(({ askedWith }) => askedWith === WHO.authorization));
    assertAskedAs(WHO);
  });
  await score.check('an entity that is not there leaves the others', async () => {
    const query = REMARK.replace('dataCollection exists', 'dataCollection');
    const { remark } = await data(url, query, { ...variables, topics: ['nobody', topics[0].id], source: null });
    assert.deepEqual([remark.topics[0].dataCollection, remark.topics[0].owner], [null, 'owner of nobody']);
    assert.ok(remark.topics[1].dataCollection);
  });
  await score.check('an error of ours, with its code', async () => {
    const { errors } = await ask(url, '{ topics(first: 0) { edges { node { id } } } }');
    assert.equal(errors[0].extensions.code, 'INVALID_VALUE');
  });
  score.end();
}

const hiveReady = startHive(supergraphs['@theguild/federation-composition']);
hiveReady.catch(() => {}); // told below
// Each on a source of its own; the one that is watched with rows enough to see it move.
const gateways = [
  ['@apollo/gateway', () => startApollo(supergraphs['@apollo/composition']), 'crm.public', false],
  ['@graphql-hive/gateway', () => hiveReady, 'shop.public.order_items', true],
];
for (const [title, start, part, subscriptions] of gateways) {
  const gateway = await start();
  try {
    await exercise(title, gateway.url, part, subscriptions);
  } finally {
    await gateway.stop();
  }
}
await ownership.stop();
recorder.stop();
