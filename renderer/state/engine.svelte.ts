import type { EngineState } from '../../shared/bridge.ts'
import { connectEngine } from '../../shared/engine-connection.ts'
import { type ErrorInfo, UphillError, isCancelled, toErrorInfo } from '../../shared/errors.ts'

const connection = connectEngine(window.uphill, window)

/** All that the page can ask of the engine. */
export const engine = connection.engine

class EngineStatus {
  state: EngineState = $state('down')
  /** Nothing is said of a start that is merely under way. */
  wasUp = $state(false)
}

export const engineStatus = new EngineStatus()
connection.onState((state) => {
  engineStatus.state = state
  if (state === 'up') engineStatus.wasUp = true
})

/** What may be shown of an error; null for what the person cancelled. */
export function errorToShow(error: unknown): ErrorInfo | null {
  if (isCancelled(error) || (error instanceof DOMException && error.name === 'AbortError')) return null
  return error instanceof UphillError ? error.toInfo() : toErrorInfo(error)
}
