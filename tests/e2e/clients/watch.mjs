// Watches a bulk snapshot with one client and writes a line of JSON for each state, then "complete".
// Usage: node watch.mjs graphql-ws|graphql-sse|apollo-multipart|apollo-ws|apollo-mutation ENDPOINT BULK_SNAPSHOT_ID
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

const [, , client, endpoint, id] = process.argv;
const socketEndpoint = endpoint.replace(/^http/, 'ws');
const query = `subscription Watch($id: ID!) {
  bulkSnapshotProgress(id: $id) { id state progress { rowsScanned } snapshots { id state } }
}`;
const variables = { id };

const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Resolves at the end of a stream that is consumed by an observer. */
function consume(subscribe) {
  return new Promise((resolve, reject) => {
    subscribe({
      next: (result) => write(result),
      error: (error) => reject(Array.isArray(error) ? new Error(JSON.stringify(error)) : error),
      complete: resolve,
    });
  });
}

/** Watches with an Apollo Client over `link`. */
function apollo(link) {
  const apolloClient = new ApolloClient({ link, cache: new InMemoryCache() });
  return consume((observer) => apolloClient.subscribe({ query: gql(query), variables }).subscribe(observer));
}

const ways = {
  'graphql-ws': async () => {
    const ws = createWsClient({ url: socketEndpoint, webSocketImpl: WebSocket, retryAttempts: 0 });
    await consume((observer) => ws.subscribe({ query, variables }, observer));
    await ws.dispose();
  },
  'graphql-sse': async () => {
    const sse = createSseClient({ url: endpoint, singleConnection: false, retryAttempts: 0 });
    await consume((observer) => sse.subscribe({ query, variables }, observer));
    sse.dispose();
  },
  'apollo-multipart': () => apollo(new HttpLink({ uri: endpoint })),
  'apollo-ws': async () => {
    const ws = createWsClient({ url: socketEndpoint, webSocketImpl: WebSocket, retryAttempts: 0 });
    await apollo(new GraphQLWsLink(ws));
    await ws.dispose();
  },
};

await ways[client]();
write('complete');
