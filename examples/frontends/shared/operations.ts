// The operations of the examples, with the types of their answers; Apollo Client and urql both use them.
// In an application, generate the types with GraphQL Code Generator from schema/schema.graphql.

import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';

export interface Topic {
  id: string;
  name: string;
  keyless: boolean | null;
  source: { id: string; name: string } | null;
}

export interface TopicsData {
  topics: {
    edges: { node: Topic }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

export const TOPICS: TypedDocumentNode<TopicsData, { first: number; after?: string | null; part?: string | null }> = parse(`
  query Topics($first: Int!, $after: String, $part: String) {
    topics(first: $first, after: $after, filter: { nameContains: $part, producer: [SOURCE], keyless: false }) {
      edges { node { id name keyless source { id name } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

/** Later versions may add types of results; all of them have `success` and `message`. */
export interface Result {
  __typename: string;
  id: string;
  success: boolean;
  message: string | null;
  code?: string;
  retryable?: boolean;
  source: { id: string; name: string };
  snapshot: { id: string; state: string };
}

export interface SnapshotData {
  bulkSnapshotTopics: {
    bulkSnapshot: { id: string; state: string } | null;
    results: Result[];
    skippedTopics: { topicId: string; reason: string; message: string }[];
    summary: { total: number; succeeded: number; failed: number; unconfirmed: number };
    userErrors: { code: string; message: string; field: string[] | null }[];
  };
}

export interface SnapshotVariables {
  input: { topicIds: string[]; snapshotType?: 'INCREMENTAL' | 'BLOCKING'; idempotencyKey?: string; reason?: string };
}

export const SNAPSHOT: TypedDocumentNode<SnapshotData, SnapshotVariables> = parse(`
  mutation Snapshot($input: BulkSnapshotTopicsInput!) {
    bulkSnapshotTopics(input: $input) {
      bulkSnapshot { id state }
      results {
        __typename id success message
        source { id name }
        snapshot { id state }
        ... on SourceSnapshotFailed { code retryable }
        ... on SourceSnapshotUnconfirmed { code retryable }
      }
      skippedTopics { topicId reason message }
      summary { total succeeded failed unconfirmed }
      userErrors { code message field }
    }
  }
`);

export interface ProgressData {
  bulkSnapshotProgress: {
    id: string;
    state: string;
    progress: { topicsFinished: number; topicsTotal: number; rowsScanned: string; fraction: number | null };
    snapshots: { id: string; state: string; source: { id: string; name: string } }[];
  } | null;
}

export const PROGRESS: TypedDocumentNode<ProgressData, { id: string }> = parse(`
  subscription Progress($id: ID!) {
    bulkSnapshotProgress(id: $id) {
      id state
      progress { topicsFinished topicsTotal rowsScanned fraction }
      snapshots { id state source { id name } }
    }
  }
`);
