/** Everything that can be asked for from anywhere: the palette lists it, the keys and the menu call it. */
import { exportAll } from '../queue/batch.ts'
import { queue } from '../queue/queue.svelte.ts'
import { openDataset } from '../state/dataset.svelte.ts'
import { models } from '../state/models.svelte.ts'
import { dreaming } from '../state/dreaming.svelte.ts'
import { navigation, viewNames } from '../state/navigation.svelte.ts'
import { overlays } from '../state/overlays.svelte.ts'
import { preferences } from '../state/preferences.svelte.ts'
import { refining } from '../state/refining.svelte.ts'
import { tour } from '../tour/tour.svelte.ts'
import { watched } from '../state/teaching.svelte.ts'
import { undo } from '../state/undo.svelte.ts'
import { walkSettings } from '../state/walk-settings.svelte.ts'
import { strings } from '../strings.ts'

export interface Command {
  id: string
  label: string
  /** Such as "Mod+K"; Mod is Ctrl, or the command key of a Mac. */
  keys?: string
  run: () => void
}

interface Possible extends Command {
  /** Whether it makes sense now; left out it always does. */
  when?: boolean
}

/** What can be done at this moment. */
export function commands(): Command[] {
  const words = strings.commands
  const all: Possible[] = [
    ...viewNames.map((view, index) => ({
      id: `go-${view}`,
      label: words.go(strings.views[view]),
      keys: `Mod+${index + 1}`,
      run: () => navigation.go(view),
    })),
    { id: 'open-folder', label: words.openFolder, keys: 'Mod+O', run: openFolder },
    { id: 'open-picture', label: words.openPicture, keys: 'Mod+Shift+O', run: openPicture },
    {
      id: 'refine-folder',
      label: words.refineFolder,
      run: () => {
        navigation.go('refine')
        void refining.chooseFolder()
      },
    },
    {
      id: 'walk',
      label: navigation.view === 'dream' ? words.dream : words.walk,
      keys: 'Mod+Enter',
      when: canWalk(),
      run: walk,
    },
    { id: 'stop-walk', label: words.stopWalk, when: refining.busy, run: () => refining.cancel() },
    {
      id: 'close-pictures',
      label: words.closePictures,
      when: refining.path !== null,
      run: () => refining.close(),
    },
    {
      id: 'unlikeness',
      label: words.unlikeness,
      when: refining.path !== null && walkSettings.model !== undefined && !refining.busy,
      run: () => {
        navigation.go('refine')
        void refining.toggleUnlikeness()
      },
    },
    { id: 'take-model', label: words.takeModel, run: () => void models.chooseAndTake() },
    { id: 'refine-all', label: words.refineAll, when: refining.sources.length > 1, run: exportAll },
    { id: 'export', label: words.export, keys: 'Mod+E', when: exportable(), run: exportNow },
    {
      id: 'pause-teaching',
      label: words.pauseTeaching,
      when: watched.teaching?.state === 'running',
      run: () => void watched.pause(),
    },
    {
      id: 'resume-teaching',
      label: words.resumeTeaching,
      when: watched.teaching?.state === 'paused',
      run: () => void watched.resume(),
    },
    { id: 'pause-queue', label: words.pauseQueue, when: queue.busy, run: () => queue.pause() },
    { id: 'resume-queue', label: words.resumeQueue, when: queue.paused, run: () => queue.resume() },
    {
      id: 'undo',
      label: words.undo(undo.offer?.message ?? ''),
      keys: 'Mod+Z',
      when: undo.offer !== null,
      run: () => void undo.take(),
    },
    ...(['system', 'light', 'dark'] as const).map((theme) => ({
      id: `theme-${theme}`,
      label: `${strings.settings.theme}: ${strings.settings.themes[theme]}`,
      when: preferences.theme !== theme,
      run: () => preferences.setTheme(theme),
    })),
    { id: 'palette', label: words.palette, keys: 'Mod+K', run: () => overlays.show('palette') },
    { id: 'settings', label: words.settings, keys: 'Mod+,', run: () => overlays.show('settings') },
    { id: 'tour', label: words.tour, run: () => tour.begin() },
    { id: 'diagnostics', label: words.diagnostics, run: () => overlays.show('diagnostics') },
    { id: 'shortcuts', label: words.shortcuts, keys: '?', run: () => overlays.show('shortcuts') },
  ]
  return all.filter(({ when = true }) => when)
}

/** @returns false when it cannot be done now */
export function runCommand(id: string): boolean {
  const command = commands().find((each) => each.id === id)
  command?.run()
  return command !== undefined
}

/** Commands whose label has all the words, in any order; those that begin with the text first. */
export function findCommands(all: readonly Command[], text: string): Command[] {
  const wanted = text.toLocaleLowerCase().trim()
  const parts = wanted.split(/\s+/)
  return all
    .filter(({ label }) => parts.every((part) => label.toLocaleLowerCase().includes(part)))
    .sort(
      (a, b) =>
        Number(b.label.toLocaleLowerCase().startsWith(wanted)) -
        Number(a.label.toLocaleLowerCase().startsWith(wanted)),
    )
}

/** In Dream the same keys dream. */
function canWalk(): boolean {
  if (navigation.view === 'dream') return walkSettings.model !== undefined && !dreaming.busy
  return refining.path !== null && walkSettings.model !== undefined && !refining.busy
}

function walk(): void {
  const { model } = walkSettings
  if (navigation.view === 'dream') {
    const { count, seed, steps } = dreaming
    if (model) void dreaming.start({ modelId: model.id, count, seed, steps })
    return
  }
  navigation.go('refine')
  void refining.walk()
}

function openFolder(): void {
  navigation.go('pictures')
  void openDataset.choose()
}

function openPicture(): void {
  navigation.go('refine')
  void refining.choose()
}

function exportable(): boolean {
  if (navigation.view === 'dream') return dreaming.selected.length > 0 && !dreaming.busy
  return refining.frame !== undefined && !refining.busy
}

function exportNow(): void {
  if (navigation.view === 'dream') dreaming.export()
  else refining.export()
}
