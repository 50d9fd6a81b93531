/** Whether the page takes clicks yet: prerendered buttons stay disabled until then. */
class Hydration {
  isDone = $state(false)

  /** To be called once, when the root layout is mounted. */
  complete(): void {
    this.isDone = true
    document.documentElement.dataset['ready'] = ''
  }
}

export const hydration = new Hydration()
