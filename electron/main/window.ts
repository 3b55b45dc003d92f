/** The one window, and everything it is not allowed to do. */
import { BrowserWindow, type Session, app, nativeTheme, screen } from 'electron'
import { pageAddress } from './page-protocol.ts'
import { readWindowState, writeWindowState } from './window-state.ts'

export interface WindowOptions {
  readonly preload: string
  readonly stateFile: string
}

/** The page's own background colours, so that nothing flashes before it is drawn. */
const background = { dark: '#16181b', light: '#f6f6f4' }

export function createWindow({ preload, stateFile }: WindowOptions): BrowserWindow {
  const areas = screen.getAllDisplays().map(({ workArea }) => workArea)
  const { maximised, width, height, place } = readWindowState(stateFile, areas)
  const window = new BrowserWindow({
    width,
    height,
    ...place,
    minWidth: 960,
    minHeight: 640,
    title: 'Uphill',
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      additionalArguments: [`--uphill-version=${app.getVersion()}`],
      spellcheck: false, // it would download dictionaries
    },
  })
  if (maximised) window.maximize()
  window.once('ready-to-show', () => {
    window.show()
  })
  window.on('close', () => {
    const { x, y, width: wide, height: high } = window.getNormalBounds()
    writeWindowState(stateFile, {
      width: wide,
      height: high,
      place: { x, y },
      maximised: window.isMaximized(),
    })
  })
  const onTheme = () => {
    window.setBackgroundColor(nativeTheme.shouldUseDarkColors ? background.dark : background.light)
  }
  nativeTheme.on('updated', onTheme)
  window.once('closed', () => nativeTheme.off('updated', onTheme))

  const page = window.webContents
  page.on('will-navigate', (event) => {
    event.preventDefault()
  })
  page.on('will-attach-webview', (event) => {
    event.preventDefault()
  })
  page.setWindowOpenHandler(() => ({ action: 'deny' }))
  void window.loadURL(pageAddress)
  return window
}

/** All that the page may do beyond showing itself: put the details of an error on the clipboard. */
const allowed = 'clipboard-sanitized-write'

/** No other permissions, no network: what is shown stays on this machine. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_page, permission, answer) => {
    answer(permission === allowed)
  })
  session.setPermissionCheckHandler((_page, permission) => permission === allowed)
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !/^(app|blob|data|devtools|chrome-devtools):/.test(details.url) })
  })
}
