// Gateways as users run them, each in a process of its own; only these processes are ended.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const START_SECONDS = 90;

/** Start Apollo Gateway over the supergraph in a file; returns its URL and what stops it. */
export async function startApollo(supergraph) {
  const port = await freePort();
  const program = run([join(HERE, 'apollo-gateway.mjs'), supergraph, String(port)]);
  return ready(program, `http://127.0.0.1:${port}/`);
}

/** Start Hive Gateway over the supergraph in a file; returns its URL and what stops it. */
export async function startHive(supergraph) {
  const port = await freePort();
  const config = join(HERE, 'hive-gateway.config.mjs');
  const command = ['supergraph', supergraph, '-c', config, '--host', '127.0.0.1', '--port', String(port)];
  const program = run([join(HERE, 'node_modules', '@graphql-hive', 'gateway', 'dist', 'bin.js'), ...command]);
  return ready(program, `http://127.0.0.1:${port}/graphql`);
}

/** Run a Node program; what it says is kept for the case that it fails. */
export function run(command, options = {}) {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const program = { child, said: '', ended: false };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (program.said += chunk));
  program.over = new Promise((resolve) => child.on('close', resolve)).then((code) => {
    program.ended = true;
    return code;
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return program;
}

/** Wait until a GraphQL server answers at `url`; returns it with what stops the program. Throws with what it said. */
export async function ready(program, url) {
  const stop = async () => {
    program.child.kill('SIGTERM');
    const hard = setTimeout(() => program.child.kill('SIGKILL'), 5000);
    await program.over;
    clearTimeout(hard);
  };
  const deadline = Date.now() + START_SECONDS * 1000;
  while (!program.ended && Date.now() < deadline) {
    if (await answers(url)) return { url, stop };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await stop();
  throw new Error(`Nothing answers at ${url}:\n${program.said}`);
}

async function answers(url) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
      signal: AbortSignal.timeout(5000),
    });
    return (await response.json()).data?.__typename === 'Query';
  } catch {
    return false;
  }
}

/** Return a port of 127.0.0.1 that nobody uses now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
