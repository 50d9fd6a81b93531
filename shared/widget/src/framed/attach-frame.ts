/**
 * The page's side of `mode="frame"`: a sandboxed frame of the relay that the loader came from, the element's attributes on
 * their way into it, and its state back. The page cannot read what the frame shows.
 */
import type { WidgetController, WidgetHost } from '../contract.ts'
import { readAccess } from '../core/access.ts'
import {
  createMessageBound,
  type FirstMessage,
  type FramedAttribute,
  type FramedValues,
  framedAttributes,
  framePage,
  type FromFrame,
  readFromFrame,
  type ToFrame,
} from './words.ts'

/** Its own answer says the same to a page that does not. No forms, no dialogs, no way to navigate the page. */
const sandbox = [
  ...['allow-scripts', 'allow-same-origin', 'allow-storage-access-by-user-activation'],
  // The link to the dataset's page, where the reader signs in or subscribes.
  ...['allow-popups', 'allow-popups-to-escape-sandbox'],
]
const answerTimeoutMs = 20_000
/** Changes closer together than this are told as one. */
const tellEveryMs = 100

export { inPageTurn } from '../core/page-turn.ts'

/** Attaches a frame to an element; it is made when it first runs. */
export function attachWidget(host: WidgetHost): WidgetController {
  return new FramedWidget(host)
}

class FramedWidget implements WidgetController {
  readonly columns = []
  readonly rows = []
  readonly #host: WidgetHost
  readonly #nonce = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
  readonly #sheet = new CSSStyleSheet()
  readonly #children = new MutationObserver(() => this.changed())
  #frame: HTMLIFrameElement | undefined
  #port: MessagePort | undefined
  #isReady = false
  #telling: ReturnType<typeof setTimeout> | undefined
  #answering: ReturnType<typeof setTimeout> | undefined
  #ended = Promise.withResolvers<undefined>()

  constructor(host: WidgetHost) {
    this.#host = host
    this.#style(0)
    host.root.adoptedStyleSheets = [...host.root.adoptedStyleSheets, this.#sheet]
    this.#children.observe(host.element, { childList: true, subtree: true, characterData: true })
  }

  async run(): Promise<void> {
    const problem = this.#problem()
    if (problem !== undefined) {
      this.#fail('setting-invalid', problem)
      return
    }
    this.#ended = Promise.withResolvers()
    if (this.#frame === undefined) this.#open()
    else this.#tell({ kind: 'ask' })
    await this.#ended.promise
  }

  abort(): void {
    this.#tell({ kind: 'stop' })
  }

  changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      const problem = this.#problem()
      if (problem !== undefined) this.#fail('setting-invalid', problem)
      else if (this.#frame === undefined) void this.run()
      else this.#tell({ kind: 'values', values: this.#values() })
    }, tellEveryMs)
  }

  setInView(): void {
    // The frame sees for itself whether it is in view.
  }

  export(): Promise<Blob> {
    return Promise.reject(
      new TypeError('The rows of mode="frame" are for its viewer alone; a page cannot export them.'),
    )
  }

  end(): void {
    this.#close()
    clearTimeout(this.#telling)
    this.#children.disconnect()
    this.#host.root.replaceChildren(document.createElement('slot'))
    this.#ended.resolve(undefined)
  }

  #problem(): string | undefined {
    const read = readAccess((name) => this.#host.element.getAttribute(name)?.trim() ?? '')
    return 'problem' in read ? read.problem : undefined
  }

  #open(): void {
    const frame = document.createElement('iframe')
    const address = new URL(framePage, this.#host.base)
    address.hash = this.#nonce
    const dataset = this.#host.element.getAttribute('dataset')?.replace(/^.*\//, '') ?? 'a dataset'
    Object.assign(frame, { src: address.href, title: `Live data of ${dataset}`, referrerPolicy: 'no-referrer' })
    frame.sandbox.add(...sandbox)
    frame.part.add('frame')
    // Anew each time that it is loaded: a frame that is moved within the page begins again.
    frame.addEventListener('load', () => this.#connect(frame, address.origin))
    this.#frame = frame
    this.#host.setState('loading')
    this.#host.root.replaceChildren(frame)
  }

  #connect(frame: HTMLIFrameElement, origin: string): void {
    this.#port?.close()
    this.#isReady = false
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const take = createMessageBound()
    port1.onmessage = ({ data }) => {
      const word = readFromFrame(data)
      if (!take()) this.#fail('client-failed', 'The frame said too much and was closed; load the page anew.')
      else if (word !== undefined) this.#hear(word)
    }
    clearTimeout(this.#answering)
    this.#answering = setTimeout(() => this.#fail('client-failed', unanswered), answerTimeoutMs)
    const first: FirstMessage = { enigma: 'frame', nonce: this.#nonce, values: this.#values() }
    // Reaches a page of that origin and nobody else.
    frame.contentWindow?.postMessage(first, origin, [port2])
  }

  #hear(word: FromFrame): void {
    if (word.kind === 'ready') {
      this.#isReady ||= word.nonce === this.#nonce
      if (this.#isReady) clearTimeout(this.#answering)
    } else if (this.#isReady && word.kind === 'error') {
      const message = 'The frame shows no rows; what it says is for its viewer alone.'
      this.#host.emit('enigma-error', { code: word.code, message, hint: undefined })
    } else if (this.#isReady && word.kind === 'height') {
      this.#style(word.heightPx)
    } else if (this.#isReady && word.kind === 'state') {
      this.#host.setState(word.state)
      if (word.state !== 'loading') this.#ended.resolve(undefined)
    }
  }

  #tell(word: ToFrame): void {
    if (this.#isReady) this.#port?.postMessage(word)
  }

  #values(): FramedValues {
    const { element } = this.#host
    const values = Object.fromEntries(framedAttributes.map((name) => [name, element.getAttribute(name)]))
    const script = element.querySelector(':scope > script[type="application/sql"]')
    const lang = element.closest<HTMLElement>('[lang]')?.lang ?? null
    return {
      ...(values as Record<FramedAttribute, string | null>),
      lang,
      sql: values['sql'] ?? script?.textContent ?? null,
    }
  }

  /** Never smaller than what the viewer has to see. */
  #style(heightPx: number): void {
    this.#sheet.replaceSync(`:host{min-block-size:${heightPx}px}
iframe{flex:1;inline-size:100%;min-block-size:0;box-sizing:border-box;border:0;border-radius:.5rem}`)
  }

  #close(): void {
    this.#style(0)
    clearTimeout(this.#answering)
    this.#port?.close()
    this.#frame = this.#port = undefined
    this.#isReady = false
  }

  /** The page's own words, with what is wrong below them. */
  #fail(code: string, message: string): void {
    this.#close()
    const text = document.createElement('p')
    text.part.add('error')
    text.role = 'alert'
    text.textContent = message
    this.#host.root.replaceChildren(document.createElement('slot'), text)
    this.#host.setState('error')
    this.#host.emit('enigma-error', { code, message, hint: undefined })
    this.#ended.resolve(undefined)
  }
}

const unanswered = 'The frame does not answer; allow the relay in the page’s policy by frame-src, or try again later.'
