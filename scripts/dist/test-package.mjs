// `npm run test:package`: the package in release/ as a person has it who has nothing else.
// As root on Linux it runs without any network; the tests then start everything as another user, with an empty PATH, and
// with the repository, the caches and this Node hidden (test/package/stranger.ts).
import fs from 'node:fs'
import path from 'node:path'
import { ask, handOver } from '../run/command.mjs'
import { isMain, runMain } from '../run/main.mjs'
import { root } from '../run/places.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { hasDisplay, setUp } from '../setup.mjs'
import { unpackedFolder } from './places.mjs'

const say = progress('test')

/** A network of its own that reaches this machine alone, under its usual address, and then the command. */
const withoutNetwork = (command) => [
  'unshare',
  ['--net', '--mount', '/bin/sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command],
]

function canTakeTheNetworkAway() {
  const [program, args] = withoutNetwork(['true'])
  return process.getuid?.() === 0 && ask(program, args).ok
}

/** @returns {Promise<number>} the exit code */
export async function testPackage(args = []) {
  if (process.platform !== 'linux') {
    throw new SetupError(
      'the test of the package is written for Linux',
      'elsewhere, ask the package itself: uphill doctor, in its resources/bin.',
    )
  }
  if (!fs.existsSync(unpackedFolder()))
    throw new SetupError('there is no package in release/', 'make one with: npm run dist')
  await setUp({ tests: !hasDisplay() })
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  const command = [process.execPath, vitest, 'run', '--project', 'package', ...args]
  const isolated = canTakeTheNetworkAway()
  if (!isolated) {
    say(
      'without root (or without unshare and ip) the network, this user, the repository and the caches stay in reach, ' +
        'and the deb is not installed',
    )
  }
  const [program, programArgs] = isolated ? withoutNetwork(command) : [command[0], command.slice(1)]
  return handOver(program, programArgs, { cwd: root, env: { ...process.env, UPHILL_TEST_PACKAGE: '1' } })
}

if (isMain(import.meta.url)) await runMain(() => testPackage(process.argv.slice(2)))
