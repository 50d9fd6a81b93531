/**
 * `<enigma-query>`: the few kilobytes that every page loads. It defines the element, shows what the page has between its
 * tags, and brings the rest once a reader is near. Where there is no DOM it can be imported and does nothing.
 */
import { observedAttributes, textAttributes } from './attributes.ts'
import type { CoreModule, PartFiles, WidgetController } from './contract.ts'
import type { WidgetFormat, WidgetSettings, WidgetState } from './element-types.ts'
import { createPartLoader } from './loader/load-part.ts'
import { loaderStyle } from './loader/loader-style.ts'

/** Set by the build: the files of every part and their hashes. */
declare const WIDGET_PARTS: PartFiles

export type * from './element-types.ts'

const name = 'enigma-query'
/** How near to the window an element must be, so that it is ready when it is seen. */
const nearPx = 300

const settings: WidgetSettings = {}
const baseOf = () => settings.base ?? import.meta.url
const load = createPartLoader(WIDGET_PARTS, baseOf)
let sheet: CSSStyleSheet | undefined

/** On a server there are no elements. */
const Base = typeof HTMLElement === 'function' ? HTMLElement : (Object as unknown as typeof HTMLElement)

class EnigmaQueryElement extends Base {
  static readonly observedAttributes = observedAttributes
  #root: ShadowRoot
  #state: WidgetState = 'idle'
  #controller: WidgetController | undefined
  #starting: Promise<WidgetController | undefined> | undefined
  #observer: IntersectionObserver | undefined
  /** Counts the times that it left a document: what was begun before is not wanted after. */
  #visit = 0

  static configure(given: WidgetSettings): void {
    Object.assign(settings, given)
  }

  constructor() {
    super()
    this.#root = this.attachShadow({ mode: 'open' })
    sheet ??= loaderStyle()
    this.#root.adoptedStyleSheets = [sheet]
    this.#root.append(document.createElement('slot'))
  }

  connectedCallback(): void {
    for (const property of [...textAttributes, 'dataset', 'refresh', 'controls']) takeOwn(this, property)
    this.#watch()
  }

  disconnectedCallback(): void {
    // One that is only moved is connected again by then.
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave()
    })
  }

  attributeChangedCallback(attribute: string, before: string | null, after: string | null): void {
    if (before === after) return
    if (attribute === 'mode' && this.isConnected && this.#starting !== undefined) {
      // Another mode is another code, which leaves nothing of the first one behind.
      this.#leave()
      this.#watch()
      return
    }
    this.#controller?.changed(attribute)
    if (attribute === 'loading' && this.isConnected) this.#watch()
  }

  get state(): WidgetState {
    return this.#state
  }

  get columns() {
    return this.#controller?.columns ?? []
  }

  get rows() {
    return this.#controller?.rows ?? []
  }

  // Frameworks assign attributes as properties where there is one of that name: what is read stays the platform's own.
  // eslint-disable-next-line @typescript-eslint/related-getter-setter-pairs
  override get dataset(): DOMStringMap {
    return super.dataset
  }

  override set dataset(path: string) {
    this.setAttribute('dataset', path)
  }

  // eslint-disable-next-line @typescript-eslint/related-getter-setter-pairs -- as above
  get refresh(): () => Promise<void> {
    return () => this.#run(true)
  }

  set refresh(seconds: number | string) {
    this.setAttribute('refresh', String(seconds))
  }

  get controls(): boolean {
    return this.hasAttribute('controls')
  }

  set controls(isShown: boolean) {
    this.toggleAttribute('controls', isShown)
  }

  run(): Promise<void> {
    return this.#run(false)
  }

  abort(): void {
    this.#controller?.abort()
  }

  async export(format: WidgetFormat): Promise<Blob> {
    const controller = this.#controller
    if (controller === undefined) throw new Error('There are no rows yet; wait for the event enigma-result.')
    return controller.export(format)
  }

  async #run(isRefresh: boolean): Promise<void> {
    await (await this.#start(false))?.run({ isRefresh })
  }

  #leave(): void {
    this.#visit++
    this.#observer?.disconnect()
    this.#observer = undefined
    this.#controller?.end()
    this.#controller = undefined
    this.#starting = undefined
    this.#setState('idle')
  }

  /** Begins by what the page wants: at once, when it is pressed, or when it is nearly in view. */
  #watch(): void {
    const { loading } = this as unknown as { loading: string }
    if (loading === 'click' && this.#starting === undefined) this.#offer()
    if (loading === 'eager') void this.#start(true)
    this.#observer ??= new IntersectionObserver(
      ([...entries]) => {
        const isInView = entries.at(-1)?.isIntersecting === true
        this.#controller?.setInView(isInView)
        const { loading: now } = this as unknown as { loading: string }
        if (isInView && now !== 'click') void this.#start(true)
      },
      { rootMargin: `${nearPx}px` },
    )
    this.#observer.observe(this)
  }

  /** A button in front of the page's own words. */
  #offer(): void {
    const button = document.createElement('button')
    button.part.add('button')
    button.textContent = 'Show live data'
    button.addEventListener('click', () => void this.#start(true), { once: true })
    this.#root.replaceChildren(button, document.createElement('slot'))
  }

  async #start(isRunWanted: boolean): Promise<WidgetController | undefined> {
    const isFirst = this.#starting === undefined
    const starting = (this.#starting ??= this.#attach())
    const controller = await starting
    if (isFirst && isRunWanted) await controller?.run()
    return controller
  }

  async #attach(): Promise<WidgetController | undefined> {
    const visit = this.#visit
    this.#setState('loading')
    try {
      const { attachWidget, inPageTurn } = await load<CoreModule>(
        this.getAttribute('mode') === 'frame' ? 'framed' : 'core',
      )
      return await inPageTurn(() => {
        if (visit !== this.#visit) return undefined
        this.#controller = attachWidget({
          ...{ element: this, root: this.#root, settings, base: baseOf(), load },
          setState: (state) => this.#setState(state),
          emit: (type, detail, options) => this.#emit(type, detail, options),
        })
        return this.#controller
      })
    } catch (error) {
      if (visit === this.#visit) this.#fail(error)
      return undefined
    }
  }

  /** The page's own words stay, with what happened below them. */
  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    const text = document.createElement('p')
    text.part.add('error')
    text.role = 'alert'
    text.textContent = message
    this.#root.replaceChildren(document.createElement('slot'), text)
    this.#setState('error')
    this.#emit('enigma-error', { code: 'client-failed', message, hint: undefined })
  }

  #setState(state: WidgetState): void {
    if (state === this.#state) return
    this.#state = state
    this.setAttribute('state', state)
    this.#emit('enigma-state', { state })
  }

  #emit(type: string, detail: unknown, options?: { cancelable: boolean }): boolean {
    return this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail, ...options }))
  }
}

for (const attribute of textAttributes) {
  Object.defineProperty(EnigmaQueryElement.prototype, attribute, {
    configurable: true,
    enumerable: true,
    get(this: HTMLElement) {
      return this.getAttribute(attribute) ?? ''
    },
    set(this: HTMLElement, value: string | number | null | undefined) {
      if (value === null || value === undefined) this.removeAttribute(attribute)
      else this.setAttribute(attribute, String(value))
    },
  })
}

/** What a page has assigned before the element was defined. */
function takeOwn(element: HTMLElement, property: string): void {
  if (!Object.hasOwn(element, property)) return
  const value = Reflect.get(element, property) as unknown
  Reflect.deleteProperty(element, property)
  Reflect.set(element, property, value)
}

if (typeof customElements === 'object' && customElements.get(name) === undefined) {
  customElements.define(name, EnigmaQueryElement)
}

export { EnigmaQueryElement as EnigmaQuery }
