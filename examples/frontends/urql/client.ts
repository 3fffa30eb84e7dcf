// A urql client that sends queries and mutations by HTTP, and subscriptions over a WebSocket.

import { createClient as createSocket } from 'graphql-ws';
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from 'urql';

export function makeClient(url: string): Client {
  const socket = createSocket({ url: url.replace(/^http/, 'ws'), lazy: true });
  return new Client({
    url,
    preferGetMethod: false,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables: variables ?? null }, sink) }),
        }),
      }),
    ],
  });
}
