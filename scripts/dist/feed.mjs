// The feeds that installed apps read when they look for updates: for each system its packages, with their SHA-512.
//   node scripts/dist/feed.mjs <folder with all packages of a release>
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { isMain, runMain } from '../run/main.mjs'
import { progress, SetupError } from '../run/say.mjs'
import { product } from './places.mjs'

const say = progress('feed')

/** The names that electron-updater asks for, and what each holds; the order is that of the feed. */
const feeds = {
  'latest-linux.yml': [/-x86_64\.AppImage$/, /_amd64\.deb$/],
  'latest-linux-arm64.yml': [/-arm64\.AppImage$/, /_arm64\.deb$/],
  'latest-mac.yml': [/-mac-arm64\.zip$/, /-mac-x64\.zip$/],
  'latest.yml': [/-win-x64\.exe$/],
}

function sha512(file) {
  const hash = createHash('sha512')
  const descriptor = fs.openSync(file, 'r')
  const part = Buffer.alloc(1 << 22)
  for (let length; (length = fs.readSync(descriptor, part)) > 0;) hash.update(part.subarray(0, length))
  fs.closeSync(descriptor)
  return hash.digest('base64')
}

/**
 * @param {string[]} files packages of one system; the first is the one that apps of old take
 * @param {string} version
 */
export function feedText(files, version) {
  const entries = files.map((file) => ({
    name: path.basename(file),
    sum: sha512(file),
    size: fs.statSync(file).size,
  }))
  const [first] = entries
  return [
    `version: ${version}`,
    'files:',
    ...entries.flatMap(({ name, sum, size }) => [
      `  - url: ${JSON.stringify(name)}`,
      `    sha512: ${sum}`,
      `    size: ${size}`,
    ]),
    `path: ${JSON.stringify(first.name)}`,
    `sha512: ${first.sum}`,
    '',
  ].join('\n')
}

/**
 * Writes a feed for every system that has packages in the folder.
 * @returns {string[]} the names of the feeds
 */
export function writeFeeds(folder, version = product.version) {
  const names = fs.readdirSync(folder)
  const written = []
  for (const [feed, patterns] of Object.entries(feeds)) {
    const files = patterns.flatMap((pattern) => names.filter((name) => pattern.test(name)))
    if (files.length === 0) continue
    fs.writeFileSync(
      path.join(folder, feed),
      feedText(
        files.map((name) => path.join(folder, name)),
        version,
      ),
    )
    written.push(feed)
  }
  return written
}

if (isMain(import.meta.url)) {
  await runMain(() => {
    const folder = process.argv[2]
    if (!folder || !fs.existsSync(folder))
      throw new SetupError('a folder with packages is missing', 'node scripts/dist/feed.mjs release')
    const written = writeFeeds(folder)
    if (written.length === 0)
      throw new SetupError(`there are no packages in ${folder}`, 'make them with: npm run dist')
    say(written.join(', '))
  })
}
