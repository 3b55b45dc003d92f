// What the system must bring along: Python with pip, a C++ compiler, the libraries Electron needs.
// As root on Debian or Ubuntu it is installed; elsewhere the one command to run is printed.
import fs from 'node:fs'
import { ask, firstThatRuns, show } from '../run/command.mjs'
import { progress, SetupError } from '../run/say.mjs'

const say = progress('system')
const onLinux = process.platform === 'linux'

/** The Python that has pip, or null. */
export const findPython = () =>
  firstThatRuns([process.env.PYTHON, 'python3', 'python', 'py'], ['-m', 'pip', '--version'])

/** The C++ compiler, or null. */
export const findCompiler = () => firstThatRuns([process.env.CXX, 'g++', 'clang++', 'c++'], ['--version'])

let libraries = null
function hasLibrary(soname) {
  if (!onLinux) return true
  libraries ??= firstOutput(['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig'], ['-p'])
  // Without ldconfig (musl, NixOS) there is no telling; Electron's own start will say it.
  return libraries === '' || libraries.includes(`${soname} `)
}

function firstOutput(programs, args) {
  for (const program of programs) {
    const { ok, out } = ask(program, args)
    if (ok) return out
  }
  return ''
}

const library = (soname, what, debian, fedora) => ({
  what,
  present: () => hasLibrary(soname),
  debian: [debian],
  fedora,
})

/**
 * Everything a step may ask for. `debian` lists packages; where a name has changed between releases, the
 * candidates in an inner list are tried in order.
 */
const needs = {
  pip: {
    what: 'Python 3 with pip (used once, to download)',
    present: () => findPython() !== null,
    debian: ['python3', 'python3-pip'],
    fedora: 'python3-pip',
    mac: 'xcode-select --install',
    windows: 'install Python 3 with pip, and tick "Add to PATH"',
  },
  compiler: {
    what: 'a C++ compiler (used once, for a small add-on)',
    present: () => findCompiler() !== null,
    debian: ['g++'],
    fedora: 'gcc-c++',
    mac: 'xcode-select --install',
    windows: 'install the Visual Studio Build Tools with C++',
  },
  strip: {
    what: 'strip (makes the library 150 MB smaller)',
    present: () => !onLinux || ask('strip', ['--version']).ok,
    debian: ['binutils'],
    fedora: 'binutils',
    mac: 'xcode-select --install',
  },
  gtk: library('libgtk-3.so.0', 'the library GTK 3', ['libgtk-3-0t64', 'libgtk-3-0'], 'gtk3'),
  nss: library('libnss3.so', 'the library NSS', ['libnss3'], 'nss'),
  alsa: library('libasound.so.2', 'the library ALSA', ['libasound2t64', 'libasound2'], 'alsa-lib'),
  gbm: library('libgbm.so.1', 'the library GBM', ['libgbm1'], 'mesa-libgbm'),
  zstd: {
    what: 'zstd (packs the tar)',
    present: () => !onLinux || ask('zstd', ['--version']).ok,
    debian: ['zstd'],
    fedora: 'zstd',
  },
  dpkg: {
    what: 'dpkg-deb (makes the deb)',
    present: () => !onLinux || ask('dpkg-deb', ['--version']).ok,
    debian: ['dpkg'],
    fedora: 'dpkg',
  },
  xvfb: {
    what: 'Xvfb (a display for the window tests)',
    present: () => !onLinux || fs.existsSync('/usr/bin/Xvfb') || ask('which', ['Xvfb']).ok,
    debian: ['xvfb', 'xauth'],
    fedora: 'xorg-x11-server-Xvfb',
  },
}

/** The libraries Electron loads when it starts. */
export const electronLibraries = ['gtk', 'nss', 'alsa', 'gbm']

function linuxFamily() {
  try {
    const release = fs.readFileSync('/etc/os-release', 'utf8')
    const names = [...release.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].map(([, value]) => value).join(' ')
    if (/debian|ubuntu/.test(names)) return 'debian'
    if (/fedora|rhel/.test(names)) return 'fedora'
  } catch {
    // No such file: an unknown Linux.
  }
  return 'other'
}

/** Package names that differ between releases, as this release has them. */
function debianNames(missing) {
  const exists = (name) => /Candidate: (?!\(none\))\S/.test(ask('apt-cache', ['policy', name]).out)
  const names = missing
    .flatMap((need) => need.debian)
    .map((name) => (Array.isArray(name) ? (name.find(exists) ?? name.at(-1)) : name))
  return [...new Set(names)]
}

function installOnDebian(missing) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = ['-qq', '-o', 'Dpkg::Use-Pty=0']
  say(`missing: ${missing.map((need) => need.what).join(', ')}`)
  say('you are root on Debian or Ubuntu: installing with apt-get...')
  show('apt-get', ['update', ...quiet], { env })
  const packages = debianNames(missing)
  say(`apt-get install ${packages.join(' ')}`)
  const code = show('apt-get', ['install', '-y', '--no-install-recommends', ...quiet, ...packages], { env })
  libraries = null
  return { packages, code }
}

/** The one line a person can paste, for this system. */
function adviceFor(missing) {
  if (process.platform === 'darwin')
    return [...new Set(missing.map((need) => need.mac).filter(Boolean))].join('; ')
  if (process.platform === 'win32')
    return missing
      .map((need) => need.windows)
      .filter(Boolean)
      .join('; ')
  const family = linuxFamily()
  if (family === 'fedora') return `run: sudo dnf install ${missing.map((need) => need.fedora).join(' ')}`
  const command = `sudo apt-get install ${debianNames(missing).join(' ')}`
  return family === 'debian'
    ? `run: ${command}`
    : `install them with your package manager; on Debian it would be: ${command}`
}

/**
 * Makes sure that these are there, all at once, so that a person is asked only once.
 * @param {string[]} names keys of `needs`
 * @throws SetupError naming what is missing and the command that installs it
 */
export function ensureSystem(names) {
  const find = () => [...new Set(names)].map((name) => needs[name]).filter((need) => !need.present())
  let missing = find()
  if (missing.length === 0) return
  const mayInstall = onLinux && linuxFamily() === 'debian' && process.getuid?.() === 0
  let tried = ''
  if (mayInstall) {
    const { packages, code } = installOnDebian(missing)
    missing = find()
    if (missing.length === 0) {
      say(`installed: ${packages.join(' ')}`)
      return
    }
    tried =
      code === 0
        ? ' (installed now, and still not found on the PATH)'
        : ` (apt-get ended with exit code ${code})`
  }
  throw new SetupError(
    `missing: ${missing.map((need) => need.what).join(', ')}${tried}`,
    `${adviceFor(missing)}`,
  )
}
