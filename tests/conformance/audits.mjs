// The audits of GraphQL over HTTP by the package graphql-http: node audits.mjs URL_OF_GRAPHQL

import { serverAudits } from 'graphql-http';

import { Score } from './score.mjs';

const score = new Score('graphql-http audits');
for (const audit of serverAudits({ url: process.argv[2] })) {
  await score.check(audit.name, async () => {
    const result = await audit.fn();
    // `notice` and `warn` are what the specification recommends or allows: we hold ourselves to these too.
    if (result.status !== 'ok') throw new Error(`${result.status}: ${result.reason}`);
  });
}
score.end(61);
