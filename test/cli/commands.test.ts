import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Place, hashOf, writeDigits } from './run-uphill.ts'

let place: Place
let pictures: string

beforeAll(async () => {
  place = await Place.make()
  pictures = place.path('Grandma’s “scans” 😀')
  await writeDigits(pictures, 0, 120)
  const answer = await place.run(['teach', pictures, '--name', 'Digits', '--steps', '60', '--json'])
  expect(answer.err).not.toMatch(/Error/)
  expect(answer.json()).toMatchObject({ name: 'Digits', kind: 'whole-image', state: 'finished', step: 60 })
  expect(answer.code).toBe(0)
})
afterAll(() => place.remove())

describe('every command', () => {
  it.each(['teach', 'refine', 'dream', 'generate', 'models', 'doctor', 'demo', 'bench', 'paper'])(
    '%s explains itself with an example',
    async (command) => {
      const { code, out } = await place.run([command, '--help'])
      expect(code).toBe(0)
      expect(out).toMatch(/Usage: uphill/)
      expect(out).toMatch(/Examples?:\n/)
      expect(command === 'models' ? out : `${out}`).toMatch(command === 'models' ? /list/ : /--json/)
    },
  )

  it('that is used wrongly says how, with exit code 2', async () => {
    for (const args of [
      ['bogus'],
      ['refine', 'a.png', '--model', 'x'],
      ['teach', pictures, '--kind', 'cubist'],
      ['teach', pictures, '--seconds', 'soon'],
      ['refine', 'a.png', '--model', 'Digits', '--out', 'o', '--sigma', 'lots'],
    ]) {
      const { code, err } = await place.run(args)
      expect([args.join(' '), code]).toEqual([args.join(' '), 2])
      expect(err).toMatch(/--help/)
    }
  })
})

describe('uphill doctor', () => {
  it('says what runs here', async () => {
    const { code, json } = await place.run(['doctor', '--json'])
    expect(json()).toMatchObject({
      tensorflow: expect.stringMatching(/^2\.\d+/),
      backend: expect.stringContaining('tensorflow'),
      cpu: { cores: expect.any(Number) },
      problems: [],
    })
    expect(json()).toHaveProperty('gpu')
    expect(json()).toHaveProperty('electron')
    expect(code).toBe(0)
  })
})

describe('uphill refine', () => {
  it('makes noisy pictures cleaner, keeps the structure of folders, and leaves the originals alone', async () => {
    const noisy = place.path('noisy')
    await writeDigits(path.join(noisy, 'deep'), 500, 3, 0.2)
    const before = await hashOf(noisy)
    const { code, json } = await place.run([
      'refine',
      noisy,
      '--model',
      'digits',
      '--out',
      'refined',
      '--steps',
      '2',
      '--json',
    ])
    expect(code).toBe(0)
    expect((json()['refined'] as unknown[]).length).toBe(3)
    expect(await hashOf(noisy)).toBe(before)
    await writeDigits(place.path('truth'), 500, 3)
    for (const name of ['500.png', '501.png', '502.png']) {
      const raw = (file: string) => sharp(file).toColourspace('b-w').raw().toBuffer()
      const truth = await raw(place.path('truth', name))
      const error = (data: Buffer) => data.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0)
      const refined = await raw(place.path('refined', 'deep', name))
      expect(error(refined)).toBeLessThan(error(await raw(path.join(noisy, 'deep', name))) / 2)
    }
  })

  it('goes on after bad files, tells each with the reason, and ends with exit code 1', async () => {
    const mixed = place.path('mixed')
    const [good] = await writeDigits(mixed, 700, 1, 0.2)
    await fs.writeFile(path.join(mixed, 'text.png'), 'this is no picture')
    const jpeg = await sharp(good).jpeg().toBuffer()
    await fs.writeFile(path.join(mixed, 'cut.jpg'), jpeg.subarray(0, jpeg.length / 2))
    await fs.writeFile(path.join(mixed, 'empty.png'), '')
    const { code, json, err } = await place.run([
      'refine',
      mixed,
      'gone.png',
      '--model',
      'Digits',
      '--out',
      'mixed out',
      '--steps',
      '1',
      '--json',
    ])
    expect(code).toBe(1)
    expect(json()['refined']).toHaveLength(1)
    const failed = (json()['failed'] as { file: string; message: string; next: string }[]).sort((a, b) =>
      path.basename(a.file).localeCompare(path.basename(b.file)),
    )
    expect(failed.map(({ file }) => path.basename(file))).toEqual([
      'cut.jpg',
      'empty.png',
      'gone.png',
      'text.png',
    ])
    for (const { message, next } of failed) {
      expect(message).not.toBe('')
      expect(next).not.toBe('')
    }
    expect(err).toMatch(/Failed: .*cut\.jpg/)
  })

  it('never replaces a file unasked', async () => {
    const [file] = await writeDigits(place.path('again'), 800, 1)
    const args = ['refine', file!, '--model', 'Digits', '--out', 'again out', '--steps', '1']
    expect((await place.run(args)).code).toBe(0)
    const first = await hashOf(place.path('again out'))
    const refused = await place.run(args)
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/800\.png/)
    expect(await hashOf(place.path('again out'))).toBe(first)
    expect((await place.run([...args, '--number'])).code).toBe(0)
    expect((await fs.readdir(place.path('again out'))).sort()).toEqual(['800 (2).png', '800.png'])
    expect((await place.run([...args, '--overwrite', '--seed', '2'])).code).toBe(0)
    const onto = await place.run(['refine', file!, '--model', 'Digits', '--out', 'again', '--overwrite'])
    expect(onto.code).toBe(1)
    expect(onto.err).toMatch(/replace the picture itself/)
  })

  it('takes names with spaces, quotes, emoji and 255 bytes', async () => {
    const [file] = await writeDigits(place.path('one'), 900, 1)
    const names = [`it's "odd" 50% #1?.png`, '猫😀.png', `${'x'.repeat(251)}.png`]
    for (const name of names) await fs.copyFile(file!, place.path('one', name))
    const { code, err } = await place.run([
      'refine',
      place.path('one'),
      '--model',
      'Digits',
      '--out',
      'odd',
      '--steps',
      '1',
    ])
    expect(err).not.toMatch(/Failed/)
    expect(code).toBe(0)
    expect((await fs.readdir(place.path('odd'))).sort()).toEqual([...names, '900.png'].sort())
  })

  it('says which models there are when the one asked for is not', async () => {
    const { code, err } = await place.run(['refine', pictures, '--model', 'Faces', '--out', 'o'])
    expect(code).toBe(1)
    expect(err).toMatch(/no model “Faces”[^]*“Digits”/)
  })
})

describe('uphill dream', () => {
  it('makes the same pictures from the same seed, and others from another', async () => {
    const dream = async (seed: string, out: string) => {
      const { code } = await place.run([
        'dream',
        '--model',
        'Digits',
        '--count',
        '2',
        '--seed',
        seed,
        '--steps',
        '4',
        '--out',
        out,
      ])
      expect(code).toBe(0)
      return Promise.all([1, 2].map((n) => fs.readFile(place.path(out, `dream-${seed}-00${n}.png`))))
    }
    const [first, again, other] = [await dream('3', 'd1'), await dream('3', 'd2'), await dream('4', 'd3')]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    expect((await sharp(first[0]).metadata()).width).toBe(28)
  })
})

describe('uphill teach', () => {
  it('says what to do with an empty folder, one picture, and no folder', async () => {
    await fs.mkdir(place.path('empty'))
    await writeDigits(place.path('single'), 0, 1)
    for (const [folder, code] of [
      ['empty', 'NO_PICTURES'],
      ['single', 'TOO_FEW_PICTURES'],
      ['nowhere', 'FOLDER_NOT_FOUND'],
    ]) {
      const answer = await place.run(['teach', folder!, '--json'])
      expect(answer.code).toBe(1)
      expect(answer.json()['error']).toMatchObject({ code, next: expect.stringMatching(/\w/) })
    }
  })

  it('refuses a name that is taken', async () => {
    const { code, err } = await place.run(['teach', pictures, '--name', 'Digits', '--steps', '1'])
    expect(code).toBe(1)
    expect(err).toMatch(/named “Digits” already/)
  })

  it('keeps what was learned when it is interrupted, and goes on from there', async () => {
    let interrupted = false
    const stopped = await place.run(
      ['teach', pictures, '--name', 'Broken', '--seconds', '600', '--json'],
      (err, kill) => {
        if (interrupted || !/Teaching/.test(err)) return
        interrupted = true
        kill('SIGINT')
      },
    )
    expect(stopped.code).toBe(130)
    expect(stopped.json()).toMatchObject({ name: 'Broken', state: 'stopped' })
    const resumed = await place.run(['teach', '--resume', 'Broken', '--seconds', '2', '--json'])
    expect(resumed.code).toBe(0)
    expect(resumed.json()).toMatchObject({ state: 'finished' })
    expect(resumed.json()['step'] as number).toBeGreaterThan(stopped.json()['step'] as number)
  })
})

describe('uphill models', () => {
  it('lists, shows, renames, and moves to the trash', async () => {
    await place.run(['teach', pictures, '--name', 'Spare', '--steps', '2'])
    const list = async () => {
      const models = (await place.run(['models', '--json'])).json()['models'] as { card: { name: string } }[]
      return models.map(({ card }) => card.name)
    }
    expect(await list()).toContain('Spare')
    expect((await place.run(['models', 'rename', 'Spare', 'Extra', '--json'])).json()).toMatchObject({
      name: 'Extra',
    })
    expect((await place.run(['models', 'show', 'Extra'])).out).toMatch(/whole-image/)
    expect((await place.run(['models', 'trash', 'Extra'])).code).toBe(0)
    expect(await list()).not.toContain('Extra')
    expect((await place.run(['models', 'trash', 'Extra'])).code).toBe(1)
  })
})
