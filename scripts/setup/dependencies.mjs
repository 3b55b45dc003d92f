// node_modules from the lockfile, with install scripts off (.npmrc): the native parts are set up by our own steps.
import fs from 'node:fs'
import path from 'node:path'
import { show, withNpm } from '../run/command.mjs'
import { root } from '../run/places.mjs'
import { progress, SetupError } from '../run/say.mjs'

const say = progress('packages')

function packagesOf(lockfile) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, lockfile), 'utf8')).packages
  } catch {
    return null
  }
}

/** Why node_modules is not what the lockfile says, or null when it is. npm's own record inside it tells. */
function staleness() {
  const wanted = packagesOf('package-lock.json')
  if (!wanted)
    throw new SetupError(
      'package-lock.json cannot be read',
      'get it back with: git checkout package-lock.json',
    )
  const present = packagesOf('node_modules/.package-lock.json')
  if (!present) return 'node_modules is not there'
  for (const [name, { version, optional }] of Object.entries(wanted)) {
    // Optional packages are for other platforms as well; those that are here must have the right version.
    if (name === '' || (optional && !present[name])) continue
    if (present[name]?.version !== version)
      return `${name.replace(/^.*node_modules\//, '')} is not at ${version}`
  }
  return null
}

export function installDependencies() {
  const why = staleness()
  if (!why) return
  say(`${why}: npm ci...`)
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const code = withNpm(show, args, { cwd: root })
  if (code !== 0) {
    throw new SetupError(
      `npm ci failed (exit code ${code})`,
      'look at its words above; most often the network or a proxy is the cause. Then run the same command again.',
    )
  }
}
