/** The two notes of the gate: to sign in where the dataset is, and to agree to one question of one site. */
import { oneLine } from '@enigma/result/cell'
import type { Question } from '../client/ask.ts'
import { make, makeButton } from '../view/dom.ts'
import type { SessionStore } from './session-store.ts'
import { watchSeen } from './watch-seen.ts'

/** Characters of a question and its values: what is agreed to is seen whole, without scrolling. */
export const mostAsked = 800
const hidden = 'The button works once all of this is in view, and nothing of the page lies over it.'

export type GateNote = {
  element: HTMLElement
  /** It is shown no more. */
  end: () => void
}

export type SignInNoteParameters = {
  question: Question
  store: SessionStore
  /** Whether there is a session now. */
  look: () => Promise<boolean>
  /** There is one. */
  onDone: () => void
}

/** There is no session, or this browser does not show it to the frame. */
export function signInNote({ question: { dataset }, store, look, onDone }: SignInNoteParameters): GateNote {
  const told = make('p', { class: 'muted', role: 'status' })
  const onAsk = async () => {
    if (!(await store.ask())) {
      told.textContent = 'The browser refused; the dataset’s own page shows its rows all the same.'
    } else if (await look()) onDone()
    else told.textContent = `Nobody is signed in at ${location.host} in this browser.`
  }
  const apart =
    'If you have signed in already, this browser keeps that from frames: see the rows on the dataset’s own page.'
  told.textContent = store.isAskable ? '' : apart
  const hint = make('p', { class: 'muted', role: 'status' }, store.isAskable ? hidden : '')
  const guarded = store.isAskable ? guardedButton('I have signed in there', () => void onAsk(), hint) : undefined
  const ask = guarded === undefined ? [] : [guarded.button]
  const element = noteOf(
    `Sign in at ${location.host} to see these rows.`,
    make('p', {}, 'They are shown by your own subscription. Open the dataset, sign in there once, and come back.'),
    make('p', { class: 'row' }, datasetLink(dataset), ...ask),
    told,
    hint,
  )
  const unwatch = guarded?.watch(element)
  const onBack = async () => {
    if (document.visibilityState === 'visible' && (await look())) onDone()
  }
  const listener = () => void onBack()
  document.addEventListener('visibilitychange', listener)
  addEventListener('focus', listener)
  return {
    element,
    end() {
      unwatch?.()
      document.removeEventListener('visibilitychange', listener)
      removeEventListener('focus', listener)
    },
  }
}

export type AskNoteParameters = {
  origin: string
  /** Whose session asks. */
  account: string
  question: Question
  /** The viewer agreed. */
  onDone: () => void
}

/** What is asked, by which site, by whose subscription; the press counts while all of it is seen. */
export function askNote({ origin, account, question, onDone }: AskNoteParameters): GateNote {
  const { dataset, sql, parameters, limit } = question
  const hint = make('p', { class: 'muted', role: 'status' }, hidden)
  const guarded = guardedButton('Show the rows', onDone, hint)
  const values = valuesOf(parameters)
  const lines: [string, string][] = [
    ['Dataset', dataset],
    // A line break is shown as a sign of its own: what follows a comment must not read as one.
    ['Question', oneLine(sql, mostAsked)],
    ...(values === '' ? [] : ([['Values', oneLine(values, mostAsked)]] as [string, string][])),
    // As long for every account: the page around learns how high this is.
    ['Account', `${account.slice(0, 8)}…${account.slice(-6)}`],
  ]
  const element = noteOf(
    `${origin} wants to show you rows of your subscription.`,
    make('dl', {}, ...lines.flatMap(([name, text]) => [make('dt', {}, name), make('dd', { dir: 'ltr' }, text)])),
    make('p', {}, `At most ${limit} rows are asked. The site cannot read them; it learns whether they are shown.`),
    make('p', { class: 'row' }, guarded.button),
    hint,
  )
  return { element, end: guarded.watch(element) }
}

/** Whether a question is short enough to be shown whole. */
export function isShowable({ sql, parameters }: Pick<Question, 'sql' | 'parameters'>): boolean {
  return sql.length + valuesOf(parameters).length <= mostAsked
}

function valuesOf(parameters: Question['parameters']): string {
  return parameters.map((parameter) => JSON.stringify(parameter)).join(', ')
}

/** A button that works for a viewer alone, and while all of its note is seen; `watch` returns what ends that. */
function guardedButton(text: string, onPress: () => void, hint: HTMLElement) {
  let isSeen = false
  const press = ({ isTrusted }: Event) => {
    if (isTrusted && isSeen) onPress()
  }
  const button = makeButton(text, press, { class: 'strong', disabled: true })
  const watch = (note: HTMLElement) =>
    watchSeen(note, (isSeenNow) => {
      isSeen = isSeenNow
      button.disabled = !isSeenNow
      hint.textContent = isSeenNow ? '' : hidden
    })
  return { button, watch }
}

function noteOf(title: string, ...children: Node[]): HTMLElement {
  return make('div', { class: 'note' }, make('p', {}, make('strong', {}, title)), ...children)
}

/** The only link of a frame: to a page of its own origin, in a tab of its own. */
export function datasetLink(dataset: string): HTMLAnchorElement {
  const link = make('a', {}, 'Open the dataset')
  link.href = new URL(`/d/${dataset.split('/').map(encodeURIComponent).join('/')}`, location.href).href
  link.target = '_blank'
  link.rel = 'noopener'
  return link
}
