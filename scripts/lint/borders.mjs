// The border rule: which folder may import which. It resolves every relative import, so that neither the
// depth of a file nor a folder of the same name elsewhere can fool it.
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** The parts of the house, and what each may import besides itself. */
const parts = {
  shared: [],
  renderer: ['shared'],
  'electron/preload': ['shared'],
  'electron/main': ['shared'],
  'electron/engine': ['shared'],
  'electron/cli': ['electron/engine', 'shared'],
}

/** Single files open to a part that may not import the rest: where the data folder lies, and how logs are written. */
const doors = { 'electron/main': ['electron/engine/home.ts', 'electron/engine/files/log.ts'] }

/** Packages that only some parts may load. */
const packages = {
  electron: ['electron/main', 'electron/preload'],
  '@tensorflow/tfjs-node': ['electron/engine'],
  sharp: ['electron/engine'],
  svelte: ['renderer'],
  commander: ['electron/cli'],
}

/** Parts without Node: they run in the page. */
const withoutNode = ['shared', 'renderer']

/** The way of the data through the engine: a folder imports only what stands before it. */
const engineOrder = [
  'home.ts',
  'files',
  'images',
  'datasets',
  'tensor',
  'nets',
  'measuring',
  'models',
  'learning',
  'generators',
  'walking',
  'demo',
  'paper',
  'bench',
  'doctor.ts',
  'service',
  'process.ts',
]

const partOf = (file) =>
  Object.keys(parts).find((part) => file === part || file.startsWith(`${part}/`)) ?? null

const engineRank = (file) => engineOrder.indexOf(file.split('/')[2])

/** Why `from` may not import `specifier`, or null when it may. Both sides are paths below the root. */
function objection(from, specifier) {
  const part = partOf(from)
  if (!part) return null
  if (specifier.startsWith('node:')) {
    return withoutNode.includes(part) ? `${part} runs in the page and has no Node` : null
  }
  if (!specifier.startsWith('.')) {
    const name = Object.keys(packages).find(
      (known) => specifier === known || specifier.startsWith(`${known}/`),
    )
    return name && !packages[name].includes(part) ? `${part} must not load ${name}` : null
  }
  const target = path.posix.join(path.posix.dirname(from), specifier)
  const targetPart = partOf(target)
  if (targetPart === null) return null
  if (targetPart !== part) {
    if (doors[part]?.includes(target)) return null
    const allowed = parts[part].join(', ') || 'nothing of the other parts'
    return parts[part].includes(targetPart) ? null : `${part} may import ${allowed}, not ${targetPart}`
  }
  if (part === 'electron/engine') {
    const [here, there] = [engineRank(from), engineRank(target)]
    if (here === -1 || there === -1)
      return `give this file's folder a place in engineOrder (scripts/lint/borders.mjs)`
    if (there > here) return `${engineOrder[there]} stands after ${engineOrder[here]} on the way of the data`
  }
  return null
}

const rule = {
  meta: { type: 'problem', schema: [], messages: { border: 'Border between the parts: {{why}}.' } },
  create(context) {
    const from = path.relative(root, context.filename).split(path.sep).join('/')
    const check = (source) => {
      if (typeof source?.value !== 'string') return
      const why = objection(from, source.value)
      if (why) context.report({ node: source, messageId: 'border', data: { why } })
    }
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
    }
  },
}

export const borders = { rules: { borders: rule } }
