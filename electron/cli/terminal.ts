/** What the command line says: words and progress on standard error, results on standard output. */
import { type ErrorInfo, UphillError, toErrorInfo } from '../../shared/errors.ts'

/** 0 done, 1 failed (or a part of it), 2 used wrongly, 130 cancelled by Ctrl-C. */
export const exitCodes = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const

export interface OutputOptions {
  json?: boolean
  verbose?: boolean
}

const barWidth = 24
const redrawSeconds = 0.06
const plainLineSeconds = 10

export class Terminal {
  readonly #options: OutputOptions
  readonly #live = process.stderr.isTTY === true
  #barShown = false
  #label = ''
  #shownAt = 0

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /** A line for people; nothing of it is needed to use the result. */
  say(line: string): void {
    this.#clear()
    process.stderr.write(`${printable(line)}\n`)
  }

  /**
   * A progress bar on a terminal; elsewhere a line now and then.
   * @param share 0..1, or null while nothing is known
   */
  progress(label: string, share: number | null, detail = '', secondsLeft: number | null = null): void {
    const now = performance.now() / 1000
    const pause = this.#live ? redrawSeconds : plainLineSeconds
    if (label === this.#label && now - this.#shownAt < pause) return
    this.#label = label
    this.#shownAt = now
    const percent = share === null ? '' : `${String(Math.floor(share * 100)).padStart(3)} %`
    const left = secondsLeft === null ? '' : `${duration(secondsLeft)} left`
    const words = [percent, detail, left].filter(Boolean).join('  ')
    if (this.#live) {
      const filled = Math.round((share ?? 0) * barWidth)
      const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
      const line = `${label}  ${bar}  ${words}`
      process.stderr.write(`\r\u001b[K${fitting(printable(line), (process.stderr.columns || 100) - 1)}`)
      this.#barShown = true
      return
    }
    process.stderr.write(`${printable(`${label}  ${words}`)}\n`)
  }

  /** The end of a command: with --json one object on the last line of standard output, else words. */
  result(json: unknown, words: readonly string[]): void {
    this.#clear()
    if (this.#options.json) process.stdout.write(`${JSON.stringify(json)}\n`)
    else for (const line of words) process.stdout.write(`${printable(line)}\n`)
  }

  /** Says what went wrong and what to do. @returns the exit code */
  fail(error: unknown): number {
    this.#clear()
    const info = toErrorInfo(error)
    if (this.#options.verbose && error instanceof Error)
      process.stderr.write(`${error.stack ?? error.message}\n`)
    process.stderr.write(`${printable(describe(info))}\n`)
    if (this.#options.json) process.stdout.write(`${JSON.stringify({ error: info })}\n`)
    if (info.code === 'CANCELLED') return exitCodes.cancelled
    return info.code === 'BAD_INPUT' ? exitCodes.usage : exitCodes.failed
  }

  #clear(): void {
    if (!this.#barShown) return
    process.stderr.write('\r\u001b[K')
    this.#barShown = false
  }
}

export function describe({ message, next }: ErrorInfo): string {
  return next ? `${message}\n${next}` : message
}

/** Names of files may hold anything, also what commands a terminal; new lines are ours. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
}

/** As much of a line as fits into so many columns; what is not plain Latin counts as two wide. */
function fitting(line: string, columns: number): string {
  let fits = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    used += /^[\u0020-\u024f\u2000-\u206f\u2190-\u21ff\u2580-\u259f]$/.test(segment) ? 1 : 2
    if (used > columns) break
    fits += segment
  }
  return fits
}

/** "1 picture", "1,200 pictures". */
export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`
}

/** 3725 -> "1 h 02 min", 125 -> "2 min 05 s", 9 -> "9 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  return `${whole} s`
}

/** Two signals that come closer than this are one Ctrl-C that came by two ways (the terminal and npm). */
const sameSignalMs = 100

/**
 * A signal that Ctrl-C aborts. The first time the work ends in order, keeping what it can; the second time at once.
 */
export function cancelOnInterrupt(onFirst: () => void = () => undefined): AbortSignal {
  const controller = new AbortController()
  let last = -Infinity
  const interrupt = (): void => {
    const now = performance.now()
    const same = now - last < sameSignalMs
    last = now
    if (same) return
    if (controller.signal.aborted) process.exit(exitCodes.cancelled)
    onFirst()
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}

/** Checks what was typed with a schema of shared/domain. @throws UphillError BAD_INPUT naming the option */
export function checked<T>(schema: { safeParse: (value: unknown) => Parsed<T> }, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const option = issue?.path.length ? `--${issue.path.map((part) => dashed(String(part))).join('.')}: ` : ''
  throw new UphillError('BAD_INPUT', `${option}${issue?.message ?? 'this is not understood'}`, 'See --help.')
}

type Parsed<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** A number as it was typed; NaN is told by the schema. */
export function numberOption(text: string): number {
  return text.trim() === '' ? NaN : Number(text)
}
