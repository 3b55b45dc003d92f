// The packages for Linux that need no tool to be downloaded: a tar to unpack anywhere, and a deb.
import fs from 'node:fs'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { ensureSystem } from '../setup/system.mjs'
import { makeDeb } from './deb.mjs'
import { platform, product, release, unpackedFolder } from './places.mjs'

const say = progress('dist')

/** Of zstd. The higher level makes the tar smaller by an eighth, takes 17 times as long, and unpacks as fast. */
const levels = { forRelease: 19, otherwise: 12 }

/**
 * A copy of a folder whose files are hard links to those of the original: it takes no space, and whoever writes into a
 * file of one writes into the other. Links stay links.
 */
export function linked(from, to) {
  fs.mkdirSync(to, { recursive: true, mode: fs.statSync(from).mode })
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [here, there] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) linked(here, there)
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(here), there)
    else fs.linkSync(here, there)
  }
}

function makeTar(file, level) {
  const folder = unpackedFolder()
  const name = `${product.productName}-${product.version}`
  const { ok, err } = ask('tar', [
    ...['--create', '--file', file, `--use-compress-program=zstd -${level} -T0 -q`],
    ...['--sort=name', '--owner=0', '--group=0', '--numeric-owner'],
    // It unpacks into a folder that says what it is; links inside are left as they are.
    `--transform=s,^${path.basename(folder)},${name},S`,
    ...['--directory', path.dirname(folder), path.basename(folder)],
  ])
  if (!ok) throw new SetupError(`tar failed: ${err.trim().split('\n').at(-1)}`)
}

/** @param {{ forRelease?: boolean }} [options] whether time is well spent on making them small */
export async function makeLinuxPackages({ forRelease = false } = {}) {
  ensureSystem(['zstd', 'dpkg'])
  const tar = `${product.productName}-${product.version}-${platform}.tar.zst`
  say(`packing ${tar}...`)
  makeTar(path.join(release, tar), forRelease ? levels.forRelease : levels.otherwise)
  say('packing the deb...')
  await makeDeb((folder) => linked(unpackedFolder(), folder))
}
