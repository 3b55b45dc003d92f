// electron-builder, with the Electron that the set-up found: nothing of it is downloaded again.
import fs from 'node:fs'
import path from 'node:path'
import { root } from '../run/places.mjs'

/** The folder that electron-builder takes Electron from: that which holds its program, or the .app with it inside. */
export function distOf({ executable }) {
  return process.platform === 'darwin'
    ? path.resolve(path.dirname(executable), '../../..')
    : path.dirname(executable)
}

/** The kinds of packages to make; the tar and the deb for Linux are made by linux.mjs. */
function targets({ folderOnly, appImage }) {
  if (folderOnly) return ['dir']
  if (process.platform === 'darwin') return ['dmg', 'zip']
  if (process.platform === 'win32') return ['nsis', 'zip']
  return appImage ? ['dir', 'AppImage'] : ['dir']
}

/**
 * Makes the app's folder below release/, and what of packages electron-builder makes.
 * @param {{ electron: { executable: string, version: string }, folderOnly?: boolean, appImage?: boolean }} options
 */
export async function pack({ electron, folderOnly = false, appImage = false }) {
  const { Arch, Platform, build } = await import('electron-builder')
  await build({
    projectDir: root,
    targets: Platform.current().createTarget(
      targets({ folderOnly, appImage }),
      process.arch === 'arm64' ? Arch.arm64 : Arch.x64,
    ),
    publish: 'never',
    // The rest is in electron-builder.yml. Feeds are ours, so it must not write any.
    config: { electronDist: distOf(electron), electronVersion: electron.version, publish: null },
  })
}

/** Takes away what electron-builder leaves for itself: notes, feeds of its own, and maps for updates in parts. */
export function clearNotes(folder) {
  const names = fs.readdirSync(folder)
  for (const name of names.filter((each) => /^builder-|^latest.*\.yml$|\.blockmap$|^\.icon-/.test(each)))
    fs.rmSync(path.join(folder, name), { recursive: true, force: true })
}
