import { MagnifyingGlassIcon, ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { ask } from './catalogue.js';
import { followTab } from './examples.js';
import newest from './operations/newest.graphql?raw';

/** Watches the newest bulk snapshot in a tab of its own. */
export function FollowButton({ endpoint }) {
  const { addTab, run } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);

  async function follow() {
    const text = headerEditor?.getValue();
    const data = await ask(endpoint, newest, parsed(text)).catch(() => null);
    const id = data?.bulkSnapshots?.edges[0]?.node.id;
    if (!id) {
      return; // no bulk snapshot exists yet
    }
    const { query, variables } = followTab(id);
    addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variables);
    headerEditor?.setValue(text ?? '');
    run();
  }

  return (
    <ToolbarButton label="Watch the newest bulk snapshot" onClick={follow}>
      <MagnifyingGlassIcon className="graphiql-toolbar-icon" aria-hidden="true" />
    </ToolbarButton>
  );
}

function parsed(text) {
  try {
    return JSON.parse(text || '{}');
  } catch {
    return {};
  }
}
