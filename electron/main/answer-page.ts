/** Questions that the page asks main. */
import { type BrowserWindow, type IpcMainInvokeEvent, ipcMain } from 'electron'
import type * as z from 'zod'

/** Answers a question of our own page whose input fits the schema; all else is refused. */
export type AnswerPage = <S extends z.ZodType, T>(
  channel: string,
  schema: S,
  answer: (input: z.output<S>, owner: BrowserWindow) => Promise<T> | T,
) => void

export function answerPageOf(window: () => BrowserWindow | null): AnswerPage {
  return (channel, schema, answer) => {
    ipcMain.handle(channel, async (event: IpcMainInvokeEvent, raw: unknown) => {
      const owner = window()
      const page = owner?.webContents
      if (!owner || event.sender !== page || event.senderFrame !== page.mainFrame) throw new Error('refused')
      return await answer(schema.parse(raw), owner)
    })
  }
}
