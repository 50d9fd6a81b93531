/** One embed as a visitor would ask it: no wallet, a key of its own, the values that the templates allow. */
import { type EmbedLook, isRanged } from '#lib/embed/draft.ts'
import { firstAllowed, valueText } from '#lib/embed/describe-allowed.ts'
import { plainValue } from '#lib/embed/read-allowed.ts'
import { grantUrl } from '#lib/embed/server-snippet.ts'
import { policySnippet, tagSnippet, type WidgetLoader } from '#lib/embed/snippet.ts'
import type { ShownError } from '#lib/format/shown-error.ts'
import { type ParameterValue, parseParameter } from '#lib/sql/parse-parameter.ts'
import { app } from '../app.svelte.ts'
import { ChartState } from '../console/chart.svelte.ts'
import { type BeginQuery, QueryRunState } from '../console/query-run.svelte.ts'
import { ResultViewState } from '../console/result-view.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import { embedsClient } from './embeds-client.ts'
import type { EmbedItem } from './embeds.svelte.ts'
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
  readonly run = new QueryRunState()
  readonly view = new ResultViewState()
  readonly chart = new ChartState()
  look = $state.raw<EmbedLook>({ view: 'table', theme: 'auto' })
  loader = $state.raw<WidgetLoader>()
  loaderError = $state.raw<ShownError>()
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
    this.run.clear()
  }

  /** Another value: rows of the one before are no longer what the tag shows. */
  set(name: string, text: string): void {
    this.#typed = { ...this.#typed, [name]: text }
    this.run.clear()
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
    const { loader, item, look, values } = this
    if (loader === undefined) return undefined
    const [, name = ''] = item.dataset.split('/')
    return tagSnippet({
      ...{ origin, loader, dataset: item.dataset, grant: item.id, parameters: values, title: `Open ${name}`, ...look },
      template: item.templates.length > 1 ? this.template : undefined,
      ...(item.isMinted ? { grantUrl } : {}),
    })
  }

  /** What a page's policy must allow. */
  policy(origin: string): string {
    const { rpcUrls = [], relays = [] } = app.network ?? {}
    return policySnippet({ origin, rpcUrls, relays })
  }

  /** Asks the present revision, as the tag would. */
  async show(): Promise<void> {
    const template = this.#chosen()
    if (template === undefined || this.fields.some(({ error }) => error !== undefined)) return
    const { values: parameters } = this
    const grant = this.item.id
    const begin: BeginQuery = async (_, { signal, onProgress }) => {
      const embeds = await embedsClient()
      signal.throwIfAborted()
      // A page may have seen an older one: what was just paused is not to be shown.
      await embeds.find({ id: grant, isFresh: true, signal })
      return embeds.ask({ grant, template: template.name, parameters, signal, onProgress })
    }
    this.view.show(undefined)
    await this.run.run({ dataset: this.item.dataset, sql: template.sql, parameters: [], path: 'blind' }, begin)
  }
}

function valueOf(type: Parameters<typeof parseParameter>[0], text: string): ParameterValue | undefined {
  const parsed = parseParameter(type, text)
  return 'value' in parsed ? parsed.value : undefined
}
