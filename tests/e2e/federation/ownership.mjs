// A second subgraph: who owns which topic, and who is on call for which connector. It knows no topic but by its key.
// node ownership.mjs [PORT]

import { pathToFileURL } from 'node:url';

import { parse } from 'graphql';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { startStandaloneServer } from '@apollo/server/standalone';

export const typeDefs = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

  type Topic @key(fields: "id") {
    id: ID!
    "The team that answers for what the topic holds."
    owner: String!
    "The Authorization header with which the gateway came."
    askedWith: String
  }

  type SourceConnector @key(fields: "cluster name") {
    cluster: String!
    name: String!
    onCall: String!
  }

  type BulkSnapshot @key(fields: "id", resolvable: false) {
    id: ID!
  }

  type SourceSnapshot @key(fields: "id", resolvable: false) {
    id: ID!
  }

  "A note that somebody left at a snapshot."
  type Remark {
    text: String!
    bulkSnapshot: BulkSnapshot!
    sourceSnapshot: SourceSnapshot
    connector: SourceConnector!
    topics: [Topic!]!
  }

  type Query {
    remark(bulkSnapshot: ID!, sourceSnapshot: ID, topics: [ID!]!, cluster: String!, connector: String!): Remark!
  }
`;

const resolvers = {
  Query: {
    remark: (_, { bulkSnapshot, sourceSnapshot, topics, cluster, connector }) => ({
      text: 'Look at this.',
      bulkSnapshot: { id: bulkSnapshot },
      sourceSnapshot: sourceSnapshot ? { id: sourceSnapshot } : null,
      connector: { cluster, name: connector },
      topics: topics.map((id) => ({ id })),
    }),
  },
  Topic: {
    __resolveReference: ({ id }) => ({ id }),
    owner: ({ id }) => `owner of ${id}`,
    askedWith: (_, __, { authorization }) => authorization,
  },
  SourceConnector: {
    __resolveReference: ({ cluster, name }) => ({ cluster, name }),
    onCall: ({ cluster, name }) => `on call for ${cluster}/${name}`,
  },
};

/** Serve the subgraph, on a free port unless one is given; returns its URL and what stops it. */
export async function startOwnership(port = 0) {
  const server = new ApolloServer({
    schema: buildSubgraphSchema({ typeDefs: parse(typeDefs), resolvers }),
    plugins: [ApolloServerPluginInlineTraceDisabled()],
  });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port },
    context: async ({ req }) => ({ authorization: req.headers.authorization }),
  });
  return { url, stop: () => server.stop() };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await startOwnership(Number(process.argv[2] ?? 4001));
  console.log(`Ready at ${url}`);
}
