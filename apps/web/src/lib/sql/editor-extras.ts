/** What the editor has beyond typing: completion, search, and marks of what is wrong. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  type Completion,
  type CompletionContext,
  completionKeymap,
  type CompletionResult,
} from '@codemirror/autocomplete'
import { setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension, Prec } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { completeSql, type SqlCompletion } from './complete-sql.ts'
import type { SqlSchema } from './schema.ts'

export { setDiagnostics }

/** What kinds are called for those who hear the list. */
const types = { column: 'property', table: 'class', function: 'function', keyword: 'keyword' } as const

export function editorExtras(schema: () => SqlSchema | undefined): Extension {
  return [
    autocompletion({ override: [(context) => complete(context, schema())], icons: false, maxRenderedOptions: 60 }),
    closeBrackets(),
    highlightSelectionMatches(),
    // A wrong mark is worse than none: what was said about a text is not said about the next one.
    EditorState.transactionExtender.of((transaction) =>
      transaction.docChanged ? setDiagnostics(transaction.startState, []) : null,
    ),
    EditorView.theme({}),
    Prec.high(keymap.of([{ key: 'Tab', run: acceptCompletion }])),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...searchKeymap]),
  ]
}

function complete(context: CompletionContext, schema: SqlSchema | undefined): CompletionResult | null {
  if (schema === undefined) return null
  const found = completeSql(context.state.doc.toString(), context.pos, schema)
  const isAsked = context.explicit || context.matchBefore(/[\w."]$/) !== null
  if (found === undefined || !isAsked) return null
  return { from: found.from, options: found.options.map(toCompletion), validFor: /^"?[\w$]*$/ }
}

function toCompletion({ label, apply, kind, detail, info, boost }: SqlCompletion): Completion {
  return {
    label,
    boost,
    type: types[kind],
    ...(apply === undefined ? {} : { apply }),
    ...(detail === undefined ? {} : { detail }),
    ...(info === undefined ? {} : { info }),
  }
}
