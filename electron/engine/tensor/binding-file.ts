/** The file of tfjs-node's native binding: beside the bundle in a package, in node_modules in a clone. */
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

export function bindingFile(): string {
  const here = path.dirname(fileURLToPath(import.meta.url))
  const beside = path.join(here, 'native/lib/tfjs_binding.node')
  if (existsSync(beside)) return beside
  return path.join(
    path.dirname(require.resolve('@tensorflow/tfjs-node/package.json')),
    'lib/napi-v8/tfjs_binding.node',
  )
}

/** Loads another binding, and lets tfjs-node, which will ask for its own, find that one. */
export function loadInPlaceOfOwn(binding: string): void {
  require(binding)
  require.cache[realpathSync(bindingFile())] = require.cache[realpathSync(binding)]
}
