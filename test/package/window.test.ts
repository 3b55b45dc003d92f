/** The packed window as a person has it who has nothing else: it teaches, refines and exports. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFuses } from '../../scripts/dist/fuses.mjs'
import { filesBelow, windowProgram } from '../../scripts/dist/places.mjs'
import { App } from '../window/app.ts'
import { type Digits, type NoisyDigit, makeDigits, makeNoisyDigit, psnrOfFiles } from '../window/pictures.ts'
import { evaluate } from './devtools.ts'
import { Stranger, isRoot } from './stranger.ts'

let stranger: Stranger
let app: string
let digits: Digits
let digit: NoisyDigit

beforeAll(async () => {
  stranger = await Stranger.unpack()
  app = stranger.app
  digits = await makeDigits(stranger.path('Grandma’s scans'))
  digit = await makeNoisyDigit(stranger.path('files'), 0.3)
})
afterAll(() => stranger.remove())

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : Promise.resolve()

interface Start {
  port: number
  words: () => string
  stop: () => Promise<void>
}

async function start(starter: string, ...args: string[]): Promise<Start> {
  const port = await freePort()
  const child = spawn(starter, [`--remote-debugging-port=${port}`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let words = ''
  child.stdout.on('data', (chunk: Buffer) => (words += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended(child)
  }
  return { port, words: () => words, stop }
}

/** When the page had drawn its first thing to do, by its own clock: waiting for a connection is not starting. */
const drawn = `new Promise((resolve) => {
  const look = () => {
    const [paint] = performance.getEntriesByName('first-contentful-paint')
    const welcome = document.querySelector('[data-testid=welcome-choose-folder]')
    if (paint && welcome) resolve(performance.timeOrigin + paint.startTime)
    else setTimeout(look, 10)
  }
  look()
})`

describe('the package as it is released', () => {
  it('opens its window for someone who has nothing else, sandboxed, and without a word of complaint', async () => {
    const starter = await stranger.starter('start-window', windowProgram(app))
    const milliseconds: number[] = []
    let words = ''
    for (let round = 0; round < 4; round++) {
      const began = Date.now()
      const app = await start(starter)
      try {
        milliseconds.push(Math.round((await evaluate<number>(app.port, drawn)) - began))
      } finally {
        await app.stop()
        words += app.words()
      }
    }
    expect(words).not.toMatch(/sandbox|GLib|Cannot find|ENOENT|engine:/i)
    const [cold, ...warm] = milliseconds
    await fs.mkdir('test-results', { recursive: true })
    await fs.writeFile('test-results/package-start.json', JSON.stringify({ cold, warm, unit: 'ms' }))
    console.log(`from the start of the program to the first paint: ${cold} ms, then ${warm.join(', ')} ms`)
  })

  it('takes no debugger: the switch that would open one is dead', async () => {
    const starter = await stranger.starter('start-window', windowProgram(app))
    const inspector = await freePort()
    const running = await start(starter, `--inspect=${inspector}`)
    try {
      expect(await evaluate(running.port, drawn)).toEqual(expect.any(Number))
      await expect(fetch(`http://127.0.0.1:${inspector}/json/version`)).rejects.toThrow()
    } finally {
      await running.stop()
    }
  })
})

describe('the same package, opened to the test by one fuse', () => {
  let opened: string
  let window: App

  beforeAll(async () => {
    opened = await stranger.open()
    const starter = await stranger.starter('start-opened', windowProgram(opened))
    window = await App.start(stranger.root, { executablePath: starter, chromiumSandbox: true })
  })
  afterAll(() => window?.close())

  it('differs in nothing else', async () => {
    const { EnableNodeCliInspectArguments, ...others } = await readFuses(windowProgram(opened))
    const { EnableNodeCliInspectArguments: released, ...same } = await readFuses(windowProgram(app))
    expect([EnableNodeCliInspectArguments, released]).toEqual([true, false])
    expect(others).toEqual(same)
    const inode = async (folder: string, name: string) => (await fs.stat(path.join(folder, name))).ino
    const names = filesBelow(app)
    expect(filesBelow(opened)).toEqual(names)
    const differing = []
    for (const name of names)
      if ((await inode(app, name)) !== (await inode(opened, name))) differing.push(name)
    expect(differing).toEqual([path.relative(app, windowProgram(app))])
    const [one, other] = await Promise.all([app, opened].map((folder) => fs.readFile(windowProgram(folder))))
    const bytes = one!.reduce((sum, byte, index) => sum + (byte === other![index] ? 0 : 1), 0)
    expect(bytes).toBe(1)
  })

  it('is packed, runs as someone else, and its engine is the Node that was shipped', async () => {
    const found = await window.electron.evaluate(({ app: electronApp }) => ({
      packaged: electronApp.isPackaged,
      uid: process.getuid?.(),
      searchPath: process.env['PATH'] ?? '',
      resources: process.resourcesPath,
    }))
    expect(found).toMatchObject({ packaged: true, resources: path.join(opened, 'resources') })
    if (isRoot) expect(found.uid).not.toBe(0)
    expect(found.searchPath).toBe('')
    await expect.poll(() => window.enginePid(), { timeout: 60_000 }).toBeTruthy()
    const program = await fs.readlink(`/proc/${await window.enginePid()}/exe`)
    expect(program).toBe(path.join(opened, 'resources/engine/node'))
  })

  it('teaches', async () => {
    await window.openFolder(digits.folder)
    await window.at('teach-open').waitFor()
    expect(await window.at('dataset-count').textContent()).toContain(String(digits.pictures))
    await window.at('teach-open').click()
    await window.at('teach-name').fill('Zahlen')
    await window.chooseMinutes(0.35)
    await window.at('teach-start').click()
    await window.at('teach-progress').waitFor()
    await window.at('teach-finished').waitFor({ timeout: 300_000 })
    await window.screenshot('package-taught')
  })

  it('refines a picture, and exports one that is better by at least 4 dB', async () => {
    await window.at('go-refine').click()
    await window.answerDialogs(digit.noisy)
    await window.at('refine-choose').click()
    await window.chooseSigma(0.26)
    await window.chooseSteps(5)
    await window.at('refine-start').click()
    await window.at('refine-done').waitFor()
    const file = path.join(stranger.home, 'schöner “1”.png')
    await window.exportAs(file)
    await window.at('export-done').waitFor()
    await window.screenshot('package-refined')
    const { format, width, height } = await sharp(file).metadata()
    expect({ format, width, height }).toEqual({ format: 'png', width: 28, height: 28 })
    const gain = (await psnrOfFiles(file, digit.truth)) - (await psnrOfFiles(digit.noisy, digit.truth))
    expect(gain).toBeGreaterThan(4)
  })

  it('keeps what is its own in the person’s home, and nowhere else', async () => {
    expect(await fs.readdir(stranger.data)).toContain('models')
    const names = await fs.readdir(path.join(stranger.data, 'models'))
    expect(names.some((name) => name.startsWith('zahlen-'))).toBe(true)
  })
})
