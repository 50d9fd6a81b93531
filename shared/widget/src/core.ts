/** The part that every widget needs once it begins; it loads the client itself. */
export { attachWidget } from './core/widget-controller.ts'
