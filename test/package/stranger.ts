/**
 * A person who has nothing but the package: another user, in a folder with a space and an umlaut, whose PATH is empty,
 * without the repository, the caches and the Node of whoever tests. As root on Linux all of that is so; without root
 * the user, the repository and the caches stay those of the tester. The network is taken away from all of it by
 * scripts/dist/test-package.mjs.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setFuses } from '../../scripts/dist/fuses.mjs'
import { linked } from '../../scripts/dist/linux.mjs'
import { product, release, windowProgram } from '../../scripts/dist/places.mjs'
import { root, userCache } from '../../scripts/run/places.mjs'

/** Nobody's number: no such user is in any list of this system. */
const uid = 64_123

export const isRoot = process.getuid?.() === 0

export interface Said {
  code: number | null
  out: string
  err: string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Packages of this version for this system, by ending. */
export async function packageFile(ending: string): Promise<string> {
  const name = (await fs.readdir(release)).find((each) => each.endsWith(ending))
  if (!name) throw new Error(`there is no ${ending} in release/. Run: npm run dist`)
  return path.join(release, name)
}

export class Stranger {
  /** Everything of the stranger lies below. */
  readonly root: string

  constructor(folder: string) {
    this.root = folder
  }

  /** Unpacks the tar where a person would. */
  static async unpack(): Promise<Stranger> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill package '))
    await fs.chmod(folder, 0o755)
    const stranger = new Stranger(folder)
    await fs.mkdir(stranger.path('Bücher & Äpfel'))
    const args = ['-xf', await packageFile('.tar.zst'), '-C', stranger.path('Bücher & Äpfel')]
    const { status, stderr } = spawnSync('tar', ['--no-same-owner', ...args], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    await fs.mkdir(stranger.home)
    if (isRoot) await fs.chown(stranger.home, uid, uid)
    return stranger
  }

  /** The app as it was unpacked. */
  get app(): string {
    return this.path('Bücher & Äpfel', `${product.productName}-${product.version}`)
  }

  /** A copy of the app that a test can look into: one fuse of its program is set otherwise, and nothing else. */
  async open(): Promise<string> {
    const opened = this.path('Bücher & Äpfel', 'opened')
    linked(this.app, opened)
    const program = windowProgram(opened)
    await unlinked(program)
    await setFuses(program, { EnableNodeCliInspectArguments: true })
    return opened
  }

  path(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  get home(): string {
    return this.path('home')
  }

  /** Where Uphill keeps what is its own when nobody says otherwise. */
  get data(): string {
    return path.join(this.home, '.local/share/uphill')
  }

  /** A program that starts `program` as the stranger would, with whatever arguments it is given. */
  async starter(name: string, program: string, searchPath = ''): Promise<string> {
    const world = [
      ...['/usr/bin/env', '-i', `HOME=${this.home}`, `PATH=${searchPath}`, 'LANG=C.UTF-8'],
      `DISPLAY=${process.env['DISPLAY'] ?? ''}`,
      program,
    ].map(quoted)
    const become = `setpriv --reuid ${uid} --regid ${uid} --clear-groups --no-new-privs`
    const lines = isRoot
      ? [
          `if [ -z "$UPHILL_HIDDEN" ]; then UPHILL_HIDDEN=1 exec unshare --mount "$0" "$@"; fi`,
          // What is mounted here is seen by this program and its children alone.
          ...hidden().map((folder) => `mount -t tmpfs -o mode=000 nothing ${quoted(folder)}`),
          `mount --bind /dev/null ${quoted(process.execPath)}`,
          `cd ${quoted(this.home)}`,
          `exec ${become} ${world.join(' ')} "$@"`,
        ]
      : [`cd ${quoted(this.home)}`, `exec ${world.join(' ')} "$@"`]
    const file = this.path(name)
    await fs.writeFile(file, ['#!/bin/sh', 'set -e', ...lines, ''].join('\n'), { mode: 0o755 })
    return file
  }

  /** Runs a program as the stranger and waits for its end. */
  async run(program: string, args: readonly string[], searchPath = ''): Promise<Said> {
    const starter = await this.starter(`run-${path.basename(program)}`, program, searchPath)
    return said(starter, args)
  }

  remove(): Promise<void> {
    return fs.rm(this.root, { recursive: true, force: true })
  }
}

/** A file of its own in place of a hard link, so that writing it changes no other. */
async function unlinked(file: string): Promise<void> {
  const { mode } = await fs.stat(file)
  const content = await fs.readFile(file)
  await fs.rm(file)
  await fs.writeFile(file, content, { mode })
}

/** The repository, and what the set-up keeps for it; where one lies in the other, both are hidden at once. */
function hidden(): string[] {
  const inRepository = userCache.startsWith(`${root}${path.sep}`)
  return [root, ...(inRepository ? [] : [userCache])].filter((folder) => existsSync(folder))
}

/** Runs a program and keeps what it says. */
export function said(program: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, out, err })
    })
  })
}

/** The last line of standard output, as --json promises. */
export const json = ({ out }: Said): Record<string, unknown> =>
  JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
