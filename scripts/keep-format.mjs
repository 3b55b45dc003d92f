// Keeps models and a journal of the present format as fixtures, before the format changes: what is kept must open for
// ever (test/engine/models/yesterday.test.ts). Never run again for a format that has been kept.
//   node scripts/keep-format.mjs 1
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { root } from './run/places.mjs'

const format = Number(process.argv[2])
const folder = path.join(root, `test/fixtures/format-${format}`)
if (!format || fs.existsSync(path.join(folder, 'expected.json')))
  throw new Error(`name a format that has not been kept; ${folder}`)
const bundle = path.join(root, 'node_modules/.cache/uphill-keep-format.mjs')
await build({
  entryPoints: [path.join(root, 'test/fixtures/keep-format.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  outfile: bundle,
  logLevel: 'error',
})
execFileSync(process.execPath, [bundle, folder], { stdio: 'inherit' })
