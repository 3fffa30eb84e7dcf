import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const resolve = createRequire(import.meta.url).resolve;
const fonts = fileURLToPath(new URL('node_modules/.fonts/', import.meta.url));

// GraphiQL carries its fonts as data: URLs. As files they load under font-src 'self', and only when they are used.
function unpackFonts() {
  mkdirSync(fonts, { recursive: true });
  for (const name of ['roboto', 'fira-code']) {
    let count = 0;
    const css = readFileSync(resolve(`@graphiql/react/font/${name}.css`), 'utf-8').replaceAll(
      /url\(["']?data:font\/(\w+);base64,([^"')]+)["']?\)/g,
      (_, kind, data) => {
        const file = `${name}-${(count += 1)}.${kind}`;
        writeFileSync(fonts + file, Buffer.from(data, 'base64'));
        return `url(./${file})`;
      },
    );
    writeFileSync(`${fonts}${name}.css`, css);
  }
}

unpackFonts();

export default defineConfig({
  base: './',
  resolve: { alias: { 'graphiql-fonts': fonts } },
  build: {
    assetsDir: 'graphiql',
    assetsInlineLimit: 0, // nothing as data: URL
    modulePreload: { polyfill: false },
    license: { fileName: 'graphiql/licenses.md' },
    chunkSizeWarningLimit: 5000,
  },
  worker: { format: 'es' },
  // npm run dev: the page with hot reload, in front of a gateway that runs on this machine.
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8000', ws: true } } },
});
