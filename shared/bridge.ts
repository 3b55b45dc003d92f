/**
 * The one narrow bridge between the page and the main process: what preload exposes as `window.uphill`,
 * and the schemas with which main checks whatever comes over it.
 * Engine work does not pass here: it goes over a MessagePort (see rpc-client.ts).
 */
import * as z from 'zod'
import { exportFormat, filePath } from './domain.ts'

/** `up`: calls are answered. `down`: it died and is being started again. `failed`: it died too often. */
export const engineState = z.enum(['up', 'down', 'failed'])
export type EngineState = z.infer<typeof engineState>

/** What the application menu asks the page to do. */
export const menuCommand = z.enum([
  'open-folder',
  'open-picture',
  'export',
  'settings',
  'palette',
  'show-help',
  'diagnostics',
])
export type MenuCommand = z.infer<typeof menuCommand>

export const exportQuestion = z.object({
  /** A file name without folder; the dialog starts there, in the folder used last. */
  suggestedName: z.string().min(1).max(255),
  format: exportFormat,
})
export type ExportQuestion = z.infer<typeof exportQuestion>

/** A model as one file: where to write it. */
export const shareQuestion = z.object({ suggestedName: z.string().min(1).max(255) })
export type ShareQuestion = z.infer<typeof shareQuestion>

export const picturesQuestion = z.object({ multiple: z.boolean() })
export type PicturesQuestion = z.infer<typeof picturesQuestion>

export const folderQuestion = z.object({ purpose: z.enum(['teach', 'refine', 'export', 'models']) })
export type FolderQuestion = z.infer<typeof folderQuestion>

export const droppedPath = filePath
export const themeChoice = z.enum(['system', 'light', 'dark'])
export type ThemeChoice = z.infer<typeof themeChoice>

const sentence = z.string().min(1).max(500)
const said = <const K extends string>(keys: readonly K[]) => z.record(z.enum(keys), sentence)

/** What the system shows for us, in the language of the page: its menu and the titles of its dialogs. */
export const systemWords = z.object({
  menu: said([
    'file',
    'openFolder',
    'openPicture',
    'export',
    'settings',
    'close',
    'quit',
    'edit',
    'undo',
    'redo',
    'cut',
    'copy',
    'paste',
    'selectAll',
    'view',
    'palette',
    'resetZoom',
    'zoomIn',
    'zoomOut',
    'fullScreen',
    'window',
    'minimise',
    'help',
    'shortcuts',
    'diagnostics',
    'about',
  ]),
  dialogs: said([
    'teach',
    'refine',
    'exportFolder',
    'models',
    'pictures',
    'export',
    'share',
    'take',
    'pictureFiles',
    'allFiles',
    'modelFiles',
  ]),
})
export type SystemWords = z.infer<typeof systemWords>

/** What to ask before quitting stops work, in the language of the page. */
export const quitQuestion = z.object({
  message: sentence,
  detail: sentence,
  /** The button that quits and goes on at the next start; null when nothing of the work can. */
  goOnLater: sentence.nullable(),
  stop: sentence,
  stay: sentence,
})
export type QuitQuestion = z.infer<typeof quitQuestion>

export const workload = z.object({
  /** For the taskbar, 0..1; null when nothing runs or it cannot be said. */
  share: z.number().min(0).max(1).nullable(),
  /** Null when quitting stops nothing. */
  question: quitQuestion.nullable(),
  /** It has gone on for a while: the machine must not fall asleep over it. */
  long: z.boolean(),
})
export type WorkloadReport = z.infer<typeof workload>

export const notice = z.object({ title: sentence, body: sentence })
export type Notice = z.infer<typeof notice>

/** How it stands with updates. `impossible`: this build knows of no feed. `ready`: fetched, checked, to be installed. */
export const updateState = z.discriminatedUnion('state', [
  z.object({ state: z.enum(['impossible', 'idle', 'looking', 'newest']) }),
  z.object({ state: z.literal('found'), version: z.string(), megabytes: z.number().nonnegative() }),
  z.object({ state: z.literal('fetching'), version: z.string(), share: z.number().min(0).max(1) }),
  z.object({ state: z.literal('ready'), version: z.string() }),
  z.object({ state: z.literal('failed'), message: z.string() }),
])
export type UpdateState = z.infer<typeof updateState>

/** Looking is refused unless the person has said yes in the settings. */
export const updateStep = z.enum(['none', 'look', 'fetch', 'install'])
export type UpdateStep = z.infer<typeof updateStep>

/**
 * `window.uphill`. Paths that the engine accepts from the page are those given out here (and what lies
 * below them), those of models, and files of `keepPasted`; any other path is refused with BAD_INPUT.
 */
export interface UphillBridge {
  readonly platform: 'linux' | 'darwin' | 'win32' | (string & {})
  readonly versions: { readonly app: string; readonly electron: string; readonly chrome: string }

  /**
   * Asks for a port to the engine. It arrives as a `message` event of the window whose data is
   * `enginePortMessage`; again after every restart of the engine. Use connectEngine() of
   * engine-connection.ts, which does all this.
   */
  requestEnginePort(): void
  /** Tells every change of the engine's state; returns the function that stops telling. */
  onEngineState(listener: (state: EngineState) => void): () => void
  /** Starts the engine again after `failed`. */
  restartEngine(): void

  /** System dialogs; null or an empty list when the person cancelled. */
  chooseFolder(question: FolderQuestion): Promise<string | null>
  choosePictures(question: PicturesQuestion): Promise<string[]>
  /** The folder that was chosen last for exports, in this session or before; null when none was, or it is gone. */
  lastExportFolder(): Promise<string | null>
  /** Where to export one picture. The dialog has asked already if the file is there: export with `replace`. */
  chooseExport(question: ExportQuestion): Promise<string | null>

  /** Where to write a model that is shared; the dialog has asked already if the file is there. */
  chooseShare(question: ShareQuestion): Promise<string | null>
  /** A model file to take in. */
  chooseModel(): Promise<string | null>

  /** The path on disk of a dropped or chosen File or folder; null when it has none (pasted pixels). */
  pathForFile(file: File): Promise<string | null>
  /** Shows a file in the system's file manager. Only for files that the engine exported in this session. */
  revealExported(path: string): Promise<boolean>

  /** Tells the system what runs: the taskbar shows it, the machine stays awake over long work, and quitting asks first. */
  setWorkload(report: WorkloadReport): void
  /** A notice by the system, unless the window has the focus. */
  notify(notice: Notice): void

  /** Takes a step, if it is the next one, and tells how it stands with updates. */
  updates(step: UpdateStep): Promise<UpdateState>
  onUpdates(listener: (state: UpdateState) => void): () => void

  onMenuCommand(listener: (command: MenuCommand) => void): () => void
  /** The menu and the dialogs speak as the page does. */
  setWords(words: SystemWords): void
  /** `system` is the default; prefers-color-scheme in the page follows it. */
  setTheme(theme: ThemeChoice): void
}
