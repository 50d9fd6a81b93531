/** What stands between a page and its viewer's subscription: a session that a wallet made elsewhere, and one press. */
import type { Session } from '@enigma/client/stored-sessions'
import { MarketplaceError, type NetworkFile } from '@enigma/protocol'
import type { Question } from '../client/ask.ts'
import { type Consents, consentKey } from './consents.ts'
import { askNote, type GateNote, isShowable, mostAsked, signInNote } from './gate-notes.ts'
import type { SessionStore } from './session-store.ts'

export type GateParameters = {
  /** Of the page that holds the frame. */
  origin: string
  consents: Consents
  store: () => Promise<SessionStore>
  network: () => Promise<NetworkFile>
  /** Shows what the viewer has to do; undefined when that is over. */
  show: (note: HTMLElement | undefined) => void
}

export type Gate = {
  /** The viewer's session, once the viewer agreed to the question; throws the signal's reason, and `rate-limited`. */
  authorize: (question: Question, signal: AbortSignal) => Promise<Session>
}

/** Creates the gate of one frame. */
export function createGate({ origin, consents, store, network, show }: GateParameters): Gate {
  /** Shows a note until the viewer has done what it says. */
  const wait = async (signal: AbortSignal, create: (onDone: () => void) => GateNote): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const onAbort = () => reject(signal.reason as Error)
    signal.throwIfAborted()
    const note = create(() => resolve(undefined))
    signal.addEventListener('abort', onAbort)
    show(note.element)
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
      note.end()
      show(undefined)
    }
  }
  const findSession = async (question: Question, signal: AbortSignal): Promise<Session> => {
    const [file, sessions] = await Promise.all([network(), store()])
    for (;;) {
      const session = await sessions.find(file)
      signal.throwIfAborted()
      if (session !== undefined) return session
      // The note stays as it is while one is looked for: it may be pressed at that very moment.
      const look = async () => (await sessions.find(file)) !== undefined
      await wait(signal, (onDone) => signInNote({ question, store: sessions, look, onDone }))
    }
  }
  return {
    async authorize({ dataset, sql, parameters, limit }, signal) {
      const question: Question = { dataset, sql, parameters, limit }
      if (!isShowable(question)) throw tooLong()
      const session = await findSession(question, signal)
      const { id, root, validUntil } = session.grant.grant
      const key = await consentKey({ origin, grant: id, question })
      signal.throwIfAborted()
      if (consents.take(key)) return session
      await wait(signal, (onDone) => askNote({ origin, account: root, question, onDone }))
      consents.give(key, validUntil)
      return session
    },
  }
}

function tooLong(): MarketplaceError {
  return new MarketplaceError({
    code: 'setting-invalid',
    message: `A frame shows its viewer the whole question; write it and its values in at most ${mostAsked} characters.`,
  })
}
