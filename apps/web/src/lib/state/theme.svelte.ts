/** Light, dark, or as the system says; kept for the next visit. `app.html` sets it before the first paint. */
export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageKey = 'enigma-theme'

class ThemeState {
  current = $state<Theme>('auto')

  /** Takes up what was chosen before. */
  restore(): void {
    const chosen = document.documentElement.dataset['theme']
    this.current = chosen === 'light' || chosen === 'dark' ? chosen : 'auto'
  }

  choose(theme: Theme): void {
    this.current = theme
    if (theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
    try {
      localStorage.setItem(storageKey, theme)
    } catch {
      // Storage is refused: the choice lasts as long as the page.
    }
  }
}

export const theme = new ThemeState()
