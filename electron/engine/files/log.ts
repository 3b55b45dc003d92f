/** A log that stays small and keeps secrets: files that take turns, and lines without the names of people's files. */
import fs from 'node:fs'
import path from 'node:path'
import { formatWithOptions } from 'node:util'

const mostBytes = 512 * 1024
/** The present file and this many before it. */
const olderFiles = 2

/** Set to 1, the log tells paths as they are: for a person who looks for a fault on their own machine. */
export const logPathsVariable = 'UPHILL_LOG_PATHS'

export class RotatingLog {
  readonly #file: string
  readonly #mostBytes: number
  #bytes: number

  /** Never throws. @param name of the process that writes: each has files of its own */
  constructor(folder: string, name: string, limit = mostBytes) {
    this.#file = path.join(folder, `${name}.log`)
    this.#mostBytes = limit
    this.#bytes = 0
    try {
      fs.mkdirSync(folder, { recursive: true })
      this.#bytes = fs.statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0
    } catch {
      // Where nothing can be written there is no log; whoever writes something else says so.
    }
  }

  /** Never throws: a full disk must not end what is being logged. */
  write(text: string): void {
    const told = process.env[logPathsVariable] === '1' ? text : redacted(text)
    const line = `${new Date().toISOString()} ${told.trimEnd().replaceAll('\n', '\n  ')}\n`
    try {
      if (this.#bytes + line.length > this.#mostBytes) this.#rotate()
      fs.appendFileSync(this.#file, line)
      this.#bytes += Buffer.byteLength(line)
    } catch {
      return
    }
  }

  #rotate(): void {
    for (let age = olderFiles; age >= 1; age--) {
      const younger = age === 1 ? this.#file : `${this.#file}.${age - 1}`
      if (fs.existsSync(younger)) fs.renameSync(younger, `${this.#file}.${age}`)
    }
    this.#bytes = 0
  }
}

/** From now on what goes to console.error and console.warn goes into the log as well. */
export function logConsole(log: RotatingLog): void {
  for (const method of ['error', 'warn'] as const) {
    const print = console[method].bind(console)
    console[method] = (...what: unknown[]) => {
      log.write(formatWithOptions({ colors: false }, ...what))
      print(...what)
    }
  }
}

/** The last lines of all logs in a folder, in the order of time. */
export function lastLines(folder: string, count: number): string[] {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.log')) : []
  const entries = names.flatMap((name) =>
    fs
      .readFileSync(path.join(folder, name), 'utf8')
      .split(/\n(?! )/)
      .filter(Boolean)
      .map((entry) => ({ time: entry.slice(0, 24), text: `${path.parse(name).name}: ${entry}` })),
  )
  return entries
    .sort((a, b) => a.time.localeCompare(b.time))
    .slice(-count)
    .map(({ text }) => text)
}

/** A place in our own programs, as stack traces have it: worth knowing, and nobody's secret. */
const ownPlace = /[\\/](engine|main|cli)\.cjs:\d+:\d+/

/**
 * The text without names of files, folders and models: what stands in “quotes”, and every absolute path with what
 * follows it on its line. That may be too much; too little would tell what a person's pictures are called.
 */
export function redacted(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/“.*”/g, '“…”')
        .replace(
          /(^|[^\w.<])(file:\/\/|[A-Za-z]:[\\/]|\\\\|\/(?=[^\s/]))(.*)$/,
          (_, before: string, ...rest) => {
            const place = ownPlace.exec(String(rest[1]))?.[0].slice(1)
            return `${before}<path>${place ? ` ${place}` : ''}`
          },
        ),
    )
    .join('\n')
}
