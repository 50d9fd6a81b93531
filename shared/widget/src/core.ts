/** The part that every widget needs once it begins; it loads the client itself. */
export { inPageTurn } from './core/page-turn.ts'
export { attachWidget } from './core/widget-controller.ts'
