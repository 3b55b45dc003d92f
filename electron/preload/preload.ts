/** The narrow bridge into the page: `window.uphill`, nothing else. What it may do is said in shared/bridge.ts. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { channels, enginePortMessage } from '../../shared/bridge-channels.ts'
import type { EngineState, MenuCommand, UpdateState, UphillBridge } from '../../shared/bridge.ts'

/** Listens to one channel; returns the function that stops. The page never sees the event itself. */
function listen<T>(channel: string, listener: (value: T) => void): () => void {
  const onMessage = (_event: unknown, value: T) => {
    listener(value)
  }
  ipcRenderer.on(channel, onMessage)
  return () => {
    ipcRenderer.off(channel, onMessage)
  }
}

// A port cannot pass the bridge; it can be handed over with a message to the page's own window.
ipcRenderer.on(channels.enginePort, ({ ports }) => {
  window.postMessage(enginePortMessage, '*', [...ports])
})

const bridge: UphillBridge = {
  platform: process.platform,
  versions: {
    app: process.argv.find((each) => each.startsWith('--uphill-version='))?.split('=')[1] ?? '',
    electron: process.versions.electron,
    chrome: process.versions.chrome,
  },
  requestEnginePort: () => {
    ipcRenderer.send(channels.requestEnginePort)
  },
  onEngineState: (listener) => listen<EngineState>(channels.engineState, listener),
  restartEngine: () => {
    ipcRenderer.send(channels.restartEngine)
  },
  chooseFolder: (question) => ipcRenderer.invoke(channels.chooseFolder, question) as Promise<string | null>,
  choosePictures: (question) => ipcRenderer.invoke(channels.choosePictures, question) as Promise<string[]>,
  chooseExport: (question) => ipcRenderer.invoke(channels.chooseExport, question) as Promise<string | null>,
  chooseShare: (question) => ipcRenderer.invoke(channels.chooseShare, question) as Promise<string | null>,
  chooseModel: () => ipcRenderer.invoke(channels.chooseModel) as Promise<string | null>,
  lastExportFolder: () => ipcRenderer.invoke(channels.lastExportFolder) as Promise<string | null>,
  pathForFile: async (file) => {
    const path = pathOf(file)
    return path ? ((await ipcRenderer.invoke(channels.allowDropped, path)) as string) : null
  },
  revealExported: (path) => ipcRenderer.invoke(channels.revealExported, path) as Promise<boolean>,
  setWorkload: (report) => {
    void ipcRenderer.invoke(channels.workload, report)
  },
  notify: (notice) => {
    void ipcRenderer.invoke(channels.notify, notice)
  },
  updates: (step) => ipcRenderer.invoke(channels.updates, step) as Promise<UpdateState>,
  onUpdates: (listener) => listen<UpdateState>(channels.updatesTold, listener),
  onMenuCommand: (listener) => listen<MenuCommand>(channels.menuCommand, listener),
  setWords: (words) => {
    void ipcRenderer.invoke(channels.setWords, words)
  },
  setTheme: (theme) => {
    void ipcRenderer.invoke(channels.setTheme, theme)
  },
}

/** Electron 32 took File.path away and gave webUtils for it; before 29 there was only File.path. */
function pathOf(file: File): string {
  const utilities = webUtils as typeof webUtils | undefined
  if (utilities) return utilities.getPathForFile(file)
  return (file as File & { path?: string }).path ?? ''
}

contextBridge.exposeInMainWorld('uphill', bridge)
