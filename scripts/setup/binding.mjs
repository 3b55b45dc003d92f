// The N-API add-on of tfjs-node, compiled from its source straight against the library: no node-gyp, no
// download of Node's headers. One binary serves every Node and Electron, because N-API is stable.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ask } from '../run/command.mjs'
import { SetupError } from '../run/say.mjs'
import { findCompiler } from './system.mjs'

const sources = ['tfjs_backend.cc', 'tfjs_binding.cc']

/** The binding finds the libraries from its own place, so that node_modules may be moved. */
function linkerArguments(libraryFolder, build) {
  if (process.platform === 'darwin') {
    const libraries = build.members.map((member) => path.join(libraryFolder, path.basename(member)))
    return [...libraries, '-bundle', '-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/../../deps/lib']
  }
  return [
    ...['-shared', `-L${libraryFolder}`, '-ltensorflow', '-ltensorflow_framework'],
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    // Otherwise it would ask for the C++ library of the machine that compiled it.
    ...['-static-libstdc++', '-static-libgcc', '-s'],
  ]
}

export function compileBinding({ cache, tfjsNode, build, out, say }) {
  const compiler = findCompiler()
  if (!compiler)
    throw new SetupError('a C++ compiler is missing', 'install g++ and run the same command again.')
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)('node-api-headers')
  const temporary = `${out}.${process.pid}`
  say(`compiling the binding with ${compiler} (about 10 s, once)...`)
  const { ok, err } = ask(compiler, [
    ...['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...[`-I${nodeHeaders}`, `-I${path.join(cache, 'include')}`],
    ...sources.map((name) => path.join(tfjsNode, 'binding', name)),
    ...['-o', temporary],
    ...linkerArguments(path.join(cache, 'lib'), build),
  ])
  if (!ok) {
    const lines = err.split('\n').filter((line) => /error|cannot/.test(line))
    throw new SetupError(
      `the binding did not compile:\n${lines.slice(0, 8).join('\n')}`,
      `another compiler can be named with CXX; the one used was ${compiler}.`,
    )
  }
  fs.renameSync(temporary, out)
}
