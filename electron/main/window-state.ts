/** Size and place of the window, remembered from one start to the next. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod'

const windowState = z.object({
  width: z.int().min(960),
  height: z.int().min(640),
  /** Null until the window was placed; then the system chooses. */
  place: z.object({ x: z.int(), y: z.int() }).nullable(),
  maximised: z.boolean(),
})
export type WindowState = z.infer<typeof windowState>

interface Area {
  x: number
  y: number
  width: number
  height: number
}

const atFirst: WindowState = { width: 1280, height: 800, place: null, maximised: false }

/** What was remembered, made to fit: a screen that is gone must not swallow the window. */
export function readWindowState(path: string, screens: readonly Area[]): WindowState {
  let state: WindowState
  try {
    state = windowState.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return atFirst
  }
  if (!state.place) return state
  const { x, y } = state.place
  const visible = screens.some(
    (screen) =>
      x + 100 < screen.x + screen.width &&
      x + state.width - 100 > screen.x &&
      y >= screen.y &&
      y + 50 < screen.y + screen.height,
  )
  return visible ? state : { ...state, place: null }
}

/** Synchronous, since it is called while the window closes; losing it costs nothing but a size. */
export function writeWindowState(path: string, state: WindowState): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, JSON.stringify(state))
    renameSync(`${path}.new`, path)
  } catch (error) {
    console.error('the size of the window could not be kept', error)
  }
}
