// Apollo's subgraph compatibility tests against our view: node compatibility.mjs URL_OF_PRODUCTS FOLDER
//
// Their command wants docker or downloaded programs; their test cases do not. They are copied out of the package into
// FOLDER, because the address of the router is written in them, and run by the jest that comes with them.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Score } from '../../conformance/score.mjs';
import { compose, sdlOf } from './compose.mjs';
import { freePort, ready, run, startApollo } from './programs.mjs';

// Tracing in Apollo's own protocol buffers, which we leave to OpenTelemetry.
const NOT_SUPPORTED = new Set(['ftv1']);
const EXPECTED = 23;

const [products, given] = process.argv.slice(2);
const folder = resolve(given);
const modules = join(dirname(fileURLToPath(import.meta.url)), 'node_modules');
const suite = join(modules, '@apollo', 'federation-subgraph-compatibility-tests');

/** Start one of the two subgraphs that come with the tests. */
async function startSubgraph(name) {
  const port = await freePort();
  const cwd = join(suite, 'dist', 'subgraphs', name);
  const program = run(['index.js'], { cwd, env: { ...process.env, [`${name.toUpperCase()}_PORT`]: String(port) } });
  return { name, ...(await ready(program, `http://localhost:${port}/`)) };
}

/** Copy the test cases, with the address of our router in them. */
function prepare(router) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['tests', 'utils', 'testRunner.js']) {
    cpSync(join(suite, 'dist', part), join(folder, 'dist', part), { recursive: true });
  }
  cpSync(join(suite, 'products.graphql'), join(folder, 'products.graphql'));
  const client = join(folder, 'dist', 'utils', 'client.js');
  const text = readFileSync(client, 'utf8');
  assert.match(text, /http:\/\/localhost:4000\//);
  writeFileSync(client, text.replaceAll('http://localhost:4000/', router));
  writeFileSync(join(folder, 'package.json'), '{}\n'); // what is copied is CommonJS
  const config = { testEnvironment: 'node', rootDir: folder, modulePaths: [modules], transform: {} };
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config));
}

const running = await Promise.all(['users', 'inventory'].map(startSubgraph));
const subgraphs = [{ name: 'products', url: products, stop: async () => {} }, ...running];
for (const subgraph of subgraphs) subgraph.sdl = await sdlOf(subgraph.url);
const supergraph = join(dirname(folder), 'compatibility.graphql');
mkdirSync(dirname(folder), { recursive: true });
writeFileSync(supergraph, compose('@apollo/composition', subgraphs));
const router = await startApollo(supergraph);
prepare(router.url);

const results = join(folder, 'results.json');
const jest = run(
  [join(modules, 'jest', 'bin', 'jest.js'), '--ci', '--json', '--outputFile', results, '-c', 'jest.config.json', '-i'],
  { cwd: folder, env: { ...process.env, PRODUCTS_URL: products } },
);
await jest.over;
for (const each of [...running, router]) await each.stop();

const score = new Score('Apollo subgraph compatibility');
const left = [];
for (const { assertionResults } of JSON.parse(readFileSync(results, 'utf8')).testResults) {
  for (const { fullName, status, failureMessages } of assertionResults) {
    if (NOT_SUPPORTED.has(fullName) && status === 'failed') left.push(fullName);
    else await score.check(fullName, () => assert.equal(status, 'passed', failureMessages.join('\n')));
  }
}
if (score.passed + score.failed === 0) console.error(jest.said);
score.end(EXPECTED - left.length);
if (left.length) console.log(`Apollo subgraph compatibility: not supported, and not counted: ${left.join(', ')}`);
