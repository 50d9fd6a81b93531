/**
 * The SQL editor: CodeMirror in a shadow root, where its styles are adopted sheets and no `<style>` element, which the
 * site's policy would refuse. What is not needed before typing (completion, search, marks) is loaded when it is entered.
 */
import { history, historyKeymap, indentLess, indentMore, standardKeymap, toggleComment } from '@codemirror/commands'
import { bracketMatching, LanguageSupport, syntaxHighlighting } from '@codemirror/language'
import { SQLDialect } from '@codemirror/lang-sql'
import { Compartment, EditorState, Prec } from '@codemirror/state'
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view'
import { once } from '#lib/format/once.ts'
import { editorTheme, sqlHighlight } from './editor-theme.ts'
import { keywords, typeNames } from './keywords.ts'
import type { SqlSchema } from './schema.ts'

export type SqlMark = { from: number; to: number; message: string }

export type SqlEditor = {
  readonly text: string
  /** Replaces everything, as one step that can be undone. */
  setText: (text: string) => void
  /** Puts a text where the cursor is, and the cursor behind it. */
  insert: (text: string) => void
  /** Shows what is wrong at its place; the next change of the text takes the marks away. */
  mark: (marks: readonly SqlMark[]) => void
  focus: (place?: { from: number; to: number }) => void
  destroy: () => void
}

export type CreateSqlEditorParameters = {
  /** An empty element; it becomes the host of the shadow root. */
  host: HTMLElement
  text: string
  selection: { from: number; to: number }
  label: string
  /** How to get out, for screen readers; the same stands beside the editor. */
  description: string
  /** Asked at each completion: it may not be there yet. */
  schema: () => SqlSchema | undefined
  onChange: (text: string) => void
  onRun: () => void
}

/** As DuckDB speaks it, as far as colours go; what may be asked the node decides. */
const dialect = SQLDialect.define({
  keywords: keywords.join(' '),
  types: typeNames.join(' '),
  operatorChars: '*+-%<>!=~/|&^',
  specialVar: '$',
  identifierQuotes: '"',
})

/** Creates the editor; the rest of it is loaded when somebody enters it, or something is wrong in it. */
export function createSqlEditor(parameters: CreateSqlEditorParameters): SqlEditor {
  const { host, text, selection } = parameters
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  root.append(createDescription(parameters.description))
  const extras = new Compartment()
  const loadRest = once(() => loadExtras(view, extras, parameters))
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      selection: { anchor: selection.from, head: selection.to },
      extensions: [
        ...coreExtensions(parameters),
        extras.of([]),
        EditorView.domEventHandlers({ focus: () => void loadRest() }),
      ],
    }),
  })
  let hasMarks = false
  return {
    get text() {
      return view.state.doc.toString()
    },
    setText(next) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } })
    },
    insert(inserted) {
      view.dispatch(view.state.replaceSelection(inserted), { scrollIntoView: true })
      view.focus()
    },
    mark(marks) {
      if (!hasMarks && marks.length === 0) return
      hasMarks = true
      void loadRest().then((lint) => {
        if (lint === undefined) return
        const length = view.state.doc.length
        const diagnostics = marks
          .filter(({ from, to }) => from < to && to <= length)
          .map((each) => ({ ...each, severity: 'error' as const }))
        view.dispatch(lint.setDiagnostics(view.state, diagnostics))
      })
    },
    focus(place) {
      if (place !== undefined && place.to <= view.state.doc.length) {
        view.dispatch({ selection: { anchor: place.from, head: place.to }, scrollIntoView: true })
      }
      view.focus()
    },
    destroy() {
      view.destroy()
    },
  }
}

/** Within the shadow root: what describes an element must be in its tree. */
const descriptionId = 'description'

function createDescription(text: string): HTMLElement {
  const element = document.createElement('p')
  element.id = descriptionId
  element.hidden = true
  element.textContent = text
  return element
}

function coreExtensions({ label, onChange, onRun }: CreateSqlEditorParameters) {
  const run = () => {
    onRun()
    return true
  }
  return [
    editorTheme,
    syntaxHighlighting(sqlHighlight),
    new LanguageSupport(dialect.language),
    history(),
    drawSelection(),
    bracketMatching(),
    EditorView.lineWrapping,
    placeholder('SELECT …'),
    EditorView.contentAttributes.of({
      ...{ 'aria-label': label, 'aria-describedby': descriptionId },
      ...{ spellcheck: 'false', autocapitalize: 'off' },
    }),
    Prec.highest(keymap.of([{ key: 'Mod-Enter', run, preventDefault: true }])),
    keymap.of([
      ...standardKeymap,
      ...historyKeymap,
      { key: 'Mod-/', run: toggleComment },
      // Escape and then Tab leaves the editor: CodeMirror itself lets the key pass for two seconds after Escape.
      { key: 'Tab', run: indentMore, shift: indentLess },
    ]),
    EditorView.domEventHandlers({ beforeinput: (event, view) => typeOverSelection(event, view) }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString())
    }),
  ]
}

/**
 * Typing over a selection is done here: Chromium would keep the look of what it replaces in a `style` attribute, which the
 * site's policy refuses, loudly.
 */
function typeOverSelection(event: InputEvent, view: EditorView): boolean {
  const { main, ranges } = view.state.selection
  const { data, inputType, isComposing } = event
  if (inputType !== 'insertText' || data === null || isComposing || main.empty || ranges.length > 1) return false
  event.preventDefault()
  const insert = () => view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type' })
  const handlers = view.state.facet(EditorView.inputHandler)
  if (!handlers.some((handle) => handle(view, main.from, main.to, data, insert))) view.dispatch(insert())
  return true
}

type Lint = Awaited<typeof import('./editor-extras.ts')>

async function loadExtras(
  view: EditorView,
  extras: Compartment,
  { schema }: CreateSqlEditorParameters,
): Promise<Lint | undefined> {
  try {
    const lint = await import('./editor-extras.ts')
    view.dispatch({ effects: extras.reconfigure(lint.editorExtras(schema)) })
    return lint
  } catch {
    // Offline in the middle of loading: one can type and run, only without completion and marks.
    return undefined
  }
}
