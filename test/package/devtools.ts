/** The least of Chromium's protocol: asks a page of a released app something. Playwright wants more than old Electrons have. */

interface Target {
  type: string
  url: string
  webSocketDebuggerUrl: string
}

const again = () => new Promise((resolve) => setTimeout(resolve, 20))

/** Waits until the app listens at this port and has its page. */
async function pageAt(port: number, atMostMs = 60_000): Promise<Target> {
  const until = Date.now() + atMostMs
  while (Date.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`).catch(() => null)
    const targets = answer ? ((await answer.json()) as Target[]) : []
    const page = targets.find(({ type, url }) => type === 'page' && url.startsWith('app:'))
    if (page) return page
    await again()
  }
  throw new Error(`no page at port ${port} within ${atMostMs} ms`)
}

/** The value of an expression in the page of an app that is starting; a promise is waited for. */
export async function evaluate<T>(port: number, expression: string): Promise<T> {
  for (let tries = 0; ; tries++) {
    const page = await pageAt(port)
    try {
      return await evaluateOnce<T>(page, expression)
    } catch (error) {
      // What was asked of the empty page is lost when the real one comes in its place.
      if (tries >= 20 || !/context was destroyed|navigated/.test(String(error))) throw error
    }
  }
}

function evaluateOnce<T>({ webSocketDebuggerUrl }: Target, expression: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(webSocketDebuggerUrl)
    socket.onerror = () => {
      reject(new Error(`${webSocketDebuggerUrl} cannot be reached`))
    }
    socket.onopen = () => {
      const params = { expression, awaitPromise: true, returnByValue: true }
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }))
    }
    socket.onmessage = ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as {
        id?: number
        result?: { result: { value: T }; exceptionDetails?: unknown }
        error?: unknown
      }
      if (id !== 1) return
      socket.close()
      if (error || result?.exceptionDetails) reject(new Error(JSON.stringify(error ?? result)))
      else resolve(result!.result.value)
    }
  })
}
