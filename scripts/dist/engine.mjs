// Lays out what lies outside of the archive: the engine with its Node, TensorFlow and sharp, the command, the samples.
import fs from 'node:fs'
import path from 'node:path'
import { root } from '../run/places.mjs'
import { SetupError } from '../run/say.mjs'
import { bundleEngine } from './bundle.mjs'
import { stage } from './places.mjs'
import { foldersOfSharp } from './shipped-packages.mjs'

const tfjsNode = path.join(root, 'node_modules/@tensorflow/tfjs-node')
const onWindows = process.platform === 'win32'

function copy(from, to, mode) {
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE)
  if (mode !== undefined) fs.chmodSync(to, mode)
}

/** The binding, and the libraries where it looks for them: two folders up, in deps/lib; on Windows beside it. */
function layOutTensorflow(folder) {
  const binding = path.join(tfjsNode, 'lib/napi-v8')
  const beside = fs.readdirSync(binding).filter((name) => /\.(node|dll)$/.test(name))
  for (const name of beside) copy(path.join(binding, name), path.join(folder, 'native/lib', name))
  if (onWindows) return
  const libraries = path.join(tfjsNode, 'deps/lib')
  const names = fs.readdirSync(libraries).filter((name) => /\.(so|dylib)(\.\d+)*$/.test(name))
  if (names.length === 0)
    throw new SetupError('TensorFlow is not in node_modules', 'run: npm run setup -- --force')
  for (const name of names) copy(path.join(libraries, name), path.join(folder, 'deps/lib', name))
}

/** Sources, types, maps and words for developers do nothing at run time. */
function isNeeded(relative) {
  if (/^sharp[\\/](src|install|lib)([\\/]|$)/.test(relative)) return false
  if (/(^|[\\/])licen[cs]e[^\\/]*$/i.test(relative)) return true
  return !/\.([cm]?ts|map|cc|h|gyp|md|bnf)$/.test(relative)
}

function layOutSharp(folder) {
  const modules = path.join(root, 'node_modules')
  for (const from of foldersOfSharp()) {
    const to = path.join(folder, 'node_modules', path.relative(modules, from))
    fs.cpSync(from, to, {
      recursive: true,
      dereference: true,
      filter: (file) => isNeeded(path.relative(modules, file)),
    })
  }
}

const shellLauncher = (electron) => `#!/bin/sh
# Uphill's command line, run by the Node that came with it. It is found from the place of this file alone, through links
# too, whatever the PATH says.
set -e
self=$0
while [ -h "$self" ]; do
  target=$(command -p readlink -- "$self")
  case $target in
    /*) self=$target ;;
    *) self=\${self%/*}/$target ;;
  esac
done
resources=$(CDPATH= cd -P -- "\${self%/*}/.." && pwd)
export UPHILL_ELECTRON='${electron}'
exec "$resources/engine/node" "$resources/engine/cli.cjs" "$@"
`

const windowsLauncher = (electron) =>
  [
    '@echo off',
    'setlocal',
    `set "UPHILL_ELECTRON=${electron}"`,
    '"%~dp0..\\engine\\node.exe" "%~dp0..\\engine\\cli.cjs" %*',
    '',
  ].join('\r\n')

function writeLauncher(folder, electron) {
  fs.mkdirSync(folder, { recursive: true })
  if (onWindows) fs.writeFileSync(path.join(folder, 'uphill.cmd'), windowsLauncher(electron))
  else fs.writeFileSync(path.join(folder, 'uphill'), shellLauncher(electron), { mode: 0o755 })
}

/**
 * Fills release/stage, from which electron-builder.yml takes it.
 * @param {{ node: { program: string }, electron: string }} parts `electron` is a version: the doctor reports it
 * @returns {Promise<string[]>} the files that went into the bundles
 */
export async function layOutEngine({ node, electron }) {
  fs.rmSync(stage, { recursive: true, force: true })
  const folder = path.join(stage, 'engine')
  const inputs = await bundleEngine(folder)
  copy(node.program, path.join(folder, onWindows ? 'node.exe' : 'node'), 0o755)
  layOutTensorflow(folder)
  layOutSharp(folder)
  writeLauncher(path.join(stage, 'bin'), electron)
  fs.cpSync(path.join(root, 'resources/samples'), path.join(stage, 'samples'), { recursive: true })
  return inputs
}
