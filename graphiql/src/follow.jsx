import { MagnifyingGlassIcon, ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect, useState } from 'react';
import { ask } from './catalogue.js';
import { followTab } from './examples.js';
import newest from './operations/newest.graphql?raw';

const LABEL = 'Follow the newest bulk snapshot';

/** Opens the newest bulk snapshot in a tab of its own, and runs that. */
export function FollowButton({ endpoint }) {
  const { addTab, run } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const documentAST = useGraphiQL((state) => state.documentAST);
  const [wanted, setWanted] = useState(null);

  async function follow() {
    const headers = parsed(headerEditor?.getValue());
    const data = await ask(endpoint, newest, headers).catch(() => null);
    const id = data?.bulkSnapshots?.edges[0]?.node.id;
    if (!id) {
      return;
    }
    const tab = followTab(id);
    addTab();
    queryEditor.setValue(tab.query);
    variableEditor.setValue(tab.variables);
    setWanted(tab.query);
  }

  // GraphiQL takes notice of what is in the editor a moment later, and would run the operation of the tab before.
  useEffect(() => {
    if (wanted !== null && documentAST?.loc?.source.body === wanted) {
      setWanted(null);
      run();
    }
  }, [wanted, documentAST, run]);

  return (
    <ToolbarButton label={LABEL} onClick={follow}>
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
