/** The main process: one window, one engine, and the relay between them. */
import { type BrowserWindow, Menu, app, ipcMain, session } from 'electron'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { RotatingLog, logConsole } from '../engine/files/log.ts'
import { readSettings, uphillHome } from '../engine/home.ts'
import { updateStep } from '../../shared/bridge.ts'
import { channels } from '../../shared/bridge-channels.ts'
import { answerPageOf } from './answer-page.ts'
import { handleDialogs } from './dialogs.ts'
import { EngineHost } from './engine-host.ts'
import { setMenu } from './menu.ts'
import { declarePageScheme, servePage } from './page-protocol.ts'
import { Relay } from './relay.ts'
import { Updates } from './updates.ts'
import { createWindow, hardenSession } from './window.ts'
import { handleWords } from './words.ts'
import { Workload } from './workload.ts'

/** A checkpoint takes seconds; a person who quits waits no longer than this. */
const settleAtMostMs = 15_000

const dist = join(__dirname, '..')
/** What Chromium and the window keep; the engine has its own folder for what matters. */
const ownFolder = join(process.env['UPHILL_HOME'] ?? join(app.getPath('appData'), 'Uphill'), 'window')
try {
  mkdirSync(ownFolder, { recursive: true })
} catch (error) {
  console.error('the folder of the window cannot be made', error)
}
logConsole(new RotatingLog(join(uphillHome(), 'logs'), 'window'))
app.setPath('userData', ownFolder)
declarePageScheme()

let window: BrowserWindow | null = null
let relay: Relay | null = null
let workload: Workload | null = null
let quit: 'not asked' | 'asking' | 'settling' | 'settled' = 'not asked'
let installs = false
const exported = new Set<string>()

const engine = new EngineHost({
  ...engineProgram(),
  // The doctor runs there and cannot ask for Electron's version.
  env: { ...process.env, UPHILL_ELECTRON: process.versions.electron },
  guardPaths: true,
  onState(state) {
    if (state === 'up') relay?.connect()
    if (window && !window.isDestroyed()) window.webContents.send(channels.engineState, state)
  },
  onData(client, message) {
    relay?.deliver(client, message)
  },
  onExported(path) {
    exported.add(path)
  },
})

const updates = new Updates({
  wanted: () => readSettings().updates,
  tell: (state) => {
    if (window && !window.isDestroyed()) window.webContents.send(channels.updatesTold, state)
  },
})

/** In the packed app a Node of its own lies beside the engine; in development it is the one that runs npm. */
function engineProgram(): { node: string; entry: string } {
  if (app.isPackaged) {
    const folder = join(process.resourcesPath, 'engine')
    const node = join(folder, process.platform === 'win32' ? 'node.exe' : 'node')
    return { node, entry: join(folder, 'engine.cjs') }
  }
  const node = process.env['UPHILL_NODE'] ?? process.env['npm_node_execpath'] ?? 'node'
  return { node, entry: join(dist, 'engine', 'engine.cjs') }
}

function openWindow(): void {
  window = createWindow({
    preload: join(dist, 'preload', 'preload.cjs'),
    stateFile: join(ownFolder, 'window.json'),
  })
  relay = new Relay(window.webContents, () => engine)
  window.on('close', (event) => {
    // Where closing the last window quits, what runs is asked about first. A Mac works on without a window.
    if (process.platform === 'darwin' || quit === 'settled') return
    event.preventDefault()
    app.quit()
  })
  window.once('closed', () => {
    window = null
    relay = null
    workload?.forget()
  })
}

function start(): void {
  hardenSession(session.defaultSession)
  servePage(session.defaultSession, join(dist, 'renderer'))
  // Until the page has said how it speaks there is no menu but a Mac's own.
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  const answer = answerPageOf(() => window)
  workload = new Workload(answer)
  const words = handleWords(answer, ({ menu }) => {
    setMenu(menu, (command) => {
      window?.webContents.send(channels.menuCommand, command)
    })
  })
  handleDialogs({
    answer,
    words,
    allow: (path) => {
      engine.send({ type: 'allow', path })
    },
    wasExported: (path) => exported.has(path),
    exportFolderFile: join(ownFolder, 'export-folder.txt'),
  })
  answer(channels.updates, updateStep, (step) => {
    if (step === 'look') void updates.look()
    if (step === 'fetch') void updates.fetch()
    if (step === 'install' && updates.state.state === 'ready') {
      installs = true
      app.quit()
    }
    return updates.state
  })
  ipcMain.on(channels.requestEnginePort, (event) => relay?.request(event))
  ipcMain.on(channels.restartEngine, (event) => {
    if (event.sender === window?.webContents) engine.restart()
  })
  engine.start()
  openWindow()
  updates.lookSoon()
}

async function settleAndQuit(): Promise<void> {
  quit = 'asking'
  const choice = (await workload?.mayQuit(window)) ?? 'stop'
  if (choice === 'stay') {
    quit = 'not asked'
    installs = false
    return
  }
  quit = 'settling'
  await engine.stop(settleAtMostMs, choice === 'go on later')
  quit = 'settled'
  if (!installs || !updates.install()) app.quit()
}

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('activate', () => {
    if (!window) openWindow()
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('before-quit', (event) => {
    if (quit === 'settled') return
    event.preventDefault()
    if (quit === 'not asked') void settleAndQuit()
  })
  void app.whenReady().then(start)
} else {
  app.quit()
}
