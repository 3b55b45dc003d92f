// docs/reliability.md and docs/reliability.json, from the figures that the harnesses have kept.
import fs from 'node:fs'
import path from 'node:path'

/** What a part is meant to have, so that a run that was cut off cannot look like a whole one. */
const wanted = { kills: 200, pictures: 10_000, models: 1_500, messages: 10_000 }

const sum = (rows, what) => rows.reduce((total, row) => total + what(row), 0)
/** More than the cases, where whole folders of them were opened and counted as well. */
const answers = (row) => row.refused + row.taken
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim()
const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')
const grouped = (count) => count.toLocaleString('en-GB')

function read(folder, name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'))
  } catch {
    return null
  }
}

/** The rows of several runs of the kill harness as those of one. */
function together(runs) {
  const rows = new Map()
  for (const row of runs.flat()) {
    const key = `${row.phase}, ${row.killed}`
    const sofar = rows.get(key) ?? { ...row, kills: 0, losses: [] }
    rows.set(key, { ...sofar, kills: sofar.kills + row.kills, losses: [...sofar.losses, ...row.losses] })
  }
  return [...rows.values()]
}

/** @param {string} figures folder @param {string} docs folder @returns {string[]} the files that were written */
export function writeReport(figures, docs) {
  const runs = [read(figures, 'kills') ?? [], read(figures, 'more-kills') ?? []]
  const kills = together(runs)
  const faults = read(figures, 'faults') ?? []
  const fed = ['pictures', 'models', 'messages'].map((name) => [name, read(figures, name)])
  const endurance = read(figures, 'endurance')
  const feeds = fed.filter(([, row]) => row)
  const files = feeds.filter(([name]) => name !== 'messages').map(([, row]) => row)
  const messages = feeds.find(([name]) => name === 'messages')?.[1] ?? null
  const summary = {
    kills: sum(kills, (row) => row.kills),
    losses: sum(kills, (row) => row.losses.length),
    badFiles: sum(files, (row) => row.cases),
    badPictures: read(figures, 'pictures')?.cases ?? 0,
    badModels: read(figures, 'models')?.cases ?? 0,
    badMessages: messages?.cases ?? 0,
    crashes: sum(
      feeds.map(([, row]) => row),
      (row) => row.crashes.length,
    ),
    faults: faults.length,
    faultsSurvived: faults.filter((row) => row.faults.length === 0).length,
  }
  const done = {
    kills: summary.kills,
    pictures: summary.badPictures,
    models: summary.badModels,
    messages: summary.badMessages,
  }
  const open = Object.entries(wanted).filter(([name, count]) => done[name] < count)
  const json = { ...summary, tables: { kills, faults, feeds: Object.fromEntries(feeds), endurance } }
  const text = [
    '# What it survives',
    'Made by `npm run reliability`, part by part, on one machine; seeds are fixed, the moments of the kills are not, because the machine’s speed is not. The same harnesses run at a small size with all tests.',
    ...(open.length > 0
      ? [
          `**Not whole yet**: ${open.map(([name, count]) => `${grouped(done[name])} of ${grouped(count)} ${name}`).join(', ')}. No figure below is of more than was done.`,
        ]
      : []),
    '## Killed at random moments',
    `${grouped(summary.kills)} times SIGKILL (${runs.map((rows) => sum(rows, (row) => row.kills)).join(' and ')} in two runs), ${summary.losses} losses. After each the next Uphill is started, and it is checked that the pictures and an untouched model are bit for bit what they were, no model is damaged, the journal can be read, the teaching goes on by itself (or by \`teach --resume\`) and ends with the weights of an unbroken one (largest difference below 0.0001).`,
    kills.length > 0
      ? table(
          ['phase', 'killed', 'kills', 'losses'],
          kills.map((row) => [row.phase, row.killed, row.kills, row.losses.length]),
        )
      : 'Not run.',
    ...kills.flatMap((row) => row.losses.map((loss) => `- ${row.phase}, ${row.killed}: ${cell(loss)}`)),
    '## Fed with what is broken',
    'A crash is an engine that died, hung for two minutes, or answered with a defect instead of a reason. Pictures were opened one by one, and each 400 of them as a folder as well.',
    table(
      ['what', 'cases', 'refused with a reason', 'taken', 'crashes'],
      feeds.map(([, row]) => [
        row.what,
        grouped(row.cases) + (answers(row) > row.cases ? ` and ${answers(row) - row.cases} folders` : ''),
        // Of a message it is only looked at whether the engine lives and answers the next question.
        row.what === 'messages' ? '–' : grouped(row.refused),
        row.what === 'messages' ? '–' : grouped(row.taken),
        row.crashes.length,
      ]),
    ),
    '## Disks that fail',
    `${summary.faultsSurvived} of ${summary.faults} survived: refused with the right reason, the place and what to do, nothing that was there harmed, and working again once the disk is mended.`,
    faults.length > 0
      ? table(
          ['disk', 'writing', 'answer', 'survived'],
          faults.map((row) => [
            row.fault,
            row.writing,
            row.answer,
            row.faults.length === 0 ? 'yes' : row.faults.join('; '),
          ]),
        )
      : 'Not run.',
    '## A night in minutes',
    endurance
      ? `${grouped(endurance.steps)} steps with ${grouped(endurance.checkpoints)} checkpoints and ${grouped(endurance.evaluations)} measurements on held-out pictures, in ${Math.round(endurance.seconds)} s. Between the first and the last third: tensors ${endurance.tensors.join(' and ')}, open files ${endurance.files.join(' and ')}, resident memory ${endurance.residentMiB.join(' and ')} MiB (largest of each third).`
      : 'Not run.',
  ].join('\n\n')
  const written = [path.join(docs, 'reliability.json'), path.join(docs, 'reliability.md')]
  fs.writeFileSync(written[0], `${JSON.stringify(json, null, 2)}\n`)
  fs.writeFileSync(written[1], `${text}\n`)
  return written
}
