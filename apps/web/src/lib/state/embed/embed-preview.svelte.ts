/** One embed as a visitor would ask it: no wallet, a key of its own, the values that the templates allow. */
import { type EmbedLook, isRanged } from '#lib/embed/draft.ts'
import { firstAllowed, valueText } from '#lib/embed/describe-allowed.ts'
import { plainValue } from '#lib/embed/read-allowed.ts'
import { grantUrl } from '#lib/embed/server-snippet.ts'
import { frameSnippet } from '#lib/embed/frame-snippet.ts'
import { policySnippet, tagSnippet, type WidgetLoader } from '#lib/embed/snippet.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { type ParameterValue, parseParameter } from '#lib/sql/parse-parameter.ts'
import { app } from '../app.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import type { EmbedItem } from './embeds.svelte.ts'
import { loadElement } from './load-element.ts'
import { readLoader } from './read-loader.ts'

export type PreviewField = {
  name: string
  text: string
  /** The only values that are allowed; undefined for a range. */
  choices: readonly string[] | undefined
  hint: string
  error: string | undefined
}

export class EmbedPreviewState {
  readonly item: EmbedItem
  look = $state.raw<EmbedLook>({ view: 'table', theme: 'auto' })
  loader = $state.raw<WidgetLoader>()
  loaderError = $state.raw<ShownError>()
  /** Attributes of the element that is shown; another object is another element, which asks anew. */
  shown = $state.raw<Readonly<Record<string, string>>>()
  template = $state('')
  #typed = $state.raw<Readonly<Record<string, string>>>({})

  constructor(item: EmbedItem, look: EmbedLook) {
    this.item = item
    this.look = look
    this.template = item.templates[0]?.name ?? ''
  }

  readonly #parameters = $derived(this.#chosen()?.parameters ?? [])
  readonly fields: readonly PreviewField[] = $derived(
    this.#parameters.map(({ name, type, allowed }) => {
      const text = this.#typed[name] ?? valueText(firstAllowed(allowed))
      const choices = allowed.kind === 'values' ? allowed.values.map(valueText) : undefined
      const parsed = isRanged(type) && choices === undefined ? parseParameter(type, text) : undefined
      const error = parsed !== undefined && 'error' in parsed ? parsed.error : undefined
      const hint = allowed.kind === 'range' ? `From ${valueText(allowed.min)} to ${valueText(allowed.max)}` : ''
      return { name, text, choices, hint, error }
    }),
  )
  /** By name, as a page hands them to the tag. */
  readonly values: Readonly<Record<string, boolean | number | string | null>> = $derived(
    Object.fromEntries(
      this.#parameters.flatMap(({ name, type, allowed }, at) => {
        const { text = '' } = this.fields[at] ?? {}
        const listed = allowed.kind === 'values' ? allowed.values.find((value) => valueText(value) === text) : undefined
        const value = listed ?? valueOf(type, text)
        return value === undefined ? [] : [[name, plainValue(value)]]
      }),
    ),
  )

  #chosen(): EmbedItem['templates'][number] | undefined {
    return this.item.templates.find(({ name }) => name === this.template)
  }

  /** Another template of the embed. */
  choose(template: string): void {
    this.template = template
    this.#typed = {}
    this.shown = undefined
  }

  /** Another value: rows of the one before are no longer what the tag shows. */
  set(name: string, text: string): void {
    this.#typed = { ...this.#typed, [name]: text }
    this.shown = undefined
  }

  /** Reads which loader this site serves. */
  async loadLoader(): Promise<void> {
    this.loaderError = undefined
    try {
      this.loader = await readLoader()
    } catch (error) {
      this.loaderError = toShownError(error)
    }
  }

  /** The tag; undefined while the loader is not known. */
  tag(origin: string): string | undefined {
    const { loader } = this
    return loader && tagSnippet({ ...this.#snippet(origin), loader, dataset: this.item.dataset })
  }

  /** The frame for editors that strip scripts; undefined where the embed is not for every site. */
  frame(origin: string): string | undefined {
    return this.isMinted || this.item.origins.length > 0 ? undefined : frameSnippet(this.#snippet(origin))
  }

  #snippet(origin: string) {
    const { item, look, values: parameters } = this
    const [, name = ''] = item.dataset.split('/')
    return {
      ...{ origin, grant: item.id, parameters, title: `Open ${name}`, ...look },
      template: item.templates.length > 1 ? this.template : undefined,
      ...(item.isMinted ? { grantUrl } : {}),
    }
  }

  /** What a page's policy must allow. */
  policy(origin: string): string {
    const { rpcUrls = [], relays = [] } = app.network ?? {}
    return policySnippet({ origin, rpcUrls, relays })
  }

  /** Shows the element itself, as a visitor gets it; it asks the present revision by this page's client. */
  async show(): Promise<void> {
    if (this.isMinted || this.fields.some(({ error }) => error !== undefined)) return
    this.shown = undefined
    await this.loadLoader()
    const { loader, item, template, values } = this
    if (loader === undefined) return
    try {
      await loadElement(loader.version)
      const { id: grant, dataset } = item
      this.shown = { ...{ dataset, grant, template, params: JSON.stringify(values) }, loading: 'eager', controls: '' }
    } catch (error) {
      this.loaderError = toShownError(error)
    }
  }

  /** Only its site's server lets visitors in. */
  get isMinted(): boolean {
    return this.item.isMinted
  }
}

function valueOf(type: Parameters<typeof parseParameter>[0], text: string): ParameterValue | undefined {
  const parsed = parseParameter(type, text)
  return 'value' in parsed ? parsed.value : undefined
}
