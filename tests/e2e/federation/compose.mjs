// Composing subgraphs, by the composer of Apollo (Elastic-2.0) or by that of The Guild (MIT):
// node compose.mjs NAME=URL [NAME=URL ...] >SUPERGRAPH.graphql

import { pathToFileURL } from 'node:url';

import { parse } from 'graphql';
import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByTheGuild } from '@theguild/federation-composition';

export const COMPOSERS = { '@apollo/composition': composeByApollo, '@theguild/federation-composition': composeByTheGuild };

/** Return the supergraph of `subgraphs`, each with name, url and sdl. Throws with what the composer objects to. */
export function compose(composer, subgraphs) {
  const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = COMPOSERS[composer](services);
  if (errors?.length || !supergraphSdl) throw new Error(errors?.map((error) => error.message).join('\n'));
  return supergraphSdl;
}

/** Ask a subgraph for its schema. */
export async function sdlOf(url) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  return (await response.json()).data._service.sdl;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const subgraphs = process.argv.slice(2).map((argument) => {
    const [name, ...url] = argument.split('=');
    return { name, url: url.join('=') };
  });
  for (const subgraph of subgraphs) subgraph.sdl = await sdlOf(subgraph.url);
  process.stdout.write(compose('@theguild/federation-composition', subgraphs));
}
