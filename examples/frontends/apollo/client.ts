// An Apollo Client that sends queries and mutations by HTTP, and subscriptions over a WebSocket.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import { OperationTypeNode } from 'graphql';

export interface Options {
  /** For example `http://127.0.0.1:8000/graphql`. */
  url: string;
  /** Needed if the platform has no WebSocket: Node.js before 22. */
  webSocketImpl?: unknown;
}

export function makeClient({ url, webSocketImpl }: Options): { client: ApolloClient; close: () => Promise<void> } {
  const socket = createClient({ url: url.replace(/^http/, 'ws'), lazy: true, webSocketImpl });
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url }),
  );
  const cache = new InMemoryCache({
    // Results are not entities: their ids are the ids of their sources.
    typePolicies: {
      SourceSnapshotDispatched: { keyFields: false },
      SourceSnapshotFailed: { keyFields: false },
      SourceSnapshotUnconfirmed: { keyFields: false },
    },
    possibleTypes: {
      SourceSnapshotResult: ['SourceSnapshotDispatched', 'SourceSnapshotFailed', 'SourceSnapshotUnconfirmed'],
      Node: ['BulkSnapshot', 'SourceConnector', 'SourceSnapshot', 'Topic', 'TopicSnapshot'],
    },
  });
  return {
    client: new ApolloClient({ link, cache }),
    close: async () => {
      await socket.dispose();
    },
  };
}
