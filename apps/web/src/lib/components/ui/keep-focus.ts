/**
 * Keeps the focus at its place. Where a step is done, its button often goes, also while a dialog that it opened is still
 * shown; the browser then gives the focus to nobody, and who uses the keyboard or a screen reader begins anew at the top.
 */

const controls = 'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled'

/**
 * To be attached to what holds the buttons: it takes the focus itself where it has a `tabindex`, else what `heir` selects
 * in it, its first control when absent.
 */
export function keepFocus(element: HTMLElement, heir = controls): () => void {
  const { activeElement } = document
  let last = activeElement !== null && element.contains(activeElement) ? activeElement : undefined
  const onFocus = ({ target }: FocusEvent) => {
    if (!(target instanceof Element)) return
    if (element.contains(target)) last = target
    // A dialog gives the focus back.
    else if (target.closest('dialog') === null) last = undefined
  }
  const look = () => {
    if (last === undefined || !isNowhere()) return
    if (last.isConnected && !last.matches(':disabled')) return
    const next = element.hasAttribute('tabindex') ? element : element.querySelector<HTMLElement>(heir)
    next?.focus({ preventScroll: true })
  }
  const observer = new MutationObserver(look)
  observer.observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] })
  document.addEventListener('focusin', onFocus)
  // Does not bubble.
  document.addEventListener('close', look, true)
  return () => {
    observer.disconnect()
    document.removeEventListener('focusin', onFocus)
    document.removeEventListener('close', look, true)
  }
}

/** A browser leaves the focus on a disabled button until the next frame. */
function isNowhere(): boolean {
  const { activeElement, body } = document
  return activeElement === null || activeElement === body || activeElement.matches(':disabled')
}
