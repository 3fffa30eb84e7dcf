import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { createLocalStorage } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { exampleTabs } from './examples.js';
import { makeFetcher } from './fetcher.js';
import { FollowButton } from './follow.jsx';

const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];

/** GraphiQL with the examples; `catalogue` comes from readCatalogue. */
export function Page({ endpoint, catalogue }) {
  const fetcher = makeFetcher(endpoint);
  // Keep tabs by cluster: the tabs of yesterday's demo name topics that today's demo, on the same port, does not have.
  const storage = createLocalStorage({ namespace: `topicsnap:${catalogue.cluster}` });
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      plugins={plugins}
      defaultTabs={exampleTabs(catalogue)}
      defaultEditorToolsVisibility="variables"
    >
      <GraphiQL.Logo>
        <span className="topicsnap-logo">Topicsnap</span>
        {catalogue.simulated && (
          <span className="topicsnap-simulated" title="No Debezium runs behind this gateway: the snapshots are simulated.">
            simulated
          </span>
        )}
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <FollowButton endpoint={endpoint} />
          </>
        )}
      </GraphiQL.Toolbar>
    </GraphiQL>
  );
}
