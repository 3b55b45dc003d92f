/** Folders of a test's own, and what a test can only do as root on Linux. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'uphill-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const isRoot = process.platform === 'linux' && process.getuid?.() === 0

/** Root may do everything; permissions can only be seen by someone else. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

/** Mounts a file system in memory on `folder` for this test; false where that is not allowed. */
export function mountSmallDisk(folder: string, size: string): boolean {
  if (!isRoot) return false
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return false
  }
  onTestFinished(() => {
    execFileSync('umount', [folder])
  })
  return true
}
