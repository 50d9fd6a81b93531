/**
 * What screen readers are told without moving the focus. One polite and one urgent live region serve the whole app; a
 * message that is repeated is read again, because each has an id of its own.
 */
export type Announcement = { id: number; text: string }

class Announcer {
  polite = $state.raw<Announcement>({ id: 0, text: '' })
  urgent = $state.raw<Announcement>({ id: 0, text: '' })

  /** Says a sentence once the reader has ended the present one; at once when it is urgent. */
  say(text: string, { isUrgent = false }: { isUrgent?: boolean } = {}): void {
    if (isUrgent) this.urgent = { id: this.urgent.id + 1, text }
    else this.polite = { id: this.polite.id + 1, text }
  }
}

export const announcer = new Announcer()
