// The packages for Linux that need no tool to be downloaded: a tar to unpack anywhere, and a deb.
import fs from 'node:fs'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { ensureSystem } from '../setup/system.mjs'
import { makeDeb } from './deb.mjs'
import { platform, product, release, unpackedFolder } from './places.mjs'

const say = progress('dist')

/** Level 19 makes it smaller by a tenth than level 12 and takes minutes; unpacking is as fast. */
const compression = 'zstd -19 -T0 -q'

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

function makeTar(file) {
  const folder = unpackedFolder()
  const name = `${product.productName}-${product.version}`
  const { ok, err } = ask('tar', [
    ...['--create', '--file', file, `--use-compress-program=${compression}`],
    ...['--sort=name', '--owner=0', '--group=0', '--numeric-owner'],
    // It unpacks into a folder that says what it is; links inside are left as they are.
    `--transform=s,^${path.basename(folder)},${name},S`,
    ...['--directory', path.dirname(folder), path.basename(folder)],
  ])
  if (!ok) throw new SetupError(`tar failed: ${err.trim().split('\n').at(-1)}`)
}

export async function makeLinuxPackages() {
  ensureSystem(['zstd', 'dpkg'])
  const tar = `${product.productName}-${product.version}-${platform}.tar.zst`
  say(`packing ${tar}, which takes some minutes...`)
  makeTar(path.join(release, tar))
  say('packing the deb...')
  await makeDeb((folder) => linked(unpackedFolder(), folder))
}
