/** The application menu: the platform's own roles, and what it asks the page to do. */
import { Menu, type MenuItemConstructorOptions, app } from 'electron'
import type { MenuCommand, SystemWords } from '../../shared/bridge.ts'

type Role = NonNullable<MenuItemConstructorOptions['role']>

/** Called again when the page speaks another language. */
export function setMenu(words: SystemWords['menu'], tell: (command: MenuCommand) => void): void {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: command,
    ...(accelerator && { accelerator }),
    click: () => {
      tell(command)
    },
  })
  const role = (name: Role, label: string): MenuItemConstructorOptions => ({ role: name, label })
  const mac = process.platform === 'darwin'
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
      {
        label: `&${words.file}`,
        submenu: [
          item(words.openFolder, 'open-folder', 'CmdOrCtrl+O'),
          item(words.openPicture, 'open-picture', 'CmdOrCtrl+Shift+O'),
          separator,
          item(words.export, 'export', 'CmdOrCtrl+E'),
          separator,
          item(words.settings, 'settings', 'CmdOrCtrl+,'),
          separator,
          mac ? role('close', words.close) : role('quit', words.quit),
        ],
      },
      {
        label: `&${words.edit}`,
        submenu: [
          role('undo', words.undo),
          role('redo', words.redo),
          separator,
          role('cut', words.cut),
          role('copy', words.copy),
          role('paste', words.paste),
          role('selectAll', words.selectAll),
        ],
      },
      {
        label: `&${words.view}`,
        submenu: [
          item(words.palette, 'palette', 'CmdOrCtrl+K'),
          separator,
          role('resetZoom', words.resetZoom),
          role('zoomIn', words.zoomIn),
          role('zoomOut', words.zoomOut),
          separator,
          role('togglefullscreen', words.fullScreen),
          ...(app.isPackaged
            ? []
            : [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const]),
        ],
      },
      {
        role: 'window',
        label: `&${words.window}`,
        submenu: [role('minimize', words.minimise), role('close', words.close)],
      },
      {
        role: 'help',
        label: `&${words.help}`,
        submenu: [
          item(words.shortcuts, 'show-help', 'F1'),
          item(words.diagnostics, 'diagnostics'),
          ...(mac ? [] : [separator, role('about', words.about)]),
        ],
      },
    ]),
  )
}
