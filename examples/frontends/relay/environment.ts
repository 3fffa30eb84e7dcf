// A Relay environment that sends queries and mutations by HTTP, and subscriptions over a WebSocket.

import { createClient } from 'graphql-ws';
import { Environment, Network, Observable, RecordSource, Store, type GraphQLResponse } from 'relay-runtime';

export function makeEnvironment(url: string): Environment {
  const socket = createClient({ url: url.replace(/^http/, 'ws'), lazy: true });
  return new Environment({
    network: Network.create(
      async ({ text }, variables) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
          body: JSON.stringify({ query: text, variables }),
        });
        return (await response.json()) as GraphQLResponse;
      },
      ({ text }, variables) =>
        Observable.create<GraphQLResponse>((sink) =>
          socket.subscribe(
            { query: text ?? '', variables },
            { next: (value) => sink.next(value as GraphQLResponse), error: (error) => sink.error(error as Error), complete: () => sink.complete() },
          ),
        ),
    ),
    store: new Store(new RecordSource()),
  });
}
