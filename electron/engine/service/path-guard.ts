/**
 * Which paths the page may name. The page shows what strangers made, so it is not trusted with the disk:
 * it may name what the person chose or dropped (main tells us), and what lies below that.
 */
import { resolve, sep } from 'node:path'
import { UphillError } from '../../../shared/errors.ts'

export class PathGuard {
  readonly #allowed = new Set<string>()
  readonly #enabled: boolean

  /** @param enabled false where the caller is trusted, as in tests of the service */
  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  allow(path: string): void {
    this.#allowed.add(resolve(path))
  }

  /** @throws BAD_INPUT for a path that nobody gave */
  check(path: string): void {
    if (!this.#enabled) return
    const wanted = resolve(path)
    for (const root of this.#allowed) {
      const below = root.endsWith(sep) ? root : root + sep
      if (wanted === root || wanted.startsWith(below)) return
    }
    throw new UphillError(
      'BAD_INPUT',
      `“${path}” was not opened in this session of Uphill.`,
      'Choose the file or folder again, or drop it into the window.',
    )
  }
}
