import path from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

const root = import.meta.dirname

/** The page only. The Node sides (main, preload, engine, command line) are bundled by scripts/build.mjs. */
export default defineConfig({
  root: path.join(root, 'renderer'),
  // Relative, because the window may load the page from a file.
  base: './',
  plugins: [svelte({ configFile: path.join(root, 'svelte.config.js') })],
  build: {
    outDir: path.join(root, 'dist/renderer'),
    emptyOutDir: true,
    target: 'chrome108',
    // The content security policy allows no data: scripts, and a desktop app gains nothing from inlining.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 5273, strictPort: true },
})
