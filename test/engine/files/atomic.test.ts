import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, open, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { toFileError, writeFileAtomic } from '../../../electron/engine/files/atomic.ts'
import { UphillError } from '../../../shared/errors.ts'
import { asNobody, isRoot, mountSmallDisk, temporaryFolder } from './temporary.ts'

async function errorOf(work: Promise<unknown>): Promise<UphillError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof UphillError)) throw new Error(`expected an UphillError, got ${String(error)}`)
  return error
}

describe('writeFileAtomic', () => {
  it('writes text and bytes, and leaves nothing else in the folder', async () => {
    const folder = temporaryFolder()
    await writeFileAtomic(join(folder, 'text'), 'grün')
    await writeFileAtomic(join(folder, 'bytes'), new Uint8Array([0, 255, 10]))
    expect(readFileSync(join(folder, 'text'), 'utf8')).toBe('grün')
    expect([...readFileSync(join(folder, 'bytes'))]).toEqual([0, 255, 10])
    expect(readdirSync(folder)).toEqual(['bytes', 'text'])
  })

  it('overwrites nothing unless told to', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'mine.txt')
    writeFileSync(path, 'old')
    const error = await errorOf(writeFileAtomic(path, 'new'))
    expect(error.code).toBe('FILE_EXISTS')
    expect(error.message).toContain('“mine.txt”')
    expect(readFileSync(path, 'utf8')).toBe('old')
    await writeFileAtomic(path, 'new', { whenExists: 'replace' })
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(folder)).toEqual(['mine.txt'])
  })

  it('lets exactly one of many writers have a free name', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'one')
    const results = await Promise.allSettled(
      Array.from({ length: 24 }, (_, i) => writeFileAtomic(path, `writer ${i}`)),
    )
    const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
    expect(winners).toHaveLength(1)
    expect(readFileSync(path, 'utf8')).toBe(`writer ${winners[0]}`)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'FILE_EXISTS' })
    expect(readdirSync(folder)).toEqual(['one'])
  })

  it('shows a reader the old file or the new one, never between', async () => {
    const path = join(temporaryFolder(), 'state')
    const content = (i: number) => String.fromCharCode(97 + (i % 26)).repeat(300_000 + i)
    await writeFileAtomic(path, content(0))
    let writing = true
    const reads = (async () => {
      let count = 0
      while (writing) {
        const text = await readFile(path, 'utf8')
        expect(text.length).toBeGreaterThanOrEqual(300_000)
        expect(text).toBe(text.charAt(0).repeat(text.length))
        count++
      }
      return count
    })()
    for (let i = 1; i <= 40; i++) await writeFileAtomic(path, content(i), { whenExists: 'replace' })
    writing = false
    expect(await reads).toBeGreaterThan(0)
  })

  it('leaves a whole file when the process is killed while writing', async () => {
    const folder = temporaryFolder()
    const writer = join(folder, 'writer.mjs')
    await build({
      stdin: {
        contents: `import { writeFileAtomic } from './electron/engine/files/atomic.ts'
          for (let i = 0; ; i++) {
            await writeFileAtomic(process.argv[2], String.fromCharCode(97 + (i % 26)).repeat(2_000_000), { whenExists: 'replace' })
            if (i === 0) process.stdout.write('going')
          }`,
        resolveDir: join(import.meta.dirname, '../../..'),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: writer,
    })
    for (let round = 0; round < 6; round++) {
      const path = join(folder, `state ${round}`)
      const child = spawn(process.execPath, [writer, path])
      await once(child.stdout, 'data')
      await sleep(round * 7)
      child.kill('SIGKILL')
      await once(child, 'exit')
      const text = readFileSync(path, 'utf8')
      expect(text).toHaveLength(2_000_000)
      expect(text).toBe(text.charAt(0).repeat(text.length))
    }
  })

  it('writes a name of 255 bytes, and says when one is longer', async ({ skip }) => {
    if (process.platform !== 'linux') skip('elsewhere the limit is counted in characters')
    const folder = temporaryFolder()
    const longest = '🏔'.repeat(63) + 'abc'
    expect(Buffer.byteLength(longest)).toBe(255)
    await writeFileAtomic(join(folder, longest), 'here')
    const error = await errorOf(writeFileAtomic(join(folder, `${longest}x`), 'there'))
    expect(error.code).toBe('NAME_INVALID')
    expect(error.message).toContain('256 bytes')
    expect(readdirSync(folder)).toEqual([longest])
  })

  it('says that the disk is full, and leaves what was there', async ({ skip }) => {
    const disk = temporaryFolder()
    if (!mountSmallDisk(disk, '64k')) skip('mounting a small disk needs root on Linux')
    const path = join(disk, 'kept')
    await writeFileAtomic(path, 'old')
    for (const whenExists of ['replace', 'fail'] as const) {
      const target = whenExists === 'fail' ? join(disk, 'new') : path
      const error = await errorOf(writeFileAtomic(target, new Uint8Array(1e6), { whenExists }))
      expect(error.code).toBe('DISK_FULL')
      expect(error.next).not.toBe('')
    }
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(disk)).toEqual(['kept'])
  })

  it('says that a folder may not be written to', async ({ skip }) => {
    if (!isRoot) skip('becoming somebody else needs root on Linux')
    const folder = temporaryFolder()
    await chmod(folder, 0o555)
    const error = await asNobody(() => errorOf(writeFileAtomic(join(folder, 'a'), 'a')))
    expect(error.code).toBe('NOT_WRITABLE')
    expect(error.message).toContain('permission')
    expect(readdirSync(folder)).toEqual([])
  })

  it('says what else is in the way: no folder, a file as a folder, a folder as the file', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    mkdirSync(join(folder, 'sub'))
    expect(await errorOf(writeFileAtomic(join(folder, 'nowhere', 'a'), 'a'))).toMatchObject({
      code: 'FOLDER_NOT_FOUND',
      message: expect.stringContaining('“nowhere”') as string,
    })
    expect((await errorOf(writeFileAtomic(join(folder, 'file', 'a'), 'a'))).code).toBe('NOT_WRITABLE')
    const asFolder = await errorOf(writeFileAtomic(join(folder, 'sub'), 'a', { whenExists: 'replace' }))
    expect(asFolder).toMatchObject({ code: 'NOT_WRITABLE' })
    expect(readdirSync(folder).sort()).toEqual(['file', 'sub'])
  })
})

describe('toFileError', () => {
  it('puts real errors into words for reading', async () => {
    const folder = temporaryFolder()
    symlinkSync('loop', join(folder, 'loop'))
    const reading = async (path: string) => {
      const error: unknown = await readdir(path).catch((thrown: unknown) => thrown)
      return toFileError(error, path, 'read the models')
    }
    expect(await reading(join(folder, 'gone'))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: 'Cannot read the models: “gone” is not there.',
    })
    expect((await reading(join(folder, 'loop'))).message).toContain('leads to itself')
  })

  it('knows a folder that may not be read', async ({ skip }) => {
    if (!isRoot) skip('becoming somebody else needs root on Linux')
    const folder = join(temporaryFolder(), 'closed')
    await mkdir(folder, 0o700)
    const error: unknown = await asNobody(() => readdir(folder).catch((thrown: unknown) => thrown))
    expect(toFileError(error, folder, 'read the folder')).toMatchObject({ code: 'FOLDER_NOT_READABLE' })
  })

  it('keeps an UphillError, and the cause of every other', async () => {
    const own = new UphillError('CANCELLED', 'Cancelled.')
    expect(toFileError(own, '/a', 'save')).toBe(own)
    const system: unknown = await open('/nowhere/at/all').catch((thrown: unknown) => thrown)
    expect(toFileError(system, '/nowhere/at/all', 'open it').cause).toBe(system)
    expect(toFileError('odd', '/a', 'save').message).toBe('Cannot save: odd.')
  })
})
