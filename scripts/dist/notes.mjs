// Drafts the notes of a release from the first lines of its commits. A person reads them before they are published.
//   node scripts/dist/notes.mjs [tag]      without a tag: of what is checked out
import { ask } from '../run/command.mjs'
import { isMain, runMain } from '../run/main.mjs'
import { root } from '../run/places.mjs'
import { SetupError } from '../run/say.mjs'

/** Commits that say nothing to whoever uses the app: half-done ones, the form, and the number of a version. */
const concernsNobody = /^(wip\b.*|format|v?\d+\.\d+\.\d+\S*)$/i

const footer = `Which file is for whom: Debian and Ubuntu take the .deb, other Linux systems the .AppImage or the .tar.zst, Windows
the .exe, a Mac the .dmg (arm64 for Apple's processors). Nothing else has to be installed. The packages are not signed: SHA256SUMS
holds their checksums, and the .cdx.json files say what is inside.
`

/** The version tag before this commit, or null when there is none. */
function tagBefore(ref, cwd) {
  const { ok, out } = ask('git', ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', `${ref}^`], {
    cwd,
  })
  return ok ? out.trim() : null
}

/**
 * @param {string} ref the tag of the release, or any commit
 * @param {string} [cwd] the repository
 */
export function draftNotes(ref, cwd = root) {
  const before = tagBefore(ref, cwd)
  const range = before ? `${before}..${ref}` : ref
  const { ok, out, err } = ask('git', ['log', '--no-merges', '--reverse', '--format=%s', range, '--'], {
    cwd,
  })
  if (!ok) throw new SetupError(`git knows nothing of ${ref}: ${err.trim().split('\n')[0]}`)
  const subjects = out.split('\n').filter((subject) => subject !== '' && !concernsNobody.test(subject))
  const head = before ? `What is new since ${before.replace(/^v/, '')}:` : 'The first release.'
  const lines = subjects.length > 0 ? subjects.map((subject) => `- ${subject}`) : ['- Nothing that is seen.']
  return `${head}\n\n${lines.join('\n')}\n\n${footer}`
}

if (isMain(import.meta.url)) {
  await runMain(() => {
    process.stdout.write(draftNotes(process.argv[2] ?? 'HEAD'))
  })
}
