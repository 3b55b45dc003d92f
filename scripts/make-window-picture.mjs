// Makes docs/images/window.png out of the real window:
//   node scripts/make-window-picture.mjs <picture> [model]
// The picture is refined with the model of this name, or the newest; models are those of UPHILL_HOME. Needs a display.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { _electron } from 'playwright'
import { partEnvironment } from './run/environment.mjs'
import { root } from './run/places.mjs'
import { currentElectron, electronArguments } from './setup/electron.mjs'

const [picture, model] = process.argv.slice(2)
if (!picture) throw new Error('Which picture? node scripts/make-window-picture.mjs <picture> [model]')

const electron = await _electron.launch({
  executablePath: currentElectron().executable,
  args: [...electronArguments(), root],
  cwd: root,
  env: partEnvironment(),
})
try {
  const page = await electron.firstWindow()
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'dark' })
  const at = (id) => page.getByTestId(id)
  await electron.evaluate(({ dialog }, file) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [file] })
  }, path.resolve(picture))
  await at('nav-refine').click()
  await at('refine-choose').click()
  await at('single-picture').waitFor()
  if (model) await at('refine-model').selectOption({ label: model })
  await page.locator('[data-testid=strength-preview][aria-busy=false] img').first().waitFor()
  await at('refine-start').click()
  await at('refine-done').waitFor()
  await page.mouse.move(0, 0)
  await page.waitForTimeout(500)
  const made = path.join(os.tmpdir(), `window-${process.pid}.png`)
  await page.screenshot({ path: made })
  fs.copyFileSync(made, path.join(root, 'docs/images/window.png'))
  fs.rmSync(made)
  console.log('docs/images/window.png')
} finally {
  await electron.close()
}
