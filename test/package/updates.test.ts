/** Updates, in the packed window: silence until the person says yes, and nothing is kept that is not what the feed named. */
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import { type IncomingMessage, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { feedText } from '../../scripts/dist/feed.mjs'
import { windowProgram } from '../../scripts/dist/places.mjs'
import { App } from '../window/app.ts'
import { Stranger } from './stranger.ts'

const newer = '99.0.0'
const name = 'uphill_99.0.0_amd64.deb'

let stranger: Stranger
let window: App
let server: Server
let feed: string
/** What the server gives for the package. */
let given: Buffer
const asked: IncomingMessage[] = []
const paths = (): string[] => asked.map(({ url }) => (url ?? '').replace(/\?.*/, ''))

beforeAll(async () => {
  stranger = await Stranger.unpack()
  const opened = await stranger.open()
  const deb = stranger.path(name)
  await fs.writeFile(deb, Buffer.alloc(3_000_000, 'a newer Uphill'))
  given = await fs.readFile(deb)
  feed = feedText([deb], newer)
  server = createServer((request, response) => {
    asked.push(request)
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    if (pathname === '/latest-linux.yml') response.end(feed)
    else if (pathname === `/${name}`) response.end(given)
    else response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const resources = path.join(opened, 'resources')
  await fs.rm(path.join(resources, 'app-update.yml'), { force: true })
  await fs.writeFile(
    path.join(resources, 'app-update.yml'),
    `provider: generic\nurl: http://127.0.0.1:${port}\nupdaterCacheDirName: uphill-updater\n`,
  )
  await fs.writeFile(path.join(resources, 'package-type'), 'deb')
  const starter = await stranger.starter('start-opened', windowProgram(opened))
  window = await App.start(stranger.root, { executablePath: starter, chromiumSandbox: true })
})
afterAll(async () => {
  await window.close()
  server.close()
})

const state = () => window.at('updates-state').getAttribute('data-state')
const becomes = (wanted: string) => expect.poll(state, { timeout: 60_000 }).toBe(wanted)

async function keptFiles(): Promise<string[]> {
  const folder = path.join(stranger.home, '.cache/uphill-updater/pending')
  return (await fs.readdir(folder).catch(() => [])).filter((each) => each.endsWith('.deb'))
}

describe('updates', () => {
  it('are not looked for before the person says yes, however the page asks', async () => {
    await window.page.keyboard.press('Control+,')
    await window.at('settings-updates').waitFor()
    expect(await window.at('settings-updates').isChecked()).toBe(false)
    for (const step of ['look', 'fetch', 'install'] as const)
      await window.page.evaluate((each) => globalThis.window.uphill.updates(each), step)
    expect(await state()).toBe('idle')
    expect(paths()).toEqual([])
  })

  it('are looked for from then on, and the feed is told nothing of the person', async () => {
    await window.at('settings-updates').check()
    await becomes('found')
    expect(await window.at('updates-state').textContent()).toContain(newer)
    expect(paths()).toEqual(['/latest-linux.yml'])
    const { host: _, connection: __, ...headers } = asked[0]!.headers
    expect(headers).toMatchObject({ 'x-user-staging-id': 'none', 'user-agent': 'electron-builder' })
    expect(Object.keys(headers).filter((each) => /cookie|auth|referer/.test(each))).toEqual([])
  })

  it('that are not what the feed says are refused, and nothing of them is kept', async () => {
    const good = given
    given = Buffer.from(good)
    given[1_000_000]! ^= 1
    await window.at('updates-fetch').click()
    await becomes('failed')
    expect(await window.at('updates-state').textContent()).toMatch(/sha512|checksum/i)
    expect(await keptFiles()).toEqual([])
    given = good
  })

  it('that are sound are fetched, and wait for the person', async () => {
    await window.at('updates-look').click()
    await becomes('found')
    await window.at('updates-fetch').click()
    await becomes('ready')
    const [file] = await keptFiles()
    const content = await fs.readFile(path.join(stranger.home, '.cache/uphill-updater/pending', file!))
    const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(sum(content)).toBe(sum(given))
    expect(await window.at('updates-install').isVisible()).toBe(true)
  })
})
