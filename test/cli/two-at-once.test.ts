/** The app and the command line at work in one library. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEngine, writeDiscs } from '../contract/engine-under-test.ts'
import { Place } from './run-uphill.ts'

let place: Place
beforeAll(async () => {
  place = await Place.make()
  await writeDiscs(place.path('pictures'), 40, 16)
})
afterAll(() => place.remove())

it('the command line leaves alone what the app teaches, says so, and goes on when the app has stopped', async () => {
  const under = startEngine(place.path('home'))
  const { modelId } = await under.engine.startTeaching({
    folder: place.path('pictures'),
    name: 'Shared',
    kind: 'whole-image',
    seconds: 600,
  })
  const step = async () => (await under.engine.teachings({}))[0]?.progress.step ?? 0
  while ((await step()) < 3) await sleep(50)
  for (const args of [
    ['teach', '--resume', 'Shared'],
    ['models', 'rename', 'Shared', 'Mine'],
    ['models', 'trash', 'Shared'],
  ]) {
    const { code, err } = await place.run(args)
    expect([args[1], code]).toEqual([args[1], 1])
    expect(err).toContain('Another Uphill, a window or a command in a terminal, is working on the model')
    expect(err).toContain('Wait until it has finished, or stop it there.')
  }
  // The teaching in the app has felt nothing of it.
  const before = await step()
  while ((await step()) < before + 3) await sleep(50)
  await under.engine.stopTeaching({ modelId })
  const stopped = (await under.engine.models({})).find((each) => each.status === 'ok')
  expect(stopped?.status === 'ok' && stopped.card.step).toBeGreaterThanOrEqual(before + 3)

  const renamed = await place.run(['models', 'rename', 'Shared', 'Mine'])
  expect(renamed.code).toBe(0)
  const [model] = await under.engine.models({})
  expect(model?.status === 'ok' && model.card.name).toBe('Mine')
  await under.stop()
})
