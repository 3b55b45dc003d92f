/** The application menu: the platform's own roles, and what it asks the page to do. */
import { Menu, type MenuItemConstructorOptions, app } from 'electron'
import type { MenuCommand } from '../../shared/bridge.ts'

export function setMenu(tell: (command: MenuCommand) => void): void {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: command,
    ...(accelerator && { accelerator }),
    click: () => {
      tell(command)
    },
  })
  const mac = process.platform === 'darwin'
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
      {
        label: '&File',
        submenu: [
          item('Open Folder…', 'open-folder', 'CmdOrCtrl+O'),
          item('Open Picture…', 'open-picture', 'CmdOrCtrl+Shift+O'),
          separator,
          item('Export…', 'export', 'CmdOrCtrl+E'),
          separator,
          item('Settings…', 'settings', 'CmdOrCtrl+,'),
          separator,
          { role: mac ? 'close' : 'quit' },
        ],
      },
      { role: 'editMenu' },
      {
        label: '&View',
        submenu: [
          item('Find a Command…', 'palette', 'CmdOrCtrl+K'),
          separator,
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          separator,
          { role: 'togglefullscreen' },
          ...(app.isPackaged
            ? []
            : [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const]),
        ],
      },
      { role: 'windowMenu' },
      {
        role: 'help',
        submenu: [
          item('Keyboard Shortcuts', 'show-help', 'F1'),
          item('Copy Diagnostics…', 'diagnostics'),
          ...(mac ? [] : [separator, { role: 'about' } as const]),
        ],
      },
    ]),
  )
}
