// What is done to the app's folder when electron-builder has filled it, and before it is sealed and packed.
import fs from 'node:fs'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { releaseFuses, setFuses } from './fuses.mjs'
import { resourcesFolder, windowProgram } from './places.mjs'

/** Where an app looks for updates once a person has said yes. A build that is told no place has no such file. */
function writeUpdateFeed(resources, url) {
  const file = path.join(resources, 'app-update.yml')
  fs.rmSync(file, { force: true })
  if (!url) return
  const lines = [
    'provider: generic',
    `url: ${JSON.stringify(url)}`,
    'updaterCacheDirName: uphill-updater',
    '',
  ]
  fs.writeFileSync(file, lines.join('\n'))
}

/** Symbols that only a debugger needs: some of Electron's libraries bring theirs along. Without `strip` it is larger, not worse. */
function stripElectron(folder) {
  if (process.platform !== 'linux') return
  const names = fs.readdirSync(folder).filter((name) => /\.so(\.\d+)*$/.test(name))
  for (const file of [...names.map((name) => path.join(folder, name)), windowProgram(folder)])
    ask('strip', ['--strip-unneeded', file])
}

/** @param {{ appOutDir: string }} context of electron-builder */
export default async function afterPack({ appOutDir }) {
  const resources = resourcesFolder(appOutDir)
  // The app that an Electron without an app shows, and the mark of an unpacked download.
  fs.rmSync(path.join(resources, 'default_app.asar'), { force: true })
  fs.rmSync(path.join(appOutDir, '.complete'), { force: true })
  writeUpdateFeed(resources, process.env.UPHILL_UPDATE_FEED)
  stripElectron(appOutDir)
  await setFuses(windowProgram(appOutDir), releaseFuses)
}
