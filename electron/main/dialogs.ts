/** What the page asks of the system: dialogs, paths of dropped files, showing an exported file. */
import { app, dialog, nativeTheme, shell } from 'electron'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { channels } from '../../shared/bridge-channels.ts'
import {
  droppedPath,
  exportQuestion,
  folderQuestion,
  picturesQuestion,
  shareQuestion,
  type SystemWords,
  themeChoice,
} from '../../shared/bridge.ts'
import type { ExportFormat } from '../../shared/domain.ts'
import type { AnswerPage } from './answer-page.ts'
import { LastFolder } from './last-folder.ts'

export interface DialogParts {
  readonly answer: AnswerPage
  /** How the page speaks. */
  readonly words: () => SystemWords | null
  /** Tells the engine that the page may name this path. */
  readonly allow: (path: string) => void
  /** Whether the engine exported this file in this session. */
  readonly wasExported: (path: string) => boolean
  /** Remembers the folder of the last export. */
  readonly exportFolderFile: string
}

const pictureExtensions = ['png', 'jpg', 'jpeg', 'webp', 'tif', 'tiff', 'gif', 'avif']
const modelFiles = ['uphill']
const exportExtensions: Readonly<Record<ExportFormat, string[]>> = {
  png: ['png'],
  jpeg: ['jpg', 'jpeg'],
  webp: ['webp'],
  tiff: ['tif', 'tiff'],
  avif: ['avif'],
}

export function handleDialogs({ answer, words, allow, wasExported, exportFolderFile }: DialogParts): void {
  const say = (key: keyof SystemWords['dialogs']): string => words()?.dialogs[key] ?? ''
  const lastFolder = new LastFolder(exportFolderFile)
  const exportFolder = (): string => lastFolder.path ?? app.getPath('pictures')

  answer(channels.chooseFolder, folderQuestion, async ({ purpose }, owner) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(owner, {
      title: say(purpose === 'export' ? 'exportFolder' : purpose),
      properties:
        purpose === 'export' || purpose === 'models'
          ? ['openDirectory', 'createDirectory']
          : ['openDirectory'],
      ...(purpose === 'export' && { defaultPath: exportFolder() }),
    })
    const [folder] = filePaths
    if (canceled || folder === undefined) return null
    allow(folder)
    if (purpose === 'export') lastFolder.keep(folder)
    return folder
  })

  answer(channels.choosePictures, picturesQuestion, async ({ multiple }, owner) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(owner, {
      title: say('pictures'),
      properties: multiple ? ['openFile', 'multiSelections'] : ['openFile'],
      filters: [
        { name: say('pictureFiles'), extensions: pictureExtensions },
        { name: say('allFiles'), extensions: ['*'] },
      ],
    })
    if (canceled) return []
    filePaths.forEach(allow)
    return filePaths
  })

  answer(channels.chooseExport, exportQuestion, async ({ suggestedName, format }, owner) => {
    const { canceled, filePath } = await dialog.showSaveDialog(owner, {
      title: say('export'),
      defaultPath: join(exportFolder(), basename(suggestedName)),
      filters: [{ name: format.toUpperCase(), extensions: exportExtensions[format] }],
      properties: ['createDirectory', 'showOverwriteConfirmation'],
    })
    if (canceled || !filePath) return null
    lastFolder.keep(dirname(filePath))
    allow(filePath)
    return filePath
  })

  answer(channels.chooseShare, shareQuestion, async ({ suggestedName }, owner) => {
    const { canceled, filePath } = await dialog.showSaveDialog(owner, {
      title: say('share'),
      defaultPath: join(exportFolder(), basename(suggestedName)),
      filters: [{ name: say('modelFiles'), extensions: modelFiles }],
      properties: ['createDirectory', 'showOverwriteConfirmation'],
    })
    if (canceled || !filePath) return null
    allow(filePath)
    return filePath
  })

  answer(channels.chooseModel, z.undefined(), async (_input, owner) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(owner, {
      title: say('take'),
      properties: ['openFile'],
      filters: [{ name: say('modelFiles'), extensions: modelFiles }],
    })
    const [file] = filePaths
    if (canceled || file === undefined) return null
    allow(file)
    return file
  })

  // The person chose it once, and need not choose it again.
  answer(channels.lastExportFolder, z.undefined(), () => {
    const folder = lastFolder.path
    if (folder !== null) allow(folder)
    return folder
  })

  // The path comes from preload, which has it from the system, not from the page.
  answer(channels.allowDropped, droppedPath, (path) => {
    allow(path)
    return path
  })

  answer(channels.revealExported, droppedPath, (path) => {
    if (!wasExported(path)) return false
    shell.showItemInFolder(path)
    return true
  })

  answer(channels.setTheme, themeChoice, (theme) => {
    nativeTheme.themeSource = theme
  })
}
