// A list of topics that grows page by page, a button for each, and the progress of what it started; with Relay.

import { useMemo, useState } from 'react';
import { graphql, useFragment, useLazyLoadQuery, useMutation, usePaginationFragment, useSubscription } from 'react-relay';

import type { TopicsListQuery } from './__generated__/TopicsListQuery.graphql';
import type { TopicsProgressSubscription } from './__generated__/TopicsProgressSubscription.graphql';
import type { TopicsRefetchQuery } from './__generated__/TopicsRefetchQuery.graphql';
import type { TopicsSnapshotMutation } from './__generated__/TopicsSnapshotMutation.graphql';
import type { Topics_bulk$key } from './__generated__/Topics_bulk.graphql';
import type { Topics_query$key } from './__generated__/Topics_query.graphql';
import type { Topics_topic$key } from './__generated__/Topics_topic.graphql';

export function App() {
  const data = useLazyLoadQuery<TopicsListQuery>(
    graphql`
      query TopicsListQuery($first: Int!) {
        ...Topics_query @arguments(first: $first)
      }
    `,
    { first: 50 },
  );
  return <List query={data} />;
}

function List({ query }: { query: Topics_query$key }) {
  const { data, hasNext, loadNext, isLoadingNext } = usePaginationFragment<TopicsRefetchQuery, Topics_query$key>(
    graphql`
      fragment Topics_query on Query
      @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" })
      @refetchable(queryName: "TopicsRefetchQuery") {
        topics(first: $first, after: $after, filter: { producer: [SOURCE] }) @connection(key: "Topics_topics") {
          edges {
            node {
              id
              ...Topics_topic
            }
          }
        }
      }
    `,
    query,
  );
  return (
    <>
      {data.topics.edges.map(({ node }) => (
        <Topic key={node.id} topic={node} />
      ))}
      {hasNext && <button disabled={isLoadingNext} onClick={() => loadNext(50)}>More</button>}
    </>
  );
}

function Topic({ topic }: { topic: Topics_topic$key }) {
  const { id, name, keyless } = useFragment(
    graphql`
      fragment Topics_topic on Topic @refetchable(queryName: "TopicsTopicRefetchQuery") {
        id
        name
        keyless
      }
    `,
    topic,
  );
  const [bulk, setBulk] = useState<string | null>(null);
  const [commit, isInFlight] = useMutation<TopicsSnapshotMutation>(graphql`
    mutation TopicsSnapshotMutation($input: BulkSnapshotTopicsInput!) {
      bulkSnapshotTopics(input: $input) {
        bulkSnapshot {
          id
          ...Topics_bulk
        }
        results {
          __typename
          success
          message
        }
        userErrors {
          code
          message
        }
      }
    }
  `);
  const start = () =>
    commit({
      variables: { input: { topicIds: [id], snapshotType: keyless ? 'BLOCKING' : 'INCREMENTAL' } },
      onCompleted: ({ bulkSnapshotTopics }) => setBulk(bulkSnapshotTopics.bulkSnapshot?.id ?? null),
    });
  return (
    <p>
      {name} <button disabled={isInFlight} onClick={start}>Snapshot</button> {bulk && <Watch id={bulk} />}
    </p>
  );
}

/** Relay stores what the subscription sends, by the id of the node; no props are needed. */
function Watch({ id }: { id: string }) {
  const [bulk, setBulk] = useState<Topics_bulk$key | null>(null);
  useSubscription<TopicsProgressSubscription>(
    useMemo(
      () => ({
        subscription: graphql`
          subscription TopicsProgressSubscription($id: ID!) {
            bulkSnapshotProgress(id: $id) {
              ...Topics_bulk
            }
          }
        `,
        variables: { id },
        onNext: (response) => setBulk(response?.bulkSnapshotProgress ?? null),
      }),
      [id],
    ),
  );
  return bulk && <Progress bulk={bulk} />;
}

function Progress({ bulk }: { bulk: Topics_bulk$key }) {
  const { state, progress } = useFragment(
    graphql`
      fragment Topics_bulk on BulkSnapshot {
        state
        progress {
          fraction
        }
      }
    `,
    bulk,
  );
  return <progress value={progress.fraction ?? 0} title={state} />;
}
