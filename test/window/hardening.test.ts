/** The page shows what strangers made: what it must not be able to do, tried from inside of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let app: App
beforeAll(async () => {
  app = await App.start()
})
afterAll(async () => {
  // These tests make the page complain on purpose.
  app.complaints.length = 0
  await app.close()
})

const outside = 'https://example.invalid/'

describe('the window', () => {
  it('gives the page no Node', async () => {
    const found = await app.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'global', '__dirname'].filter((name) => name in window),
    )
    expect(found).toEqual([])
  })

  it('gives the page the bridge and nothing else', async () => {
    const names = await app.page.evaluate(() => Object.keys(window.uphill).sort())
    expect(names).toEqual([
      'chooseExport',
      'chooseFolder',
      'chooseModel',
      'choosePictures',
      'chooseShare',
      'lastExportFolder',
      'notify',
      'onEngineState',
      'onMenuCommand',
      'onUpdates',
      'pathForFile',
      'platform',
      'requestEnginePort',
      'restartEngine',
      'revealExported',
      'setTheme',
      'setWords',
      'setWorkload',
      'updates',
      'versions',
    ])
  })

  it('is sandboxed, isolated and without Node, as the main process sees it', async () => {
    const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      const contents = window?.webContents as unknown as {
        getLastWebPreferences: () => Record<string, unknown>
      }
      const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag } =
        contents.getLastWebPreferences()
      return { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag }
    })
    expect(preferences).toEqual({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    })
  })

  it('opens no other window', async () => {
    expect(await app.page.evaluate((url) => window.open(url) === null, outside)).toBe(true)
    expect(app.electron.windows()).toHaveLength(1)
  })

  it('runs no inline script and no text as a script', async () => {
    const outcome = await app.page.evaluate(async () => {
      const refused: string[] = []
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        refused.push(effectiveDirective)
      })
      const script = document.createElement('script')
      script.textContent = 'window.inlineRan = true'
      document.body.append(script)
      // What the debugger evaluates is excused from the policy; what a timer runs later is not.
      const evaluated = await new Promise((resolve) => {
        setTimeout(() => {
          try {
            resolve(new Function('return "ran"')())
          } catch (error) {
            resolve((error as Error).name)
          }
        })
      })
      return { inline: 'inlineRan' in window, evaluated, refused: new Set(refused).has('script-src-elem') }
    })
    expect(outcome).toEqual({ inline: false, evaluated: 'EvalError', refused: true })
  })

  it('reaches no network, no file and nothing beside its own folder', async () => {
    const addresses = [
      outside,
      'file:///etc/passwd',
      'app://uphill/..%2f..%2fpackage.json',
      'app://other/index.html',
    ]
    const answers = await app.page.evaluate(
      (all) =>
        Promise.all(
          all.map((address) =>
            fetch(address).then(
              ({ ok }) => (ok ? `read ${address}` : 'refused'),
              () => 'refused',
            ),
          ),
        ),
      addresses,
    )
    expect(answers).toEqual(addresses.map(() => 'refused'))
  })

  it('has no permissions to give', async () => {
    const states = await app.page.evaluate(async () => {
      const notification = await Notification.requestPermission()
      const camera = await navigator.mediaDevices.getUserMedia({ video: true }).then(
        () => 'given',
        () => 'refused',
      )
      const geolocation = await navigator.permissions.query({ name: 'geolocation' })
      return { notification, camera, geolocation: geolocation.state }
    })
    expect(states).toEqual({ notification: 'denied', camera: 'refused', geolocation: 'denied' })
  })

  it('takes no senseless question over the bridge', async () => {
    const answers = await app.page.evaluate(async () => {
      const bridge = window.uphill
      const refused = (answer: Promise<unknown>) =>
        answer.then(
          () => 'answered',
          () => 'refused',
        )
      return {
        folder: await refused(bridge.chooseFolder({ purpose: 'evil' } as never)),
        pictures: await refused(bridge.choosePictures(null as never)),
        exporting: await refused(bridge.chooseExport({ suggestedName: '', format: 'exe' } as never)),
        revealed: await bridge.revealExported('/etc/passwd'),
        path: await bridge.pathForFile(new File(['x'], 'x.png')),
      }
    })
    expect(answers).toEqual({
      folder: 'refused',
      pictures: 'refused',
      exporting: 'refused',
      revealed: false,
      path: null,
    })
  })

  it('refuses paths that nobody chose, ignores what is no message, and works on', async () => {
    const replies = await app.page.evaluate(async () => {
      const port = await new Promise<MessagePort>((resolve) => {
        window.addEventListener('message', ({ ports }) => ports[0] && resolve(ports[0]))
        window.uphill.requestEnginePort()
      })
      const wanted = new Map<number, (reply: unknown) => void>()
      port.addEventListener('message', ({ data }: MessageEvent<unknown[]>) => {
        wanted.get(data[0] as number)?.(data)
      })
      const ask = (id: number, method: string, input: unknown) =>
        new Promise((resolve) => {
          wanted.set(id, resolve)
          port.postMessage([id, 'request', method, input])
        })
      for (const rubbish of ['x', null, 7, {}, [], [1], [-1, 'request'], [9, 'credit', 1e9]]) {
        port.postMessage(rubbish)
      }
      return [
        await ask(900_001, 'openFolder', { folder: '/etc' }),
        await ask(900_002, 'openPicture', { path: '/etc/passwd', maxSide: 512 }),
        await ask(900_003, 'noSuchThing', {}),
        await ask(900_004, 'planTeaching', { datasetId: 7 }),
      ]
    })
    const refusals = replies.map((reply) => {
      const [, tag, error] = reply as [number, string, { code: string } | undefined]
      return [tag, error?.code]
    })
    expect(refusals).toEqual(replies.map(() => ['error', 'BAD_INPUT']))

    await writeDigits(app.path('digits'), 0, 3)
    await app.openFolder(app.path('digits'))
    await app.at('teach-open').waitFor()
  })

  // The last one: Playwright goes on waiting for a navigation that was refused.
  it('does not leave its page, whatever a link or a script asks for', async () => {
    const before = app.page.url()
    await app.electron.evaluate(({ BrowserWindow }) => {
      const tried: string[] = []
      Object.assign(globalThis, { tried })
      BrowserWindow.getAllWindows()[0]?.webContents.on('will-navigate', (_event, url) => tried.push(url))
    })
    await app.page.evaluate((url) => {
      Object.assign(window, { stillHere: true })
      const link = document.createElement('a')
      link.href = url
      document.body.append(link)
      link.click()
      link.remove()
    }, outside)
    const tried = () => app.electron.evaluate(() => (globalThis as unknown as { tried: string[] }).tried)
    await expect.poll(tried, { timeout: 60_000 }).toEqual([outside])
    expect(app.page.url()).toBe(before)
    expect(await app.page.evaluate(() => 'stillHere' in window)).toBe(true)
  })
})
