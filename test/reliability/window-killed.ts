/** Kills the whole app while it teaches, opens it again, and waits until the teaching has come to its end. */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ElectronApplication, type Page, _electron } from 'playwright'
import { ModelLibrary } from '../../electron/engine/models/library.ts'
import { electronLaunch } from '../setup/electron.ts'
import { groupRuns, killGroup, until, within } from './waiting.ts'
import type { World } from './world.ts'

interface Scene {
  world: World
  random: () => number
  number: number
}

export async function teachingInWindow({ world, random, number }: Scene): Promise<void> {
  const name = `Window ${number}`
  // A window of its own: the harness's engine must not have the same journal.
  const home = world.place.path('window home')
  const groups: number[] = []
  try {
    const first = await launch(home, groups)
    await startTeaching(first.electron, first.page, world.place.path('pictures'), name)
    await sleep(200 + random() * 5000)
    // Half of the time as when the power goes; else the engine is left behind, and saves what it has.
    const power = random() < 0.5
    if (power) await killGroup(groups[0]!)
    else first.electron.process().kill('SIGKILL')
    await launch(home, groups)
    const library = new ModelLibrary(path.join(home, 'models'))
    await until(
      `“${name}” of the window has been taught to its end`,
      async () => {
        const inJournal = teachingInJournal(home)
        const found = await library.list()
        const damaged = found.find(({ status }) => status === 'damaged')
        if (damaged?.status === 'damaged') throw new Error(`a model is damaged: ${damaged.error.message}`)
        const model = found.find((each) => each.status === 'ok' && each.card.name === name)
        if (model?.status === 'ok' && model.card.state === 'finished') return true
        // Killed before the engine was told of it: nothing was lost.
        return !model && !inJournal && !groupRuns(groups[0]!)
      },
      async () => ({ journal: teachingInJournal(home), models: await library.list() }),
    )
  } finally {
    // Not closed: it would ask what becomes of the work, and nobody is there to answer.
    for (const group of groups) await killGroup(group)
    await rm(home, { recursive: true, force: true })
  }
}

async function launch(
  home: string,
  groups: number[],
): Promise<{ electron: ElectronApplication; page: Page }> {
  const env = { ...process.env, UPHILL_HOME: home } as Record<string, string>
  const electron = await _electron.launch(electronLaunch(env))
  // Playwright starts it as the head of a group of its own, and the engine is in that, too.
  groups.push(electron.process().pid!)
  const page = await within('a window', electron.firstWindow())
  await page.getByTestId('nav-pictures').waitFor({ timeout: 120_000 })
  return { electron, page }
}

async function startTeaching(
  electron: ElectronApplication,
  page: Page,
  folder: string,
  name: string,
): Promise<void> {
  await electron.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, folder)
  await page.getByTestId('welcome-choose-folder').click()
  await page.getByTestId('teach-open').click()
  await page.getByTestId('teach-name').fill(name)
  const minutes = page.getByTestId('own-minutes')
  if (!(await minutes.isVisible())) {
    for (const more of await page.locator('main details:not([open]) > summary').all()) await more.click()
  }
  await minutes.fill('0.1')
  await page.getByTestId('teach-start').click()
}

/** Whether the next engine has something to go on with. It is always written whole. */
function teachingInJournal(home: string): boolean {
  try {
    const { teaching } = JSON.parse(readFileSync(path.join(home, 'jobs.json'), 'utf8')) as {
      teaching: unknown
    }
    return teaching !== null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
