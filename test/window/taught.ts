/** A window with a model that knows a little: enough to walk with, and soon taught. */
import { expect } from 'vitest'
import { Place, writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

/** Starts the app with a model named `Digits`, taught for `steps` on 120 digits in the folder `digits`. */
export async function startTaught(steps = 12): Promise<App> {
  const root = await App.folder()
  const place = new Place(root)
  await writeDigits(place.path('digits'), 0, 120)
  const taught = await place.run(['teach', 'digits', '--name', 'Digits', '--steps', String(steps)])
  expect(taught.code, taught.err).toBe(0)
  return App.start(root)
}
