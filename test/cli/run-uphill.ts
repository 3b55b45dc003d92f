/** The real command line, as a child process, in a home of its own. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { gaussianGenerator } from '../../electron/engine/learning/noise.ts'

const cli = path.resolve(import.meta.dirname, '../../dist/cli/cli.cjs')

export interface Answer {
  code: number | null
  /** What ended it, when it did not end by itself. */
  signal: NodeJS.Signals | null
  out: string
  err: string
  /** The last line of standard output, as --json promises. */
  json: () => Record<string, unknown>
}

export class Place {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  static async make(): Promise<Place> {
    return new Place(await fs.mkdtemp(path.join(os.tmpdir(), 'uphill cli ')))
  }

  path(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  remove(): Promise<void> {
    return fs.rm(this.root, { recursive: true, force: true })
  }

  /** @param onError is told what arrives on standard error, and can send signals */
  run(
    args: string[],
    onError?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [cli, ...args], {
        cwd: this.root,
        env: { ...process.env, UPHILL_HOME: this.path('home') },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let [out, err] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString()
        onError?.(err, (signal) => child.kill(signal))
      })
      child.on('error', reject)
      child.on('close', (code, signal) => {
        const json = () => JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
        resolve({ code, signal, out, err, json })
      })
    })
  }
}

const require = createRequire(import.meta.url)
const digitSide = 28

/** Writes real handwritten digits as PNG files, with noise of `sigma` when asked. */
export async function writeDigits(folder: string, from: number, count: number, sigma = 0): Promise<string[]> {
  await fs.mkdir(folder, { recursive: true })
  const source = path.join(path.dirname(require.resolve('mnist/package.json')), 'src/digits')
  const normal = gaussianGenerator(3)
  const files: string[] = []
  for (let index = from; index < from + count; index++) {
    const text = await fs.readFile(path.join(source, `${index % 10}.json`), 'utf8')
    const { data } = JSON.parse(text) as { data: number[] }
    const start = Math.floor(index / 10) * digitSide ** 2
    const values = data
      .slice(start, start + digitSide ** 2)
      .map((value) => Math.min(255, Math.max(0, 255 * (value + sigma * normal()))))
    const file = path.join(folder, `${index}.png`)
    await sharp(Uint8Array.from(values), { raw: { width: digitSide, height: digitSide, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(file)
    files.push(file)
  }
  return files
}

/** One hash of all files below a folder, names and contents. */
export async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const names = (await fs.readdir(folder, { recursive: true })).sort()
  for (const name of names) {
    const file = path.join(folder, name)
    hash.update(name)
    if ((await fs.stat(file)).isFile()) hash.update(await fs.readFile(file))
  }
  return hash.digest('hex')
}
