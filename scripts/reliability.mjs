// `npm run reliability`: the harnesses of test/reliability at full size, then docs/reliability.md and .json.
//   npm run reliability                    all parts: this takes hours
//   npm run reliability -- kills models    these parts; the figures of the others are kept in test-results/reliability
//   npm run reliability -- report          only writes the two files again
import fs from 'node:fs'
import path from 'node:path'
import { build } from './build.mjs'
import { writeReport } from './reliability/report.mjs'
import { handOver } from './run/command.mjs'
import { partEnvironment } from './run/environment.mjs'
import { runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { progress } from './run/say.mjs'
import { setUp } from './setup.mjs'

const say = progress('reliability')

/** Each part by its file, and by the name of its test where a file has several. */
const parts = {
  kills: ['kills.test.ts', '--testNamePattern', 'seed 20'],
  'more-kills': ['kills.test.ts', '--testNamePattern', 'seed 21'],
  faults: ['faults.test.ts'],
  pictures: ['bad-files.test.ts', '--testNamePattern', 'broken pictures'],
  models: ['bad-files.test.ts', '--testNamePattern', 'broken models'],
  messages: ['bad-messages.test.ts'],
  endurance: ['endurance.test.ts'],
}

function runPart(name) {
  say(name)
  const [file, ...pattern] = parts[name]
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--project', 'reliability', `test/reliability/${file}`, ...pattern]
  return handOver(process.execPath, args, {
    cwd: root,
    env: { ...partEnvironment(), UPHILL_RELIABILITY: 'full' },
  })
}

await runMain(async () => {
  const words = process.argv.slice(2)
  const unknown = words.filter((word) => word !== 'report' && !(word in parts))
  if (unknown.length > 0) {
    say(`there is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')} and report`)
    return 2
  }
  const wanted = words.length > 0 ? words.filter((word) => word in parts) : Object.keys(parts)
  let failed = 0
  if (wanted.length > 0) {
    await setUp({ native: true, electron: true, tests: true })
    await build()
  }
  for (const name of wanted) if ((await runPart(name)) !== 0) failed++
  const files = writeReport(path.join(root, 'test-results/reliability'), path.join(root, 'docs'))
  for (const file of files) say(`wrote ${path.relative(root, file)}`)
  if (!fs.existsSync(path.join(root, 'docs/reliability.json'))) return 1
  return failed === 0 ? 0 : 1
})
