// The bundles of a package, and what went into them. The engine and the command line become a file each that holds all
// their JavaScript, TensorFlow's too; sharp alone stays a package, because it looks for its libraries beside itself.
import path from 'node:path'
import { build } from 'esbuild'
import { buildPage, nodePartOptions } from '../build.mjs'
import { root } from '../run/places.mjs'

/** The files that left something in the bundles; what was looked at and left out is not shipped. */
function inputsOf({ outputs }) {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([name]) => name),
  )
}

/** How the engine's two programs are bundled for a package: as for a clone, with TensorFlow's JavaScript inside. */
function enginePartOptions(name, folder) {
  return {
    ...nodePartOptions(name),
    outfile: path.join(folder, `${name}.cjs`),
    // node-fetch asks for `encoding` and does without.
    external: ['sharp', 'encoding'],
    alias: { '@mapbox/node-pre-gyp': path.join(import.meta.dirname, 'pre-gyp-in-package.cjs') },
    target: 'node24',
    sourcemap: false,
    minify: true,
    // A person who sends us an error sends these names.
    keepNames: true,
    // Their texts lie in resources/licences.
    legalComments: 'none',
    metafile: true,
  }
}

/**
 * @param {string} folder where engine.cjs and cli.cjs go
 * @returns {Promise<string[]>} the files that went in, from the root of the repository on
 */
export async function bundleEngine(folder) {
  const made = await Promise.all(['engine', 'cli'].map((name) => build(enginePartOptions(name, folder))))
  return made.flatMap(({ metafile }) => inputsOf(metafile))
}

/** The files that went into main and preload. */
export async function inputsOfWindow() {
  const options = { metafile: true, write: false, sourcemap: false }
  const made = await Promise.all(
    ['main', 'preload'].map((name) => build({ ...nodePartOptions(name), ...options })),
  )
  return made.flatMap(({ metafile }) => inputsOf(metafile))
}

/** The files that went into the page. */
export async function inputsOfPage() {
  const made = await buildPage({ write: false })
  return [made]
    .flat()
    .flatMap(({ output }) => output)
    .flatMap(({ modules = {} }) => Object.entries(modules))
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([name]) => name.replace(/^\0/, '').replace(/\?.*$/, ''))
    .filter((name) => path.isAbsolute(name))
    .map((name) => path.relative(root, name))
}
