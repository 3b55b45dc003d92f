import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

describe('the window', () => {
  it('gives the page no Node', async () => {
    const found = await app.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in window),
    )
    expect(found).toEqual([])
  })

  it('gives the page the bridge and nothing else', async () => {
    const names = await app.page.evaluate(() => Object.keys(window.uphill).sort())
    expect(names).not.toContain('ipcRenderer')
    expect(names).not.toContain('send')
    expect(names).not.toContain('invoke')
  })

  it('does not leave its page, whatever a link or a script asks for', async () => {
    const before = app.page.url()
    await app.page.evaluate(() => {
      const link = document.createElement('a')
      link.href = 'https://example.invalid/'
      document.body.append(link)
      link.click()
      link.remove()
    })
    const opened = await app.page.evaluate(() => window.open('https://example.invalid/') === null)
    expect(opened).toBe(true)
    expect(app.page.url()).toBe(before)
    expect(app.electron.windows()).toHaveLength(1)
  })

  it('runs no inline script and reaches no network', async () => {
    const outcome = await app.page.evaluate(async () => {
      const script = document.createElement('script')
      script.textContent = 'window.inlineRan = true'
      document.body.append(script)
      const fetched = await fetch('https://example.invalid/').then(
        () => 'fetched',
        () => 'refused',
      )
      return { inline: 'inlineRan' in window, fetched }
    })
    expect(outcome).toEqual({ inline: false, fetched: 'refused' })
  })

  it('is sandboxed, isolated and without Node, as the main process sees it', async () => {
    const preferences = await app.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      const contents = window?.webContents as unknown as {
        getLastWebPreferences: () => Record<string, unknown>
      }
      const { sandbox, contextIsolation, nodeIntegration, webSecurity } = contents.getLastWebPreferences()
      return { sandbox, contextIsolation, nodeIntegration, webSecurity }
    })
    expect(preferences).toEqual({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    })
  })

  it('has no permissions to give', async () => {
    const states = await app.page.evaluate(async () => {
      const notification = await Notification.requestPermission()
      const camera = await navigator.mediaDevices.getUserMedia({ video: true }).then(
        () => 'given',
        () => 'refused',
      )
      return { notification, camera }
    })
    expect(states).toEqual({ notification: 'denied', camera: 'refused' })
  })
})
