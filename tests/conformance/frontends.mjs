// The examples for frontends: they compile, and Apollo Client's runs: node frontends.mjs URL_OF_GRAPHQL

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Score } from './score.mjs';

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'examples', 'frontends');

/** Run a Node program of the project, and return what it wrote. Throws with that where it fails. */
function run(...command) {
  const done = spawnSync(process.execPath, command, { cwd: PROJECT, encoding: 'utf8', timeout: 120_000 });
  const said = `${done.stdout}${done.stderr}`;
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.error ?? done.status}\n${said}`);
  return said;
}

const score = new Score('frontends');
await score.check('Relay: relay-compiler takes the schema and the documents', () => {
  const generated = join(PROJECT, 'relay', '__generated__');
  rmSync(generated, { recursive: true, force: true });
  run('node_modules/relay-compiler/cli.js');
  assert.ok(readdirSync(generated).includes('TopicsRefetchQuery.graphql.ts'));
});
await score.check('Apollo Client, urql and Relay: TypeScript, strict', () => {
  rmSync(join(PROJECT, 'build'), { recursive: true, force: true });
  run('node_modules/typescript/lib/tsc.js', '--project', '.');
});
await score.check('Apollo Client: query, mutation and subscription', () => {
  const said = run('build/apollo/main.js', process.argv[2], 'billing');
  assert.match(said, /^topics: billing\./m);
  assert.match(said, /^IN_PROGRESS: \d of 2 topics$/m);
  assert.match(said, /^ended: COMPLETED, \d+ rows$/m);
});
score.end(3);
