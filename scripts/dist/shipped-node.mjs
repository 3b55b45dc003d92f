// The Node that a package brings along: fetched with npm (which knows proxies and mirrors), checked against the sum in
// node-builds.mjs, without symbols, and kept for all working copies.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { ask, withNpm } from '../run/command.mjs'
import { userCache } from '../run/places.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { shrink } from '../setup/native.mjs'
import { moveIntoPlace, withTemporaryFolder } from '../setup/wheel.mjs'
import { nodeBuilds } from './node-builds.mjs'
import { platform } from './places.mjs'

const say = progress('node')

function download({ name, version, integrity }, folder) {
  const { ok, err } = withNpm(ask, ['pack', `${name}@${version}`, '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
  })
  const archive = fs.readdirSync(folder).find((each) => each.endsWith('.tgz'))
  if (!ok || !archive) {
    throw new SetupError(
      `npm could not download ${name} ${version}: ${err.trim().split('\n')[0]}`,
      'check the network, and npm’s settings with: npm config list. Then run the same command again.',
    )
  }
  const sum = `sha512-${createHash('sha512')
    .update(fs.readFileSync(path.join(folder, archive)))
    .digest('base64')}`
  if (sum !== integrity) {
    throw new SetupError(
      `${archive} has the checksum ${sum}, expected ${integrity}`,
      'clear npm’s cache with: npm cache clean --force. Then run the same command again.',
    )
  }
  return archive
}

function versionOf(program) {
  const { ok, out } = ask(program, ['--version'])
  return ok ? out.trim().replace(/^v/, '') : null
}

/**
 * @returns {Promise<{ name: string, packageVersion: string, version: string, program: string, licence: string }>}
 *   `program` and `licence` are files
 * @throws SetupError when there is none for this system, or it cannot be had
 */
export async function shippedNode() {
  const build = nodeBuilds[/** @type {keyof typeof nodeBuilds} */ (platform)]
  if (!build) {
    throw new SetupError(
      `no Node was chosen for ${platform}, so no package can be made for it`,
      'add a row to scripts/dist/node-builds.mjs.',
    )
  }
  const cache = path.join(userCache, 'node')
  const folder = path.join(cache, `${build.name}-${build.version}`)
  const program = path.join(folder, path.basename(build.program))
  const licence = path.join(folder, 'LICENSE')
  const isComplete = () => fs.existsSync(program) && fs.existsSync(licence)
  if (!isComplete()) {
    await withTemporaryFolder(cache, (temporary) => {
      say(`downloading ${build.name} ${build.version} with npm (about 45 MB, once)...`)
      const archive = download(build, temporary)
      const inArchive = [build.program, 'LICENSE'].map((name) => `package/${name}`)
      const { ok, err } = ask('tar', ['-xzf', archive, ...inArchive], { cwd: temporary })
      if (!ok) throw new SetupError(`${archive} could not be unpacked: ${err.trim()}`)
      const out = path.join(temporary, 'out')
      fs.mkdirSync(out)
      for (const name of inArchive)
        fs.renameSync(path.join(temporary, name), path.join(out, path.basename(name)))
      shrink(path.join(out, path.basename(program)))
      moveIntoPlace(out, folder, isComplete)
    })
  }
  const version = versionOf(program)
  if (!version) {
    throw new SetupError(`${program} does not start`, `delete ${folder} and run the same command again.`)
  }
  return { name: build.name, packageVersion: build.version, version, program, licence }
}
