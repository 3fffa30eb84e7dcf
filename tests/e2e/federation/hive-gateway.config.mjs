// Hive Gateway over a supergraph: hive-gateway supergraph SUPERGRAPH.graphql -c hive-gateway.config.mjs

/** Pass on who asks, and the id under which both log the request. */
function fromClientToSubgraphs({ request }) {
  const headers = {};
  for (const name of ['authorization', 'x-request-id']) {
    const value = request.headers.get(name);
    if (value) headers[name] = value;
  }
  return headers;
}

export const gatewayConfig = {
  propagateHeaders: { fromClientToSubgraphs },
};
