import 'graphiql/setup-workers/vite';
import 'graphiql-fonts/roboto.css';
import 'graphiql-fonts/fira-code.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-explorer/style.css';
import 'graphiql/graphiql.css';
import './page.css';

import { createRoot } from 'react-dom/client';
import { readCatalogue } from './catalogue.js';
import { Page } from './page.jsx';

const element = document.getElementById('graphiql');
const endpoint = new URL(element.dataset.endpoint, document.baseURI);

// The examples name topics of this catalogue, so wait for it. The page also works if the gateway does not answer.
const catalogue = await readCatalogue(endpoint);
createRoot(element).render(<Page endpoint={endpoint} catalogue={catalogue} />);
