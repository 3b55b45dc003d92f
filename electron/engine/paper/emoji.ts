/**
 * The colour pictures of the experiments: Google's emoji at 64 x 64, from the npm package `emoji-datasource-google`.
 * It is too large to be a dependency: npm fetches it once into the cache, and only what is needed of it stays there.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import * as z from 'zod'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import { toFileError } from '../files/atomic.ts'
import { cacheFolder } from '../home.ts'
import { decodePicture } from '../images/decode.ts'
import { onWhite } from '../images/pixels.ts'
import { shuffledIndices, uniformGenerator } from '../learning/noise.ts'
import type { LabelledPictures, PaperData } from './digits.ts'

const packageName = 'emoji-datasource-google'
const packageVersion = '16.0.0'
const side = 64
const values = side * side * 3
const heldOutShare = 0.1
const splitSeed = 1
/** Five samples of skin colours: nothing that could be told from one another by its shape. */
const leftOut = 'Component'

interface EmojiRun {
  signal?: AbortSignal | undefined
  onProgress?: ((share: number) => void) | undefined
}

/**
 * All emoji on white, with their category (such as Food & Drink) as the class; nine tenths to teach, by a fixed seed.
 * The skin tones of one emoji are all taught or all held out: else the held-out ones would be known by their shape.
 * @throws UphillError FILE_NOT_FOUND when npm cannot fetch them; CANCELLED, DISK_FULL, NOT_WRITABLE
 */
export async function readEmoji(run: EmojiRun = {}): Promise<PaperData> {
  const folder = path.join(cacheFolder(), `${packageName}-${packageVersion}`)
  if (!(await fs.stat(folder).catch(() => null))) await fetchPackage(folder, run.signal)
  return readEmojiFrom(folder, run)
}

/** What is used of the package's emoji.json: an emoji, and the same one in other skin tones. */
const picture = z.object({ image: z.string().regex(/^[\w-]+\.png$/), has_img_google: z.boolean() })
const emojiList = z.array(
  picture.extend({ category: z.string(), skin_variations: z.record(z.string(), picture).optional() }),
)

/** The same from a folder with emoji.json and, in 64/, the pictures that it lists. */
export async function readEmojiFrom(folder: string, run: EmojiRun = {}): Promise<PaperData> {
  const emoji = (await readList(folder))
    .filter(({ category }) => category !== leftOut)
    .map(({ category, skin_variations: tones, ...plain }) => {
      const drawn = [plain, ...Object.values(tones ?? {})].filter((one) => one.has_img_google)
      return { category, files: drawn.map(({ image }) => path.join(folder, '64', image)) }
    })
    .filter(({ files }) => files.length > 0)
  const categories = [...new Set(emoji.map(({ category }) => category))].sort()
  const order = shuffledIndices(emoji.length, uniformGenerator(splitSeed, 0xe301)).map(
    (index) => emoji[index]!,
  )
  const held = Math.round(heldOutShare * order.length)
  const total = emoji.reduce((sum, { files }) => sum + files.length, 0)
  let done = 0
  const read = async (chosen: typeof emoji): Promise<LabelledPictures> => {
    const files = chosen.flatMap(({ category, files: of }) =>
      of.map((file) => ({ file, label: categories.indexOf(category) })),
    )
    // Mixed: the first few should not be one emoji in six tones.
    const mixed = shuffledIndices(files.length, uniformGenerator(splitSeed, 0xe302)).map((i) => files[i]!)
    const data = new Float32Array(files.length * values)
    for (const [index, { file }] of mixed.entries()) {
      throwIfCancelled(run.signal)
      data.set(await readPicture(folder, file), index * values)
      run.onProgress?.(++done / total)
    }
    const labels = Uint8Array.from(mixed, ({ label }) => label)
    return { width: side, height: side, channels: 3, data, labels, count: mixed.length }
  }
  const heldOut = await read(order.slice(0, held))
  const taught = await read(order.slice(held))
  return { name: 'emoji', classes: categories.length, pictureSide: side, taught, heldOut }
}

async function readList(folder: string): Promise<z.infer<typeof emojiList>> {
  const file = path.join(folder, 'emoji.json')
  try {
    return emojiList.parse(JSON.parse(await fs.readFile(file, 'utf8')))
  } catch (error) {
    throw damaged(folder, 'its list cannot be read', error)
  }
}

async function readPicture(folder: string, file: string): Promise<Float32Array> {
  const name = path.basename(file)
  const pixels = await decodePicture(file, { channels: 3 }).catch((error: unknown) => {
    throw damaged(folder, `${name} cannot be read`, error)
  })
  if (pixels.width === side && pixels.height === side) return onWhite(pixels).data
  throw damaged(folder, `${name} is not ${side} pixels a side`)
}

function damaged(folder: string, what: string, cause?: unknown): UphillError {
  const next = `Delete ${folder}; it is fetched again when it is needed.`
  return new UphillError('PICTURE_UNREADABLE', `The emoji are damaged: ${what}.`, next, { cause })
}

/** The folder appears when it is complete. */
async function fetchPackage(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const temporary = `${folder}.fetching-${process.pid}`
  try {
    await fs.mkdir(temporary, { recursive: true })
    await npmInstall(temporary, signal)
    const unpacked = path.join(temporary, 'node_modules', packageName)
    const kept = path.join(temporary, 'kept')
    await fs.mkdir(kept)
    await fs.rename(path.join(unpacked, 'emoji.json'), path.join(kept, 'emoji.json'))
    await fs.rename(path.join(unpacked, 'LICENSE'), path.join(kept, 'LICENSE'))
    await fs.rename(path.join(unpacked, 'img/google/64'), path.join(kept, '64'))
    await fs.rename(kept, folder)
  } catch (error) {
    throw toFileError(error, folder, 'keep the emoji')
  } finally {
    await fs.rm(temporary, { recursive: true, force: true })
  }
}

/** npm knows the registry, the proxy and the checksums; started by npm, the same npm is used. */
async function npmInstall(into: string, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal)
  // Its own package.json: npm would otherwise look for one in the folders above.
  await fs.writeFile(path.join(into, 'package.json'), '{}\n')
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
  const args = ['install', '--ignore-scripts', ...quiet, `${packageName}@${packageVersion}`]
  const npm = process.env['npm_execpath']
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { cwd: into, stdio: ['ignore', 'ignore', 'pipe'] })
    : spawn('npm', args, {
        cwd: into,
        stdio: ['ignore', 'ignore', 'pipe'],
        shell: process.platform === 'win32',
      })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(0, 2000)))
  child.once('error', (error) => (said = error.message))
  const stop = (): void => void child.kill()
  signal?.addEventListener('abort', stop)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  signal?.removeEventListener('abort', stop)
  throwIfCancelled(signal)
  if (code === 0) return
  const why = said.split('\n').find((line) => /error/i.test(line)) ?? said.split('\n')[0]
  throw new UphillError(
    'FILE_NOT_FOUND',
    `npm could not fetch the emoji (${packageName} ${packageVersion}): ${why || `exit code ${code}`}`,
    'See whether npm reaches its registry, then try again.',
  )
}
