/** The two notes of the gate: to sign in where the dataset is, and to agree to one question of one site. */
import { oneLine } from '@enigma/result/cell'
import type { Question } from '../client/ask.ts'
import { make, makeButton } from '../view/dom.ts'
import type { SessionStore } from './session-store.ts'
import { watchSeen } from './watch-seen.ts'

const mostShown = 4_000
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
  const ask = store.isAskable ? [makeButton('I have signed in there', () => void onAsk())] : []
  const element = noteOf(
    `Sign in at ${location.host} to see these rows.`,
    make('p', {}, 'They are shown by your own subscription. Open the dataset, sign in there once, and come back.'),
    make('p', { class: 'row' }, datasetLink(dataset), ...ask),
    told,
  )
  const onBack = async () => {
    if (document.visibilityState === 'visible' && (await look())) onDone()
  }
  const listener = () => void onBack()
  document.addEventListener('visibilitychange', listener)
  addEventListener('focus', listener)
  return {
    element,
    end() {
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
  let isSeen = false
  const hint = make('p', { class: 'muted', role: 'status' }, hidden)
  const onPress = ({ isTrusted }: Event) => {
    if (isTrusted && isSeen) onDone()
  }
  const button = makeButton('Show the rows', onPress, { class: 'strong', disabled: true })
  const values = parameters.map((parameter) => oneLine(JSON.stringify(parameter), 200)).join(', ')
  const lines: [string, string][] = [
    ['Dataset', dataset],
    ['Question', oneLine(sql.replace(/\s+/g, ' '), mostShown)],
    ...(values === '' ? [] : ([['Values', oneLine(values, mostShown)]] as [string, string][])),
    ['Account', account],
  ]
  const element = noteOf(
    `${origin} wants to show you rows of your subscription.`,
    make('dl', {}, ...lines.flatMap(([name, text]) => [make('dt', {}, name), make('dd', { dir: 'ltr' }, text)])),
    make('p', {}, `At most ${limit} rows are asked. The site cannot read them; it learns whether they are shown.`),
    make('p', { class: 'row' }, button),
    hint,
  )
  const end = watchSeen(element, (isSeenNow) => {
    isSeen = isSeenNow
    button.disabled = !isSeenNow
    hint.textContent = isSeenNow ? '' : hidden
  })
  return { element, end }
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
