import history from './operations/history.graphql?raw';
import plan from './operations/plan.graphql?raw';
import progress from './operations/progress.graphql?raw';
import snapshot from './operations/snapshot.graphql?raw';
import topics from './operations/topics.graphql?raw';
import watch from './operations/watch.graphql?raw';

/** A tab that watches one bulk snapshot. */
export function followTab(bulkSnapshotId) {
  return tab(watch, { id: bulkSnapshotId });
}

/** The tabs of a first visit, in the order in which one tries them. */
export function exampleTabs({ topicIds, bulkSnapshotId }) {
  return [
    tab(topics),
    tab(plan, { input: { topicIds } }),
    tab(snapshot, { input: { topicIds, snapshotType: 'INCREMENTAL', reason: 'Tried in GraphiQL' } }),
    followTab(bulkSnapshotId),
    tab(progress, { id: bulkSnapshotId }),
    tab(history, { first: 10 }),
  ];
}

function tab(query, variables) {
  return { query: query.trim(), variables: variables && JSON.stringify(variables, null, 2) };
}
