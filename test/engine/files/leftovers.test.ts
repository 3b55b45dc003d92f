import { spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { writeFileAtomic } from '../../../electron/engine/files/atomic.ts'
import { host } from '../../../electron/engine/files/owner.ts'

it('a write removes what a crash has left in the folder, and nothing else', async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-leftovers-'))
  const dead = spawnSync(process.execPath, ['-e', '0']).pid
  const random = '0123456789ab'
  const kept = [
    `.uphill-${host}-${process.ppid}-${random}.tmp`,
    `.uphill-ffffffff-${dead}-${random}.tmp`,
    '.uphill-mine.tmp',
    'picture.tmp',
  ]
  const crashed = `.uphill-${host}-${dead}-${random}.tmp`
  for (const name of [...kept, crashed]) await fs.writeFile(path.join(folder, name), 'x')
  await writeFileAtomic(path.join(folder, 'new.txt'), 'y')
  expect((await fs.readdir(folder)).sort()).toEqual([...kept, 'new.txt'].sort())
  await fs.rm(folder, { recursive: true })
})
