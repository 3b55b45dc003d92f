/** All files under a folder that could be pictures. */
import type { Dirent } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { PictureProblem } from '../../../shared/domain.ts'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import { errnoOf, toFileError } from '../files/atomic.ts'
import { kindByName } from '../images/formats.ts'

export interface FoundFiles {
  /** Pictures by their names, in no order. */
  pictures: string[]
  problems: PictureProblem[]
  /** Files that are no pictures by name. */
  ignored: number
}

/** What systems leave in folders: not the person's pictures (@eaDir holds a NAS's thumbnails of them). */
const systemNames = new Set([
  'thumbs.db',
  'desktop.ini',
  '__macosx',
  '@eadir',
  '$recycle.bin',
  'system volume information',
  'lost+found',
])

function isHidden(name: string): boolean {
  return name.startsWith('.') || systemNames.has(name.toLowerCase())
}

/**
 * Walks a folder and all in it. Hidden files and folders are passed over. Links are followed after everything else,
 * so that what is there under its own name is found under that name, and only once; loops end.
 * @throws UphillError FOLDER_NOT_FOUND, FOLDER_NOT_READABLE (for `folder` itself), CANCELLED
 */
export async function findFiles(
  folder: string,
  run: { signal?: AbortSignal | undefined; onFound?: (pictures: number) => void } = {},
): Promise<FoundFiles> {
  const walk = new Walk(run)
  await walk.start(folder)
  return walk.found
}

class Walk {
  readonly found: FoundFiles = { pictures: [], problems: [], ignored: 0 }
  readonly #run: { signal?: AbortSignal | undefined; onFound?: (pictures: number) => void }
  readonly #folders = new Set<string>()
  /** Real paths of the files that were found. */
  readonly #files = new Set<string>()
  #links: string[] = []

  constructor(run: { signal?: AbortSignal | undefined; onFound?: (pictures: number) => void }) {
    this.#run = run
  }

  async start(folder: string): Promise<void> {
    let real: string
    let entries: Dirent[]
    try {
      real = await realpath(folder)
      entries = await readdir(real, { withFileTypes: true })
    } catch (error) {
      throw folderError(error, folder)
    }
    await this.#addFolder(folder, real, entries)
    while (this.#links.length > 0) {
      const links = this.#links.sort()
      this.#links = []
      for (const link of links) await this.#follow(link)
    }
  }

  /** `real` is where `folder` lies when no link is on the way. */
  async #addFolder(folder: string, real: string, entries?: Dirent[]): Promise<void> {
    throwIfCancelled(this.#run.signal)
    if (this.#folders.has(real)) return
    this.#folders.add(real)
    try {
      entries ??= await readdir(real, { withFileTypes: true })
    } catch (error) {
      this.#folderProblem(folder, error)
      return
    }
    for (const entry of entries) {
      if (isHidden(entry.name)) continue
      const path = join(folder, entry.name)
      if (entry.name.includes('\ufffd') && !(await exists(path))) {
        this.found.problems.push({
          path,
          kind: 'unreadable',
          reason: 'Its name is not valid Unicode, so it cannot be opened. Rename it.',
        })
      } else if (entry.isSymbolicLink()) {
        this.#links.push(path)
      } else if (entry.isDirectory()) {
        await this.#addFolder(path, join(real, entry.name))
      } else if (entry.isFile()) {
        this.#addFile(path, join(real, entry.name))
      } else {
        this.found.ignored++
      }
    }
    this.#run.onFound?.(this.found.pictures.length)
  }

  #addFile(path: string, real: string): void {
    const kind = kindByName(path)
    if (kind.kind === 'other') {
      this.found.ignored++
      return
    }
    if (this.#files.has(real)) return
    this.#files.add(real)
    if (kind.kind === 'readable') this.found.pictures.push(path)
    else this.found.problems.push({ path, kind: 'unsupported', reason: kind.reason })
  }

  async #follow(link: string): Promise<void> {
    throwIfCancelled(this.#run.signal)
    try {
      const real = await realpath(link)
      const target = await stat(real)
      if (target.isDirectory()) await this.#addFolder(link, real)
      else if (target.isFile()) this.#addFile(link, real)
      else this.found.ignored++
    } catch (error) {
      if (error instanceof UphillError) throw error
      if (kindByName(link).kind === 'other') {
        this.found.ignored++
        return
      }
      const loop = errnoOf(error) === 'ELOOP'
      const reason = loop ? 'It is a link that leads to itself.' : 'It is a link to a file that is not there.'
      const denied = ['EACCES', 'EPERM'].includes(errnoOf(error))
      this.found.problems.push(
        denied
          ? {
              path: link,
              kind: 'not-permitted',
              reason: 'You have no permission to read what this link leads to.',
            }
          : { path: link, kind: 'unreadable', reason },
      )
    }
  }

  #folderProblem(folder: string, error: unknown): void {
    const denied = ['EACCES', 'EPERM'].includes(errnoOf(error))
    this.found.problems.push(
      denied
        ? { path: folder, kind: 'not-permitted', reason: 'You have no permission to read this folder.' }
        : {
            path: folder,
            kind: 'unreadable',
            reason: toFileError(error, folder, 'read this folder').message,
          },
    )
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

export function folderError(error: unknown, folder: string): UphillError {
  const errno = errnoOf(error)
  const name = `“${basename(folder) || folder}”`
  if (errno === 'ENOENT') {
    return new UphillError(
      'FOLDER_NOT_FOUND',
      `The folder ${name} is not there (${folder}).`,
      'Choose another folder.',
      { cause: error },
    )
  }
  if (errno === 'ENOTDIR') {
    return new UphillError(
      'FOLDER_NOT_FOUND',
      `${name} is a file, not a folder.`,
      'Choose the folder it lies in.',
      { cause: error },
    )
  }
  const { message } = toFileError(error, folder, `read the folder ${name}`)
  return new UphillError(
    'FOLDER_NOT_READABLE',
    message,
    'Change its permissions, or choose another folder.',
    { cause: error },
  )
}
