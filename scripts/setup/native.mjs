// Native TensorFlow for @tensorflow/tfjs-node, without its own installer: the library out of a Python wheel,
// the small binding from its C++ source. Cached per version for all working copies, linked into node_modules,
// and proven in a process of its own.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { root, userCache } from '../run/places.mjs'
import { readRecord, writeRecord } from '../run/records.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { compileBinding } from './binding.mjs'
import { findPython } from './system.mjs'
import { tensorflowBuilds } from './tensorflow-builds.mjs'
import { downloadWheel, moveIntoPlace, withTemporaryFolder } from './wheel.mjs'

const say = progress('native')
const platform = `${process.platform}-${process.arch}`
const build = tensorflowBuilds[platform]
const nativeCache = path.join(userCache, 'native')
const cache = build && path.join(nativeCache, `${build.name}-${build.version}-${platform}`)
const tfjsNode = path.join(root, 'node_modules/@tensorflow/tfjs-node')
const bytesNeeded = 3e9

const fileSize = (file) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? -1
const tfjsVersion = () => createRequire(import.meta.url)(path.join(tfjsNode, 'package.json')).version
const cachedBinding = () => path.join(cache, `tfjs_binding-${tfjsVersion()}-napi8.node`)

function isLibraryCached() {
  try {
    const { size } = JSON.parse(fs.readFileSync(path.join(cache, 'stamp.json'), 'utf8'))
    return build.members.every((member) => {
      const name = path.basename(member)
      return fileSize(path.join(cache, 'lib', name)) === size[name]
    })
  } catch {
    return false
  }
}

/** Where the parts lie in the cache, and where tfjs-node looks for them. */
function placements() {
  return [
    { from: cachedBinding(), to: path.join(tfjsNode, 'lib/napi-v8/tfjs_binding.node') },
    ...build.members.map((member) => {
      const name = path.basename(member)
      return { from: path.join(cache, 'lib', name), to: path.join(tfjsNode, 'deps/lib', name) }
    }),
  ]
}

/** Where the library and its licences are kept, or null where tfjs-node's own installer was used. */
export const nativeFolder = () => cache ?? null

/** True when the last proof still holds: same versions, same Node, same files in place. */
export function isNativeReady() {
  if (!build) return readRecord('native')?.own === true
  const record = readRecord('native')
  if (!record || !fs.existsSync(tfjsNode)) return false
  return (
    record.key === proofKey() &&
    placements().every(({ to }) => fileSize(to) === record.sizes[path.basename(to)])
  )
}

const proofKey = () => [build.name, build.version, platform, tfjsVersion(), process.version].join(' ')

/** What the system must have before `setUpNative` can run. */
export function nativeNeeds() {
  if (!build || isNativeReady()) return []
  const library = isLibraryCached()
  if (library && fs.existsSync(cachedBinding())) return []
  return [...(library ? [] : ['pip', 'strip']), 'compiler']
}

async function fetchLibrary() {
  fs.mkdirSync(nativeCache, { recursive: true })
  const disk = fs.statfsSync(nativeCache)
  if (disk.bavail * disk.bsize < bytesNeeded) {
    throw new SetupError(
      `less than ${bytesNeeded / 1e9} GB are free at ${nativeCache}`,
      'free some space, or set XDG_CACHE_HOME to a folder on a larger disk.',
    )
  }
  await withTemporaryFolder(nativeCache, async (temporary) => {
    say(`downloading ${build.name} ${build.version} with pip (about 0.2 GB, once)...`)
    const wheel = await downloadWheel(build, temporary)
    say('unpacking the library...')
    const folder = path.join(temporary, 'out')
    const script = path.join(root, 'scripts/setup/unpack-tensorflow.py')
    const { ok, err } = ask(findPython(), [script, wheel, folder, ...build.members])
    if (!ok) throw new SetupError(`${path.basename(wheel)} could not be unpacked: ${err.trim()}`)
    const size = {}
    for (const member of build.members) {
      const file = path.join(folder, 'lib', path.basename(member))
      shrink(file)
      size[path.basename(member)] = fileSize(file)
    }
    for (const [link, target] of Object.entries(build.links))
      fs.symlinkSync(target, path.join(folder, 'lib', link))
    fs.writeFileSync(path.join(folder, 'stamp.json'), JSON.stringify({ wheel: build.sha256, size }))
    moveIntoPlace(folder, cache, isLibraryCached)
  })
}

/** Takes the symbols out that only a debugger needs. Without `strip` the library is larger, not worse. */
export function shrink(file) {
  fs.chmodSync(file, 0o755)
  const before = fileSize(file)
  const mac = process.platform === 'darwin'
  ask('strip', [mac ? '-x' : '--strip-unneeded', file])
  if (mac) ask('codesign', ['--force', '-s', '-', file]) // stripping voids the signature
  const megabytes = (bytes) => (bytes / 1e6).toFixed(0)
  say(`  ${path.basename(file)}: ${megabytes(before)} MB, kept ${megabytes(fileSize(file))} MB`)
}

/** Hard links into node_modules, so that a second working copy costs no space; copies across disks. */
function putInPlace({ from, to }) {
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.rmSync(to, { recursive: true, force: true })
  try {
    fs.linkSync(from, to)
  } catch {
    fs.copyFileSync(from, to)
  }
}

/** Loads TensorFlow in a process of its own and multiplies two matrices. */
function prove() {
  const script = path.join(root, 'scripts/setup/prove-tensorflow.cjs')
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' }
  const { ok, out, err } = ask(process.execPath, [script], { cwd: root, env, timeout: 120_000 })
  if (!ok) {
    throw new SetupError(
      `native TensorFlow does not load: ${err.trim().split('\n').slice(-6).join(' | ')}`,
      `delete ${cache ?? tfjsNode} and run the same command again; if it stays, tell us these lines.`,
    )
  }
  return out.trim().split('\n').at(-1)
}

/** A platform without a row in our table: tfjs-node's own installer, which downloads both parts. Untried by us. */
function useOwnInstaller() {
  say(`no build of TensorFlow was chosen for ${platform} yet; trying tfjs-node's own installer...`)
  const { ok, err } = ask(process.execPath, [path.join(tfjsNode, 'scripts/install.js')], {
    cwd: tfjsNode,
    timeout: 600_000,
  })
  if (!ok) {
    throw new SetupError(
      `tfjs-node's own installer failed: ${err.trim().split('\n').at(-1)}`,
      'use Linux (x64), where the set-up is proven, or WSL on Windows.',
    )
  }
  writeRecord('native', { own: true, tensorflow: prove() })
}

export async function setUpNative() {
  if (isNativeReady()) return
  if (!build) {
    useOwnInstaller()
    return
  }
  if (isLibraryCached()) say(`TensorFlow ${build.version} is in ${cache}`)
  else await fetchLibrary()
  if (!fs.existsSync(cachedBinding())) compileBinding({ cache, tfjsNode, build, out: cachedBinding(), say })
  for (const placement of placements()) putInPlace(placement)
  const version = prove()
  const sizes = Object.fromEntries(placements().map(({ to }) => [path.basename(to), fileSize(to)]))
  writeRecord('native', { key: proofKey(), sizes, tensorflow: version })
  say(`ready: TensorFlow ${version}`)
}
