/** What goes wrong is told by name, with what to do next, and the window stays usable. */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Place, writeDigits } from '../cli/run-uphill.ts'
import { isRoot, mountSmallDisk } from '../engine/files/temporary.ts'
import { hugePng } from '../engine/images/making.ts'
import { App } from './app.ts'
import { makePhoto, makeTornJpeg } from './pictures.ts'

let app: App
beforeAll(async () => {
  const root = await App.folder()
  const place = new Place(root)
  await writeDigits(place.path('digits'), 0, 110)
  for (const name of ['Digits', 'Doomed']) {
    // For pictures of any size: a large one walks long enough to be interrupted.
    const taught = await place.run(['teach', 'digits', '--name', name, '--kind', 'any-size', '--steps', '4'])
    expect(taught.code, taught.err).toBe(0)
  }
  app = await App.start(root)
})
afterAll(() => app.close())

async function dismissAll(): Promise<void> {
  const dismiss = app.page.getByRole('button', { name: 'Dismiss' })
  while ((await dismiss.count()) > 0) await dismiss.first().click()
}
beforeEach(dismissAll)

async function choose(model: string): Promise<void> {
  await app.at('refine-model').selectOption({ label: model })
}

async function openAndSee(file: string): Promise<void> {
  await app.openPicture(file)
  await app.page.getByRole('heading', { name: path.basename(file) }).waitFor()
}

async function refined(file: string): Promise<void> {
  await openAndSee(file)
  await choose('Digits')
  await app.chooseSteps(2)
  await app.at('refine-start').click()
  await app.at('export-start').waitFor({ timeout: 300_000 })
}

describe('a folder', () => {
  it('without any picture, or with one, is told with what to do next; then another can be opened', async () => {
    await fs.mkdir(app.path('empty'))
    await app.openFolder(app.path('empty'))
    await app.page.getByRole('heading', { name: /^(0|no) pictures/i }).waitFor()
    await app.at('nav-teach').click()
    await app.trouble(/no usable picture/, /Choose a folder with/)
    await app.screenshot('21-empty-folder')

    await writeDigits(app.path('one'), 0, 1)
    await app.openFolder(app.path('one'))
    await app.page.getByRole('heading', { name: /^1 picture/ }).waitFor()
    await app.at('nav-teach').click()
    await app.trouble(/only one usable picture/, /Add more/)
    await app.screenshot('22-one-picture')

    await app.openFolder(app.path('digits'))
    await app.page.getByRole('heading', { name: /^110 pictures/ }).waitFor()
    await app.at('teach-open').click()
    await app.at('teach-start').waitFor()
  })

  it('that is gone is told by name', async () => {
    await app.openFolder(app.path('never was'))
    await app.trouble(/never was/, /\S/)
  })
})

describe('a picture', () => {
  it('that is torn, no picture, or a bomb is told by name; then a good one can be opened', async () => {
    await app.openPicture(await makeTornJpeg(app.path('torn.jpg')))
    await app.trouble(/torn\.jpg/, /\S/)
    await fs.writeFile(app.path('text.png'), 'this is no picture')
    await app.openPicture(app.path('text.png'))
    await app.trouble(/text\.png/, /\S/)
    hugePng(app.path('bomb.png'), 30_000, 30_000)
    await app.openPicture(app.path('bomb.png'))
    await app.trouble(/bomb\.png/, /\S/)
    await app.screenshot('23-bomb')
    await app.openPicture(app.path('digits', '5.png'))
    await app.at('refine-start').waitFor()
    await expect.poll(() => app.page.getByRole('alert').count()).toBe(0)
  })

  it('that went away while it was open is told by name', async () => {
    const file = await makePhoto(app.path('fleeting.png'), 64, 64)
    await app.openPicture(file)
    await app.page.getByText('fleeting.png').first().waitFor()
    await fs.rm(file)
    await app.at('refine-start').click()
    await app.trouble(/fleeting\.png/, /\S/)
  })

  it('has details that can be copied', async () => {
    await app.openPicture(app.path('text.png'))
    const note = await app.trouble(/text\.png/, /\S/)
    await note.getByRole('button', { name: 'Copy details' }).click()
    await expect
      .poll(() => app.electron.evaluate(({ clipboard }) => clipboard.readText()), { timeout: 60_000 })
      .toContain('text.png')
  })
})

describe('a model', () => {
  it('is not taken away under a walk; after the walk it may go', async () => {
    await openAndSee(await makePhoto(app.path('large.png'), 1600, 1200))
    await choose('Doomed')
    await app.chooseSteps(1000)
    await app.at('refine-start').click()
    await app.at('film-strip').waitFor({ timeout: 300_000 })
    await app.at('nav-models').click()
    const doomed = app.at('model-card').filter({ hasText: 'Doomed' })
    await app.inMenu(doomed, 'model-trash')
    await app.trouble(/cannot be deleted/, /Cancel the walk or wait/)
    await app.screenshot('24-model-in-use')
    // It is among the jobs, and can be stopped there.
    await app.at('nav-jobs').click()
    await app.screenshot('24-walk-among-jobs')
    await app.at('job-refine').getByRole('button', { name: 'Cancel' }).click()
    await app.at('job-refine').waitFor({ state: 'detached' })
    await app.at('nav-refine').click()
    await expect.poll(() => app.at('refine-start').isEnabled(), { timeout: 300_000 }).toBe(true)
  })

  it('that was deleted on disk is told, and the other one still works', async () => {
    const models = app.path('home', 'models')
    const doomed = (await fs.readdir(models)).find((name) => /doomed/i.test(name))
    await fs.rm(app.path('home', 'models', doomed!), { recursive: true })
    await openAndSee(app.path('digits', '7.png'))
    await choose('Doomed')
    await app.at('refine-start').click()
    await app.trouble(/model/i, /teach one|Models|another/i)
    await app.screenshot('25-model-gone')
    await refined(app.path('digits', '7.png'))
  })
})

describe('an export', () => {
  it.runIf(isRoot)(
    'onto a full disk is told, leaves nothing half, and can go elsewhere',
    async ({ skip }) => {
      const disk = app.path('small disk')
      await fs.mkdir(disk)
      if (!mountSmallDisk(disk, '16k')) skip()
      await refined(await makePhoto(app.path('photo.png'), 300, 200))
      await app.exportAs(app.path('small disk', 'result.png'))
      await app.trouble(/full|space/i, /\S/)
      await app.screenshot('26-disk-full')
      expect(await fs.readdir(disk)).toEqual([])
      await app.answerDialogs(app.path('result.png'))
      await app.at('export-save-as').click()
      await app.at('export-done').waitFor()
      expect((await sharp(app.path('result.png')).metadata()).width).toBe(300)
    },
  )

  it('into a folder that is gone is told by name, and can go elsewhere', async () => {
    await refined(app.path('digits', '8.png'))
    await app.exportAs(app.path('gone', 'result.png'))
    await app.trouble(/gone/, /\S/)
    await app.answerDialogs(app.path('eight.png'))
    await app.at('export-save-as').click()
    await app.at('export-done').waitFor()
    expect((await sharp(app.path('eight.png')).metadata()).width).toBe(28)
  })
})
