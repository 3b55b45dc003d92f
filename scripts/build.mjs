// Builds dist/: the page with Vite, the four Node sides with esbuild. What has not changed is not built again.
//   node scripts/build.mjs [--force]
import fs from 'node:fs'
import path from 'node:path'
import { fingerprint } from './run/fingerprint.mjs'
import { isMain, runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { progress, SetupError } from './run/say.mjs'

const say = progress('build')

// Electron 22 (Node 16) is the oldest Electron that main and preload must run on.
const nodeParts = [
  { name: 'main', entry: 'electron/main/main.ts', out: 'dist/main/main.cjs', target: 'node16' },
  {
    name: 'preload',
    entry: 'electron/preload/preload.ts',
    out: 'dist/preload/preload.cjs',
    target: 'node16',
  },
  { name: 'engine', entry: 'electron/engine/process.ts', out: 'dist/engine/engine.cjs', target: 'node20' },
  { name: 'cli', entry: 'electron/cli/cli.ts', out: 'dist/cli/cli.cjs', target: 'node20' },
]
const page = { name: 'page', entry: 'renderer/index.html', out: 'dist/renderer/index.html' }

const nodeSources = ['electron', 'shared', 'package-lock.json', 'scripts/build.mjs', 'tsconfig.json']
const pageSources = [
  'renderer',
  'shared',
  'package-lock.json',
  'scripts/build.mjs',
  'vite.config.ts',
  'svelte.config.js',
  'tsconfig.json',
]
const stampFile = path.join(root, 'dist/build.json')

// Native add-ons stay in node_modules; all else goes into the bundle, because the sandboxed preload cannot
// require packages and the command line starts faster from one file.
const external = ['electron', 'sharp', '@tensorflow/*']

// A CommonJS bundle has no import.meta.url; this gives it back. A banner stands before esbuild's own directive.
const banner = {
  js: "'use strict'; const importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
}

/** How esbuild makes one of the Node sides; packaging makes them in the same way, with more in the bundle. */
export function nodePartOptions(name) {
  const part = nodeParts.find((each) => each.name === name)
  return {
    absWorkingDir: root,
    entryPoints: [part.entry],
    outfile: part.out,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: part.target,
    external,
    sourcemap: 'linked',
    logLevel: 'warning',
    ...(name === 'preload' ? {} : { banner, define: { 'import.meta.url': 'importMetaUrl' } }),
  }
}

async function buildNodePart(part) {
  const esbuild = await import('esbuild')
  await esbuild.build(nodePartOptions(part.name))
}

/**
 * Builds the page.
 * @param {import('vite').BuildEnvironmentOptions} [options] of Vite's build, in place of those in vite.config.ts
 * @returns what Vite says it made
 */
export async function buildPage(options = {}) {
  const vite = await import('vite')
  // A test runner says that this is a test, and Svelte would build a slow page that checks itself.
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    return await vite.build({
      configFile: path.join(root, 'vite.config.ts'),
      mode: 'production',
      logLevel: 'warn',
      build: options,
    })
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  }
}

const exists = (file) => fs.existsSync(path.join(root, file))

/** Whether a part's last build came from these sources and is still there. */
const isCurrent = (stamp, part, print) => stamp[part.name] === print && exists(part.out)

function readStamp() {
  try {
    return JSON.parse(fs.readFileSync(stampFile, 'utf8'))
  } catch {
    return {}
  }
}

function writeStamp(stamp) {
  fs.mkdirSync(path.dirname(stampFile), { recursive: true })
  const temporary = `${stampFile}.${process.pid}`
  fs.writeFileSync(temporary, JSON.stringify(stamp, null, 2))
  fs.renameSync(temporary, stampFile)
}

/** esbuild has printed its errors by itself; Vite has not. */
function printCause(error) {
  if (!Array.isArray(error?.errors)) process.stderr.write(`${error?.message ?? error}\n`)
}

/**
 * Brings dist/ up to date.
 * @param {{ force?: boolean, parts?: string[] }} [options] all parts, unless some are named
 * @returns {Promise<{ built: string[], missing: string[] }>} what was built, and the parts that have no sources yet
 * @throws SetupError when a part did not build; the other parts are built all the same
 */
export async function build(options = {}) {
  const stamp = options.force ? {} : readStamp()
  const prints = { node: fingerprint(nodeSources), page: fingerprint(pageSources) }
  const parts = [
    ...nodeParts.map((part) => ({ ...part, print: prints.node, make: () => buildNodePart(part) })),
    { ...page, print: prints.page, make: buildPage },
  ].filter(({ name }) => !options.parts || options.parts.includes(name))
  const missing = parts.filter((part) => !exists(part.entry))
  for (const part of missing) say(`${part.name}: ${part.entry} does not exist yet, left out`)

  const built = []
  const failed = []
  const stale = parts.filter((part) => exists(part.entry) && !isCurrent(stamp, part, part.print))
  if (stale.length > 0) {
    const started = Date.now()
    for (const part of stale) {
      try {
        await part.make()
        stamp[part.name] = part.print
        writeStamp(stamp)
        built.push(part.name)
      } catch (error) {
        failed.push(part.name)
        printCause(error)
      }
    }
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    if (built.length > 0) say(`${built.join(', ')} built in ${seconds} s`)
  }
  if (failed.length > 0)
    throw new SetupError(`${failed.join(', ')} did not build`, 'mend what is named above.')
  return { built, missing: missing.map((part) => part.name) }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const { built, missing } = await build({ force: process.argv.includes('--force') })
    if (built.length === 0 && missing.length === 0) say('dist/ is up to date')
  })
}
