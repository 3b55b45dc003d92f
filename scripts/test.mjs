// `npm test`: sets up, then lint, format, types, build and all tests. The last line is the total alone.
//   npm test -- --project engine      only the tests, with these arguments for Vitest
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { build } from './build.mjs'
import { handOver } from './run/command.mjs'
import { partEnvironment } from './run/environment.mjs'
import { runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { printFailure, progress } from './run/say.mjs'
import { setUp } from './setup.mjs'

const say = progress('test')
const binary = (...parts) => path.join(root, 'node_modules', ...parts)

const checks = [
  { name: 'lint', program: binary('eslint/bin/eslint.js'), args: ['.'] },
  {
    name: 'format',
    program: binary('prettier/bin/prettier.cjs'),
    args: ['--check', '--log-level', 'warn', '.'],
  },
  {
    name: 'types',
    program: binary('svelte-check/bin/svelte-check'),
    args: ['--tsconfig', './tsconfig.json', '--threshold', 'error', '--output', 'human'],
  },
]

/** Runs a check and keeps its words, so that checks that run at the same time do not mix them. */
function runCheck({ name, program, args }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: root })
    let words = ''
    const keep = (data) => (words += data)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ name, ok: false, words: error.message }))
    child.once('close', (code) => resolve({ name, ok: code === 0, words }))
  })
}

/** @returns {Promise<string[]>} the names of the checks that failed */
async function runChecks() {
  const results = await Promise.all(checks.map(runCheck))
  for (const { name, ok, words } of results) {
    say(`${name}: ${ok ? 'passed' : 'FAILED'}`)
    if (!ok) process.stderr.write(`${words.trimEnd()}\n\n`)
  }
  return results.filter(({ ok }) => !ok).map(({ name }) => name)
}

async function runBuild() {
  try {
    await build()
    say('build: passed')
    return []
  } catch (error) {
    say(`build: FAILED (${error.message})`)
    return ['build']
  }
}

/** The totals as Vitest counted them. A file that could not even be loaded counts as one failure. */
function readTotals(report, exitCode) {
  let passed = 0
  let failed = 0
  let skipped = 0
  try {
    const totals = JSON.parse(fs.readFileSync(report, 'utf8'))
    passed = totals.numPassedTests
    failed = totals.numFailedTests
    skipped = totals.numPendingTests + totals.numTodoTests
    failed += totals.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
    ).length
  } catch {
    say('Vitest left no report')
  }
  // An error outside of any test, or no report at all.
  if (exitCode !== 0 && failed === 0) failed = 1
  return { passed, failed, skipped }
}

async function runTests(args) {
  const report = path.join(root, 'test-results/vitest.json')
  fs.rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await handOver(process.execPath, [binary('vitest/vitest.mjs'), 'run', ...reporters, ...args], {
    cwd: root,
    env: partEnvironment(),
  })
  return readTotals(report, code)
}

await runMain(async () => {
  const args = process.argv.slice(2)
  try {
    await setUp({ native: true, electron: true, tests: true })
  } catch (error) {
    printFailure(error)
    process.stdout.write('0 passed, 1 failed\n')
    return 1
  }
  const failedChecks = args.length > 0 ? [] : await runChecks()
  failedChecks.push(...(await runBuild()))
  // What failed to build cannot be tested as a running part; the engine's own tests take the sources.
  const isBuilt = !failedChecks.includes('build')
  if (!isBuilt) say('only the tests that take the sources can run, because the build failed')
  const { passed, failed, skipped } = await runTests(
    isBuilt ? args : ['--project', 'setup', '--project', 'engine', ...args],
  )
  if (failedChecks.length > 0) say(`failed before the tests: ${failedChecks.join(', ')}`)
  if (skipped > 0) say(`${skipped} skipped`)
  const failures = failed + failedChecks.length
  process.stdout.write(`${passed} passed, ${failures} failed\n`)
  return failures === 0 ? 0 : 1
})
