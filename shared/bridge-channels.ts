/** Names of what passes between page, preload and main; apart from bridge.ts, so that preload stays small. */

/** The data of the window's message that brings the port to the engine. */
export const enginePortMessage = 'uphill:engine-port'

/** Names of the channels between preload and main. */
export const channels = {
  requestEnginePort: 'engine:request-port',
  enginePort: 'engine:port',
  engineState: 'engine:state',
  restartEngine: 'engine:restart',
  chooseFolder: 'dialog:folder',
  choosePictures: 'dialog:pictures',
  lastExportFolder: 'file:last-export-folder',
  chooseExport: 'dialog:export',
  chooseShare: 'dialog:share',
  chooseModel: 'dialog:model',
  allowDropped: 'file:dropped',
  revealExported: 'file:reveal',
  workload: 'window:workload',
  notify: 'window:notify',
  menuCommand: 'menu:command',
  updates: 'updates:step',
  updatesTold: 'updates:told',
  setWords: 'words:set',
  setTheme: 'theme:set',
} as const
