/** One widget: asks what its attributes say, shows what was verified, looks again, and leaves nothing when it goes. */
import type { QueryProgress } from '@enigma/client/visitor'
import { fileNameOf } from '@enigma/result/file-formats'
import { saveFile } from '@enigma/result/save-file'
import { shownAttributes } from '../attributes.ts'
import type { AskSource } from '../client/ask.ts'
import type { Answer } from '../client/receive.ts'
import type { WidgetController, WidgetHost } from '../contract.ts'
import type { EnigmaResult, WidgetFormat } from '../element-types.ts'
import type { FilesModule } from '../files.ts'
import { createWidgetFrame, type WidgetFrame } from '../view/widget-frame.ts'
import { createLocalText, type LocalText } from '../view/local-text.ts'
import { type AnswerView, showAnswer } from '../view/show-answer.ts'
import { readLook, readSource, type WidgetLook } from './options.ts'
import { inPageTurn } from './page-turn.ts'
import { createRefreshTimer } from './refresh-timer.ts'
import { createWidgetAsking, type WidgetAsking } from './widget-asking.ts'
import { type ShownError, toShownError } from './widget-error.ts'

/** Rows that were due for a look this many times are called stale. */
const staleAfterLooks = 2
/** How often the age of stale rows is told anew. */
const ageStepMs = 30_000

/** Attaches the code to an element; nothing is asked before `run`. */
export function attachWidget(host: WidgetHost): WidgetController {
  return new Widget(host)
}

class Widget implements WidgetController {
  readonly #host: WidgetHost
  readonly #frame: WidgetFrame
  readonly #asking: WidgetAsking
  readonly #children: MutationObserver
  readonly #timer = createRefreshTimer({
    look: () => void this.run({ isRefresh: true }),
    isVisible: () => this.#isInView && document.visibilityState === 'visible',
  })
  readonly #onVisibility = () => this.#wake()
  #texts: LocalText = createLocalText('en')
  #running: AbortController | undefined
  #answer: Answer | undefined
  #source: AskSource | undefined
  #view: AnswerView | undefined
  #isTable = false
  #isInView = true
  #isChanged = false
  #failures = 0
  #ageTimer: ReturnType<typeof setInterval> | undefined

  constructor(host: WidgetHost) {
    this.#host = host
    this.#asking = createWidgetAsking(host)
    this.#frame = createWidgetFrame(host.root, {
      // A frame may not download: the reader saves where the dataset's own page shows it.
      canSave: host.authorize === undefined,
      onRefresh: () => void this.run({ isRefresh: true }),
      onAbort: () => this.abort(),
      onSubscribe: () => this.#subscribe(),
      onToggleTable: () => this.#toggleTable(),
      onSave: (format) => void this.#save(format),
    })
    this.#children = new MutationObserver(() => this.changed(undefined))
    this.#children.observe(host.element, { childList: true, subtree: true, characterData: true })
    document.addEventListener('visibilitychange', this.#onVisibility)
    this.#speak()
    this.#frame.showWait()
  }

  get columns() {
    return this.#answer?.rows.columns ?? []
  }

  get rows() {
    const { rows } = this.#answer ?? {}
    if (rows === undefined) return []
    return Array.from({ length: rows.rowCount }, (_, row) => rows.columns.map((_, column) => rows.value(row, column)))
  }

  async run({ isRefresh = false }: { isRefresh?: boolean } = {}): Promise<void> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.#timer.end()
    this.#frame.setBusy(true)
    try {
      if (!isRefresh) this.#forget()
      if (this.#answer === undefined) this.#host.setState('loading')
      const look = readLook(this.#host.element)
      this.#source = readSource(this.#host.element)
      const answer = await this.#ask(this.#source, running.signal)
      running.signal.throwIfAborted()
      this.#answer = answer
      this.#failures = 0
      await this.#show(look)
    } catch (error) {
      if (this.#running === running && !running.signal.aborted) this.#fail(toShownError(error))
    } finally {
      if (this.#running === running) {
        this.#running = undefined
        this.#frame.setBusy(false)
        this.#schedule()
      }
    }
  }

  abort(): void {
    if (this.#running === undefined) return
    this.#running.abort()
    this.#running = undefined
    this.#frame.setBusy(false)
    this.#frame.say('Stopped.')
    this.#host.setState(this.#answer === undefined ? 'idle' : 'stale')
    this.#schedule()
  }

  changed(attribute: string | undefined): void {
    this.#isChanged ||= attribute === undefined ? this.#hasOtherSql() : !shownAttributes.includes(attribute)
    // Several attributes of one turn are one change.
    queueMicrotask(() => this.#applyChange())
  }

  setInView(isInView: boolean): void {
    this.#isInView = isInView
    this.#wake()
  }

  async export(format: WidgetFormat): Promise<Blob> {
    if (this.#answer === undefined) throw new TypeError('There are no rows yet; wait for the event enigma-result.')
    const { writeFile } = await this.#host.load<FilesModule>(format === 'parquet' ? 'parquet' : 'files')
    return writeFile(this.#answer.rows, format)
  }

  end(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#timer.end()
    this.#children.disconnect()
    document.removeEventListener('visibilitychange', this.#onVisibility)
    this.#forget()
    this.#asking.end()
    this.#host.root.replaceChildren(document.createElement('slot'))
  }

  #ask(source: AskSource, signal: AbortSignal): Promise<Answer> {
    const onStep = ({ stage, text }: Pick<QueryProgress, 'text'> & { stage: string }) => {
      this.#host.emit('enigma-progress', { stage, text })
      if (this.#answer === undefined) this.#frame.showStatus('', `${text}…`)
    }
    onStep({ stage: 'load', text: 'starting the peer-to-peer client' })
    return this.#asking.ask(source, { signal, onStep })
  }

  async #show(look: WidgetLook): Promise<void> {
    const answer = this.#answer
    if (answer === undefined) return
    const view = await inPageTurn(() =>
      showAnswer({
        ...{ answer, look, texts: this.#texts, isTable: this.#isTable },
        caption: this.#caption(),
        say: (text) => this.#frame.say(text),
      }),
    )
    if (answer !== this.#answer) {
      view.end()
      return
    }
    this.#view?.end()
    this.#view = view
    this.#frame.showView(view.element)
    this.#showControls(look)
    this.#host.setState('ready')
    const result = this.#result(answer)
    this.#showFresh(result)
    this.#host.emit('enigma-result', result)
    this.#frame.say(`${this.#texts.number(result.rowCount)} rows, verified.`)
  }

  /** Rows of another question are not shown. */
  #forget(): void {
    clearInterval(this.#ageTimer)
    this.#answer = undefined
    this.#view?.end()
    this.#view = undefined
    this.#frame.showWait()
  }

  #showFresh({ rowCount, isTruncated }: EnigmaResult): void {
    clearInterval(this.#ageTimer)
    const cut = isTruncated ? ', cut at the limit' : ''
    this.#frame.showStatus('✓ verified', `${this.#texts.number(rowCount)} ${rowCount === 1 ? 'row' : 'rows'}${cut}`)
  }

  #result({ result, rows }: Answer): EnigmaResult {
    return {
      ...{ rowCount: result.rowCount, columns: rows.columns, isTruncated: result.isTruncated },
      ...{ ms: result.timings.totalMs, node: result.node.peerId, snapshot: result.facts.seq },
      ...{ snapshotAt: result.head.head.createdAt, verified: true },
    }
  }

  /** Rows that are shown stay, as stale ones; what the page's author or reader can do is said. */
  #fail({ code, message, hint, isLocked }: ShownError): void {
    this.#failures++
    this.#host.emit('enigma-error', { code, message, hint })
    if (this.#answer !== undefined && !isLocked && code !== 'setting-invalid') {
      this.#showStale(message)
      return
    }
    this.#forget()
    this.#frame.showNote({ kind: isLocked ? 'locked' : 'error', title: message, text: hint })
    this.#frame.showStatus('', '')
    this.#frame.say(message)
    this.#host.setState(isLocked ? 'locked' : 'error')
  }

  #showStale(why: string): void {
    const tell = () => {
      const age = this.#texts.ago(Date.now() - (this.#answer?.atMs ?? 0))
      this.#frame.showStatus('', `Stale: these rows came ${age}. ${why}`)
    }
    clearInterval(this.#ageTimer)
    this.#ageTimer = setInterval(tell, ageStepMs)
    tell()
    this.#frame.say(why)
    this.#host.setState('stale')
  }

  #schedule(): void {
    try {
      const { refreshMs } = readLook(this.#host.element)
      this.#timer.schedule(this.#answer === undefined && this.#failures === 0 ? undefined : refreshMs, this.#failures)
    } catch {
      // The attribute is wrong, which was told already: nothing is scheduled by it.
    }
  }

  /** It is seen again: what grew old meanwhile says so until the new rows are there. */
  #wake(): void {
    const { refreshMs } = this.#safeLook()
    const ageMs = Date.now() - (this.#answer?.atMs ?? Infinity)
    if (refreshMs !== undefined && ageMs > staleAfterLooks * refreshMs && document.visibilityState === 'visible') {
      this.#showStale('New ones are on their way.')
    }
    this.#timer.wake()
  }

  #applyChange(): void {
    const isChanged = this.#isChanged
    this.#isChanged = false
    this.#speak()
    if (isChanged) void this.run()
    else if (this.#running === undefined) void this.#showAgain()
  }

  async #showAgain(): Promise<void> {
    try {
      await this.#show(readLook(this.#host.element))
      this.#schedule()
    } catch (error) {
      this.#fail(toShownError(error))
    }
  }

  #hasOtherSql(): boolean {
    if (this.#source === undefined || this.#source.kind === 'grant' || this.#running !== undefined)
      return this.#source === undefined
    try {
      const now = readSource(this.#host.element)
      return now.kind !== 'grant' && now.sql !== this.#source.sql
    } catch {
      // The change takes the SQL away: asking again tells so.
      return true
    }
  }

  #speak(): void {
    const { element, settings } = this.#host
    const lang = element.closest<HTMLElement>('[lang]')?.lang ?? ''
    this.#texts = createLocalText(lang || (settings.locale ?? navigator.language))
    this.#frame.speak(this.#texts)
  }

  #showControls({ view }: WidgetLook): void {
    const isShown = this.#host.element.hasAttribute('controls')
    this.#frame.showControls(isShown, { canToggle: view !== 'table', isTable: this.#isTable })
  }

  #safeLook(): { refreshMs: number | undefined } {
    try {
      return readLook(this.#host.element)
    } catch {
      return { refreshMs: undefined }
    }
  }

  #toggleTable(): void {
    this.#isTable = !this.#isTable
    void this.#showAgain()
  }

  #subscribe(): void {
    const dataset = this.#host.element.getAttribute('dataset') ?? ''
    if (!this.#host.emit('enigma-subscribe', { dataset }, { cancelable: true })) return
    const page = new URL(`/d/${dataset.split('/').map(encodeURIComponent).join('/')}`, this.#host.base)
    window.open(page, '_blank', 'noopener')
  }

  async #save(format: WidgetFormat): Promise<void> {
    try {
      const blob = await this.export(format)
      const seq = this.#answer?.result.facts.seq
      saveFile(blob, fileNameOf({ dataset: this.#caption(), seq, atMs: Date.now(), format }))
    } catch (error) {
      this.#frame.say(toShownError(error).message)
    }
  }

  #caption(): string {
    const dataset = this.#host.element.getAttribute('dataset') ?? ''
    return this.#host.element.getAttribute('aria-label') ?? (dataset.replace(/^.*\//, '') || 'Result')
  }
}
