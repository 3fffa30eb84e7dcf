// A proxy in front of us that remembers who asked: what a gateway sends to a subgraph can be seen nowhere else.

import { createServer, request } from 'node:http';

/** Pass every request on to `target`; returns the URL to use in its place, what was seen, and what stops it. */
export async function startRecorder(target) {
  const seen = [];
  const server = createServer((incoming, outgoing) => {
    const { authorization, accept = '', 'x-request-id': requestId } = incoming.headers;
    seen.push({ authorization, accept, requestId });
    const { host: _, ...headers } = incoming.headers;
    const url = new URL(target);
    url.search = new URL(incoming.url, target).search; // Hive Gateway subscribes by GET
    const passed = request(url, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/graphql`, seen, stop };
}
