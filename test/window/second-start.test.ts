/** A second start of the app, and what the app lets others reach. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { electronLaunch } from '../setup/electron.ts'
import { App } from './app.ts'

/** The app as a person starts it: without the test tool, which opens ports of its own. */
function startAlone(home: string) {
  const { executablePath, args, cwd, env } = electronLaunch({ ...process.env, UPHILL_HOME: home } as Record<
    string,
    string
  >)
  return spawn(executablePath, args, { cwd, env, stdio: 'ignore', detached: true })
}

it('a second start brings the first window to the front, and ends', async () => {
  const app = await App.start()
  try {
    await app.electron.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0]!
      const focus = window.focus.bind(window)
      Object.assign(globalThis, { focused: 0 })
      window.focus = () => {
        ;(globalThis as unknown as { focused: number }).focused++
        focus()
      }
    })
    const second = startAlone(app.path('home'))
    expect((await once(second, 'exit'))[0]).toBe(0)
    await expect
      .poll(() => app.electron.evaluate(() => (globalThis as unknown as { focused: number }).focused))
      .toBe(1)
    const windows = await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
    expect(windows).toBe(1)
    await app.at('nav-models').click()
  } finally {
    await app.close()
  }
})

it.runIf(process.platform === 'linux')('no process of the app listens on any port', async () => {
  const folder = await App.folder()
  const home = path.join(folder, 'home')
  const app = startAlone(home)
  const ended = once(app, 'exit')
  try {
    // The engine has started when it has made its folders.
    await expect
      .poll(() => processesOf(app.pid!).some(({ command }) => command.includes('engine.cjs')), {
        timeout: 120_000,
      })
      .toBe(true)
    await expect.poll(() => readdirSync(home), { timeout: 120_000 }).toContain('models')
    const processes = processesOf(app.pid!)
    // Main, the page and the engine at least; else it was looked at nothing.
    expect(processes.some(({ command }) => command.includes('--type=renderer'))).toBe(true)
    const sockets = new Set(processes.flatMap(({ pid }) => socketsOf(pid)))
    expect(sockets.size).toBeGreaterThan(0)
    expect(listening().filter(({ inode }) => sockets.has(inode))).toEqual([])
    // That the look itself can find one: a server of this test.
    const { createServer } = await import('node:net')
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const ours = new Set(socketsOf(process.pid))
    expect(listening().filter(({ inode }) => ours.has(inode)).length).toBeGreaterThan(0)
    server.close()
  } finally {
    process.kill(-app.pid!, 'SIGKILL')
    await ended
    await fs.rm(folder, { recursive: true, force: true })
  }
})

/** All processes that descend from this one, by proc(5). */
function processesOf(root: number): { pid: number; command: string }[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent, command }]
      } catch {
        return []
      }
    })
  const found = all.filter(({ pid }) => pid === root)
  for (const each of found) found.push(...all.filter(({ parent }) => parent === each.pid))
  return found
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

/** Sockets that take connections or datagrams from others. */
function listening(): { inode: string; address: string }[] {
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) => {
    let text = ''
    try {
      text = readFileSync(`/proc/net/${kind}`, 'utf8')
    } catch {
      // No IPv6 here.
    }
    return text
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === (kind.startsWith('tcp') ? '0A' : '07'))
      .map((cells) => ({ inode: cells[9] ?? '', address: `${kind} ${cells[1] ?? ''}` }))
  })
}
