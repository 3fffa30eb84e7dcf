// A subscription over server-sent events, in the distinct connections mode of the GraphQL over SSE protocol.

/** Subscribe, and yield each result until the server completes. Throws where it ends without that. */
export async function* events(url, query, variables, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(90_000),
  });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new Error(`${response.status}: ${await response.text()}`);
  }
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split('\n');
      const kind = lines.find((line) => line.startsWith('event:'))?.slice(6).trim();
      if (kind === 'complete') return;
      const body = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5));
      if (kind === 'next') yield JSON.parse(body.join('\n'));
    }
  }
  throw new Error('The stream ended before it was complete.');
}
