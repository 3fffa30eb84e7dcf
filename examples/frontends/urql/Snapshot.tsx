// A list of topics to select from, a button, and the progress of what it started; with urql.

import { useState } from 'react';
import { Provider, useMutation, useQuery, useSubscription, type Client } from 'urql';

import { PROGRESS, SNAPSHOT, TOPICS } from '../shared/operations.js';

export function App({ client }: { client: Client }) {
  return (
    <Provider value={client}>
      <Topics />
    </Provider>
  );
}

function Topics() {
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [{ data, fetching, error }] = useQuery({ query: TOPICS, variables: { first: 100 } });
  const [made, snapshot] = useMutation(SNAPSHOT);
  const payload = made.data?.bulkSnapshotTopics;
  if (fetching) return <p>Loading</p>;
  if (error) return <p role="alert">{error.message}</p>;

  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    select(next);
  };
  return (
    <>
      <ul>
        {data?.topics.edges.map(({ node }) => (
          <li key={node.id}>
            <label>
              <input type="checkbox" checked={selected.has(node.id)} onChange={() => toggle(node.id)} /> {node.name}
            </label>
          </li>
        ))}
      </ul>
      <button disabled={!selected.size || made.fetching} onClick={() => snapshot({ input: { topicIds: [...selected] } })}>
        Snapshot
      </button>
      {payload?.userErrors.map(({ code, message }) => (
        <p role="alert" key={code}>{message}</p>
      ))}
      {payload?.results.map(({ id, source, success, message }) => (
        <p key={id}>{source.name}: {success ? 'taken' : message}</p>
      ))}
      {payload?.bulkSnapshot && <Progress id={payload.bulkSnapshot.id} />}
    </>
  );
}

function Progress({ id }: { id: string }) {
  const [{ data }] = useSubscription({ query: PROGRESS, variables: { id } });
  const now = data?.bulkSnapshotProgress;
  return now ? <progress value={now.progress.fraction ?? 0} title={now.state} /> : null;
}
