import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { rememberedPrecision } from '../../../electron/engine/tensor/precision.ts'

let home: string
beforeAll(async () => {
  home = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-precision-'))
  vi.stubEnv('UPHILL_HOME', home)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await fs.rm(home, { recursive: true, force: true })
})

it('is measured once for a kind of net, whatever a second measurement would say', async () => {
  expect(await rememberedPrecision('any-size', () => 'bfloat16')).toBe('bfloat16')
  expect(await rememberedPrecision('any-size', () => 'float32')).toBe('bfloat16')
  expect(await rememberedPrecision('whole-image', () => 'float32')).toBe('float32')
})

it('is measured again when what was kept is damaged, or gone', async () => {
  await fs.writeFile(path.join(home, 'cache/precision.json'), '{"any-size"')
  expect(await rememberedPrecision('any-size', () => 'float32')).toBe('float32')
  await fs.rm(path.join(home, 'cache'), { recursive: true })
  expect(await rememberedPrecision('any-size', () => 'bfloat16')).toBe('bfloat16')
})
