/** What refining many pictures must not do: lose one, mix two up, or write over a person's own. */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mountSmallDisk } from '../engine/files/temporary.ts'
import { Place, hashOf, writeDigits } from './run-uphill.ts'

let place: Place

beforeAll(async () => {
  place = await Place.make()
  await writeDigits(place.path('digits'), 0, 110)
  const { code } = await place.run(['teach', 'digits', '--name', 'Digits', '--steps', '4'])
  expect(code).toBe(0)
})
afterAll(() => place.remove())

const refine = (inputs: string[], out: string, ...more: string[]) =>
  place.run(['refine', ...inputs, '--model', 'Digits', '--out', out, '--steps', '1', '--json', ...more])

type Told = { file: string; result: string; code: string; reason: string }[]
const told = (answer: { json: () => Record<string, unknown> }, what: 'refined' | 'failed' | 'leftOut') =>
  answer.json()[what] as Told

const below = async (folder: string) => {
  const entries = await fs.readdir(place.path(folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(place.path(folder), path.join(entry.parentPath, entry.name)))
    .sort()
}

describe('refining many pictures', () => {
  it('gives every picture a result of its own, also when two would have the same name', async () => {
    const [file] = await writeDigits(place.path('same'), 200, 1)
    await sharp(file).gif().toFile(place.path('same', '200.gif'))
    const answer = await refine(['same'], 'same out', '--overwrite')
    expect(answer.code).toBe(0)
    expect(new Set(told(answer, 'refined').map(({ result }) => result.toLowerCase())).size).toBe(2)
    expect(await below('same out')).toEqual(['200 (2).png', '200.png'])
  })

  it('keeps several folders apart, and a picture that is given twice is refined once', async () => {
    const [one] = await writeDigits(place.path('box', 'one'), 300, 1)
    await writeDigits(place.path('box', 'two', 'deep'), 300, 1)
    const answer = await refine([path.dirname(one!), 'box/two', one!], 'apart')
    expect(answer.code).toBe(0)
    expect(told(answer, 'refined')).toHaveLength(2)
    expect(told(answer, 'leftOut')).toHaveLength(1)
    expect(await below('apart')).toEqual(['300.png', path.join('two', 'deep', '300.png')])
  })

  it('does not take its own results for pictures when they lie in the folder', async () => {
    await writeDigits(place.path('inside'), 400, 2)
    expect((await refine(['inside'], 'inside/refined')).code).toBe(0)
    const again = await refine(['inside'], 'inside/refined', '--number')
    expect(told(again, 'refined')).toHaveLength(2)
    expect(told(again, 'leftOut').map(({ reason }) => reason)).toEqual([
      'It lies in the folder of the results.',
      'It lies in the folder of the results.',
    ])
  })

  it('writes over none of the pictures, not even of another, not even when told to overwrite', async () => {
    const [file] = await writeDigits(place.path('own'), 500, 2)
    await sharp(file).gif().toFile(place.path('own', '501.gif'))
    const before = await hashOf(place.path('own'))
    const answer = await refine(['own/501.gif', 'own/500.png', 'own/501.png'], 'own', '--overwrite')
    expect(answer.code).toBe(1)
    expect(told(answer, 'failed').map(({ code }) => code)).toEqual(['FILE_EXISTS', 'FILE_EXISTS'])
    await Promise.all(told(answer, 'refined').map(({ result }) => fs.rm(result)))
    expect(await hashOf(place.path('own'))).toBe(before)
  })

  it('counts what is no picture and names what it cannot read, without failing', async () => {
    await writeDigits(place.path('other'), 600, 1)
    await fs.writeFile(place.path('other', 'notes.txt'), 'hello')
    await fs.writeFile(place.path('other', 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    const answer = await refine(['other'], 'other out')
    expect(answer.code).toBe(0)
    expect(answer.json()).toMatchObject({ otherFiles: 1, cancelled: false })
    expect(told(answer, 'leftOut')).toMatchObject([{ reason: expect.stringContaining('SVG') }])
  })

  it('says so when there is nothing to refine', async () => {
    await fs.mkdir(place.path('nothing'))
    const answer = await refine(['nothing'], 'nothing out')
    expect(answer.code).toBe(1)
    expect(answer.json()['error']).toMatchObject({ code: 'NO_PICTURES' })
    await expect(fs.stat(place.path('nothing out'))).rejects.toThrow(/ENOENT/)
  })

  it('stops when the disk is full, names every picture that has no result, and leaves no half files', async ({
    skip,
  }) => {
    const disk = place.path('small disk')
    await fs.mkdir(disk)
    if (!mountSmallDisk(disk, '16k')) skip()
    const answer = await refine(['digits'], 'small disk')
    expect(answer.code).toBe(1)
    const failed = told(answer, 'failed')
    expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(['DISK_FULL']))
    const refined = told(answer, 'refined')
    expect(refined.length + failed.length).toBe(110)
    const results = refined.map(({ result }) => path.basename(result)).sort()
    expect(results).not.toEqual([])
    expect(await below('small disk')).toEqual(results)
  })

  it('that is cancelled keeps what is done, tells it, and leaves no half files', async () => {
    let sent = false
    const answer = await place.run(
      ['refine', 'digits', '--model', 'Digits', '--out', 'cut', '--steps', '40', '--json'],
      (err, kill) => {
        if (sent || !/Refining/.test(err)) return
        sent = true
        setTimeout(() => kill('SIGINT'), 500)
      },
    )
    expect(answer.code).toBe(130)
    expect(answer.json()).toMatchObject({ cancelled: true })
    const results = told(answer, 'refined').map(({ result }) => path.basename(result))
    expect(results.length).toBeLessThan(110)
    expect(await below('cut')).toEqual(results.sort())
  })

  it.skipIf(process.platform === 'win32')(
    'cannot be made to command the terminal by the name of a file',
    async () => {
      const name = 'red\u001b[31m\u0007.png'
      await fs.mkdir(place.path('sly'))
      await fs.writeFile(place.path('sly', name), 'no picture')
      const answer = await refine(['sly'], 'sly out')
      expect(answer.code).toBe(1)
      expect(answer.err).toContain('red')
      expect(answer.err).not.toContain('\u001b[31m')
      expect(told(answer, 'failed')[0]!.file).toContain(name)
    },
  )
})

describe('the command line', () => {
  it('answers in JSON also when it is used wrongly', async () => {
    for (const args of [['bogus'], ['teach'], ['teach', 'a', '--resume', 'b'], ['dream', '--out', 'o']]) {
      const { code, json } = await place.run([...args, '--json'])
      expect([args.join(' '), code]).toEqual([args.join(' '), 2])
      expect(json()['error']).toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(/\w/) })
    }
  })

  it('lists a damaged model with the reason, and can put it away', async () => {
    const folder = place.path('home', 'models', 'broken-1')
    await fs.mkdir(folder, { recursive: true })
    await fs.writeFile(path.join(folder, 'card.json'), '{"format": 1')
    expect((await place.run(['models'])).out).toMatch(/broken-1 +damaged: ./)
    expect((await place.run(['models', 'trash', 'broken-1'])).code).toBe(0)
    expect((await place.run(['models'])).out).not.toMatch(/broken-1/)
  })
})
