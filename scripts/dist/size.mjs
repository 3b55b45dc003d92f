// Where the megabytes of a package are. 1 MiB is 2^20 bytes.
import fs from 'node:fs'
import path from 'node:path'
import { root } from '../run/places.mjs'
import { filesBelow, platform, product, release, resourcesFolder, unpackedFolder } from './places.mjs'

/** What was promised for Linux; the test of the package holds it. */
export const most = { installedMiB: 760, downloadMiB: 260 }

/** By where a file lies in the resources; the first that fits counts. */
const parts = [
  { name: 'TensorFlow: the library, without symbols', fits: /^engine\/(deps|native)\// },
  { name: 'Node, without symbols', fits: /^engine\/node(\.exe)?$/ },
  { name: 'sharp with libvips', fits: /^engine\/node_modules\// },
  { name: 'the engine and the command line', fits: /^(engine|bin)\// },
  { name: 'the window: main, preload and page', fits: /^app\.asar/ },
  { name: 'licences', fits: /^licences\// },
  { name: 'sample pictures', fits: /^samples\// },
]
const others = 'Electron with Chromium'

const tenth = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10

/**
 * @typedef {object} Sizes
 * @property {{ name: string, MiB: number }[]} installed by part, the largest first
 * @property {number} installedMiB
 * @property {number} bytes
 * @property {{ name: string, MiB: number }[]} downloads
 */

/** @returns {Sizes} of the package in release/ */
export function sizesOfPackage() {
  const folder = unpackedFolder()
  const resources = `${path.relative(folder, resourcesFolder()).split(path.sep).join('/')}/`
  const sums = new Map()
  for (const name of filesBelow(folder)) {
    const inside = name.startsWith(resources) ? name.slice(resources.length) : ''
    const part = parts.find(({ fits }) => fits.test(inside))?.name ?? others
    sums.set(part, (sums.get(part) ?? 0) + fs.lstatSync(path.join(folder, name)).size)
  }
  const bytes = [...sums.values()].reduce((sum, each) => sum + each, 0)
  const installed = [...sums]
    .sort(([, a], [, b]) => b - a)
    .map(([name, size]) => ({ name, MiB: tenth(size) }))
  const downloads = fs
    .readdirSync(release)
    .filter((name) => /\.(tar\.zst|deb|AppImage|dmg|zip|exe)$/.test(name))
    .sort()
    .map((name) => ({ name, MiB: tenth(fs.statSync(path.join(release, name)).size) }))
  return { installed, installedMiB: tenth(bytes), bytes, downloads }
}

const forDevelopment = (version) => `
**This is a package for development**, made with Electron ${version}, because a newer one cannot be downloaded on
the machine that made it. A release is made with the Electron that package.json names, which is larger by an
amount that has not been measured; the release workflow writes this table anew beside the packages.
`

/** @param {Sizes} sizes */
function sizesText({ installed, installedMiB, bytes, downloads }, { version, source }) {
  const row = (name, MiB) => `| ${name} | ${MiB.toFixed(1)} |`
  const lines = [
    '# Where the megabytes are',
    '',
    `Made by \`npm run dist\` on ${platform}, Uphill ${product.version}, Electron ${version}. 1 MiB is 2^20 bytes, as \`du -m\` counts.`,
    `On Linux at most ${most.installedMiB} MiB may be installed and ${most.downloadMiB} MiB downloaded; \`npm run test:package\` holds this.`,
    ...(source === 'fallback' ? [forDevelopment(version).trimEnd()] : []),
    '',
    '| installed | MiB |',
    '| --- | ---: |',
    ...installed.map(({ name, MiB }) => row(name, MiB)),
    row(`**all** (${Math.round(bytes / 1e6)} million bytes)`, installedMiB),
  ]
  if (downloads.length > 0)
    lines.push(
      '',
      '| to download | MiB |',
      '| --- | ---: |',
      ...downloads.map(({ name, MiB }) => row(name, MiB)),
    )
  return `${lines.join('\n')}\n`
}

/**
 * Beside the packages, and on the system that is developed on into the documentation too, when there are packages.
 * @param {Sizes} sizes
 * @param {{ version: string, source: string }} electron
 */
export function writeSizes(sizes, electron) {
  const text = sizesText(sizes, electron)
  fs.writeFileSync(path.join(release, `size-${platform}.md`), text)
  if (platform === 'linux-x64' && sizes.downloads.length > 0)
    fs.writeFileSync(path.join(root, 'docs/size.md'), text)
}
