/** By what a widget asks, and where its rows are shown: which of the words for that go together. */
import type { WidgetAccess } from '../element-types.ts'

const modes = ['inline', 'frame']
const accesses = ['sample', 'grant', 'viewer'] satisfies WidgetAccess[]

/** Reads an attribute; empty where it is absent. */
export type ReadAttribute = (name: string) => string

/** The access, or what is wrong with the words. */
export type ReadAccessReturnType = { access: WidgetAccess } | { problem: string }

/**
 * A viewer's own rows are shown in a frame of the relay's, where the page cannot read them; what a page gives to everybody
 * is shown in the page itself. Imports no code: a page that only holds a frame loads little more.
 */
export function readAccess(read: ReadAttribute): ReadAccessReturnType {
  const [mode, given, grant] = [read('mode') || 'inline', read('access'), read('grant')]
  if (!modes.includes(mode)) return wrongWord('mode', mode, modes)
  const usual = mode === 'frame' ? 'viewer' : grant === '' ? 'sample' : 'grant'
  const access = given === '' ? usual : accesses.find((each) => each === given)
  if (access === undefined) return wrongWord('access', given, accesses)
  if (access === 'viewer' && mode === 'inline') {
    return problem('access="viewer" needs mode="frame": a page may not read the rows of those who view it.')
  }
  if (access !== 'viewer' && mode === 'frame') {
    return problem(`access="${access}" needs mode="inline": a frame shows what its viewer subscribes to.`)
  }
  if (access !== 'grant' && grant !== '') {
    return problem(`access="${access}" goes without a grant: take the attribute grant away, or access.`)
  }
  const stray = mode === 'frame' ? ['network', 'relay', 'template'].find((name) => read(name) !== '') : undefined
  if (stray === undefined) return { access }
  return problem(`The attribute ${stray} is not for mode="frame": a frame asks by the relay that the loader is from.`)
}

/** What is wrong with a word that is none of those that there are. */
export function wrongWord(name: string, given: string, words: readonly string[]): { problem: string } {
  return problem(`The attribute ${name} is "${given.slice(0, 40)}"; use ${words.join(', ')}.`)
}

function problem(text: string): { problem: string } {
  return { problem: text }
}
