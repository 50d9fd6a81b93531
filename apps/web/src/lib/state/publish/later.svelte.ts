/** More rows for a dataset that is listed: which table, which file, what becomes of the rows that are there. */
import type { Hex, Manifest, NodeRole } from '@enigma/protocol'
import type { ShownError } from '#lib/format/shown-error.ts'
import { type Draft, emptyDraft } from '#lib/publish/draft.ts'
import { fitColumns, type FittedColumns } from '#lib/publish/fit-columns.ts'
import { app } from '../app.svelte.ts'
import { toShownError } from '../to-shown-error.ts'
import { draft as first, type Reading } from './draft.svelte.ts'
import { publishStore } from './kept-here.ts'
import { publication } from './publication.svelte.ts'

export class LaterState {
  readonly path: string
  manifest = $state.raw<Manifest>()
  /** Whether the key that signs its rows is in this browser. */
  hasKey = $state<boolean>()
  error = $state.raw<ShownError>()
  /** Why the backup of a key was not taken. */
  keyError = $state.raw<ShownError>()
  table = $state('')
  mode = $state<'add' | 'replace'>('add')
  file = $state.raw<Draft['file']>()
  fit = $state.raw<FittedColumns>()
  reading = $state.raw<Reading>()
  fileError = $state.raw<ShownError>()
  #publisher: Hex | undefined
  #file: File | undefined
  #reader: AbortController | undefined

  constructor(path: string) {
    this.path = path
  }

  /** The chosen table as the manifest has it. */
  readonly chosen: Manifest['tables'][number] | undefined = $derived(
    this.manifest?.tables.find(({ name }) => name === this.table),
  )

  /** Reads the dataset, and looks for its key here. */
  async load(): Promise<void> {
    this.error = undefined
    try {
      const client = await app.client()
      const { manifest, config } = await client.dataset(this.path, { isNodeNeeded: false })
      this.#publisher = config.publisher
      this.hasKey = (await (await publishStore()).key(config.publisher)) !== undefined
      this.manifest = manifest
      this.choose(manifest.tables[0]?.name ?? '')
    } catch (error) {
      this.error = toShownError(error)
    }
  }

  /** Another table; a file that was read for the one before must be read anew. */
  choose(table: string): void {
    this.table = table
    this.mode = this.chosen?.key === undefined ? 'replace' : 'add'
    this.file = undefined
    this.fit = undefined
  }

  /** Takes the key from its backup; another one than the chain names is refused. */
  async takeKey(file: File): Promise<void> {
    this.keyError = undefined
    try {
      const { readPublisherKey } = await import('./publish-work.ts')
      const key = await readPublisherKey(file, Date.now())
      if (key === undefined || key.address !== this.#publisher) {
        this.keyError = {
          message:
            'This file does not hold the key of this dataset’s rows; choose the copy that you saved when you published.',
        }
        return
      }
      const store = await publishStore()
      // What is known of the key here stays.
      if ((await store.key(key.address)) === undefined) await store.keepKey(key)
      this.hasKey = true
    } catch (error) {
      this.keyError = toShownError(error)
    }
  }

  /** Reads a file and lays its columns beside those of the table. */
  async read(file: File): Promise<void> {
    const table = this.chosen
    if (table === undefined) return
    this.#reader?.abort()
    const reader = new AbortController()
    this.#reader = reader
    this.fileError = undefined
    this.reading = { bytesRead: 0, totalBytes: file.size, rows: 0 }
    try {
      const { readDraftFile } = await import('./read-draft-file.ts')
      const found = await readDraftFile(file, { columns: [], key: [] }, ({ bytesRead, rows }) => {
        reader.signal.throwIfAborted()
        this.reading = { bytesRead, totalBytes: file.size, rows }
      })
      if (reader.signal.aborted) return
      this.#file = file
      this.file = found.file
      this.fit = fitColumns(table.columns, found.columns, found.file?.format === 'parquet')
    } catch (error) {
      if (!reader.signal.aborted) this.fileError = toShownError(error)
    } finally {
      if (!reader.signal.aborted) this.reading = undefined
    }
  }

  /** Makes the next snapshot and brings it to the dataset's nodes. */
  async publish(): Promise<void> {
    const { manifest, chosen, fit, file } = this
    if (manifest === undefined || chosen === undefined || fit === undefined || this.#publisher === undefined) return
    if (fit.missing.length > 0 || this.#file === undefined) return
    first.retake(this.#file)
    await publication.beginLater({
      path: this.path,
      publisher: this.#publisher,
      peerIds: manifest.nodes.filter(({ roles }) => servesRows(roles)).map(({ peerId }) => peerId),
      mode: this.mode,
      draft: {
        ...{ ...emptyDraft, file, columns: fit.columns, key: [...(chosen.key ?? [])], table: chosen.name },
        ...{ name: manifest.name, title: manifest.title },
        sampleRows: manifest.sample.some(({ table, rows }) => table === chosen.name && rows > 0) ? '1' : '',
      },
    })
  }
}

const servesRows = (roles: readonly NodeRole[]) => roles.includes('persistence')
