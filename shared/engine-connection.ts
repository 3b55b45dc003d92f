/** The page's way to the engine: the client of the contract, fed with ports by the bridge. */
import { enginePortMessage } from './bridge-channels.ts'
import type { EngineState, UphillBridge } from './bridge.ts'
import { type Contract, contract } from './contract.ts'
import { type Client, createClient } from './rpc-client.ts'
import { portOf } from './rpc.ts'

/** The part of `window` that is needed here; shared code knows no page. */
interface MessageTarget {
  addEventListener(
    type: 'message',
    listener: (event: { source: unknown; data: unknown; ports: readonly MessagePort[] }) => void,
  ): void
}

export interface EngineConnection {
  readonly engine: Client<Contract>
  /** Tells the engine's state now and at every change. */
  onState(listener: (state: EngineState) => void): () => void
}

/** Connects the page to the engine; call it once, with `window.uphill` and `window`. */
export function connectEngine(bridge: UphillBridge, page: MessageTarget): EngineConnection {
  const link = createClient(contract)
  const listeners = new Set<(state: EngineState) => void>()
  let state: EngineState = 'down'

  function become(next: EngineState): void {
    if (next === state) return
    state = next
    for (const listener of listeners) listener(next)
  }

  page.addEventListener('message', ({ source, data, ports: [port] }) => {
    if (source !== page || data !== enginePortMessage || !port) return
    link.attach(portOf(port))
    become('up')
  })
  // The port's own close event is not reliable in every Chromium, so main tells too.
  bridge.onEngineState((next) => {
    if (next === 'down') link.detach()
    if (next === 'failed') link.giveUp()
    // `up` counts when the port is here.
    if (next !== 'up') become(next)
  })
  bridge.requestEnginePort()

  return {
    engine: link.client,
    onState(listener) {
      listeners.add(listener)
      listener(state)
      return () => listeners.delete(listener)
    },
  }
}
