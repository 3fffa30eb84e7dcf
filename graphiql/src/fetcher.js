import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';

/** A fetcher for the endpoint: subscriptions over graphql-transport-ws, everything else by POST. */
export function makeFetcher(endpoint) {
  const webSocket = new URL(endpoint);
  webSocket.protocol = endpoint.protocol.replace('http', 'ws');
  const fetcher = createGraphiQLFetcher({
    url: endpoint.href,
    subscriptionUrl: webSocket.href,
    enableIncrementalDelivery: false,
  });
  return (params, options) => {
    const known = describe(params.query);
    return known
      ? fetcher({ ...params, operationName: known.name }, { ...options, documentAST: known.document })
      : fetcher(params, options);
  };
}

/**
 * Return the only operation of a text; null if the text has none or several, or is invalid (the gateway reports that).
 *
 * GraphiQL reads a text a moment after it appears in the editor. A user who runs it sooner would send the name of the
 * previous operation.
 */
function describe(query) {
  try {
    const document = parse(query);
    const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return operations.length === 1 ? { document, name: operations[0].name?.value } : null;
  } catch {
    return null;
  }
}
