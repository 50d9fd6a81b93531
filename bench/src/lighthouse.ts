/** `bench lighthouse`: every page of the web app as a phone loads it; the median of three runs, against goals. */
import { launch } from 'chrome-launcher'
import lighthouse, { type Result } from 'lighthouse'
import { chromiumFlags, chromiumPath } from './launch-chromium.ts'
import type { Bench } from './report.ts'
import { type WebApp, withWebApp } from './with-web-app.ts'

const runs = 3
const maxAttempts = 4
const categories = ['performance', 'accessibility', 'best-practices', 'seo'] as const
type Category = (typeof categories)[number]
type Goals = Record<Category, number>

const goals: Goals = { performance: 95, accessibility: 100, 'best-practices': 100, seo: 95 }
const consoleGoals: Goals = { ...goals, performance: 90 }

type Visit = { page: string; url: string; goals: Goals }
type Measured = Record<Category | 'lcpMs' | 'tbtMs' | 'cls', number> & { failed: string[] }

/** Takes the address of a network that runs; starts its own without. */
export const lighthouseBench: Bench = ({ arguments: [address], onProgress }) =>
  withWebApp({ address, onProgress }, async (app) => {
    const measured: (Visit & Measured)[] = []
    for (const visit of visitsOf(app)) {
      const all: Measured[] = []
      for (let run = 0; run < runs; run++) all.push(await measureWhole(visit.url))
      measured.push({ ...visit, ...medianOf(all) })
      onProgress(`${visit.page}: ${JSON.stringify(medianOf(all))}`)
    }
    return reportOf(measured)
  })

function visitsOf({ base, candles }: WebApp): Visit[] {
  const pages = ['/', `/d/${candles}`, '/subscriptions', '/publish', '/curator', '/network']
  return [
    ...pages.map((page) => ({ page: page.startsWith('/d/') ? '/d/…' : page, url: `${base}${page}`, goals })),
    { page: '/console', url: `${base}/console?dataset=${candles}`, goals: consoleGoals },
  ]
}

/** On a busy machine Lighthouse may miss the beginning of a visit, or its largest paint; such a visit is no measurement. */
async function measureWhole(url: string): Promise<Measured> {
  for (let attempt = 1; ; attempt++) {
    const measured = await measure(url)
    if (Number.isFinite(measured.lcpMs) && measured.performance > 0) return measured
    if (attempt === maxAttempts) throw new Error(`Lighthouse saw no whole visit of ${url} in ${maxAttempts} attempts`)
  }
}

/** One cold visit by a fresh Chromium, in Lighthouse's mobile emulation. */
async function measure(url: string): Promise<Measured> {
  const chrome = await launch({
    chromePath: chromiumPath(),
    chromeFlags: ['--headless=new', ...chromiumFlags],
  })
  try {
    const outcome = await lighthouse(url, { port: chrome.port, onlyCategories: [...categories], logLevel: 'error' })
    if (outcome === undefined) throw new Error(`lighthouse gave no result for ${url}`)
    return toMeasured(outcome.lhr)
  } finally {
    chrome.kill()
  }
}

function toMeasured({ categories: scores, audits }: Result): Measured {
  const score = (category: Category) => Math.round((scores[category]?.score ?? 0) * 100)
  const value = (id: string) => audits[id]?.numericValue ?? Number.NaN
  const weighed = categories
    .filter((category) => category !== 'performance')
    .flatMap((category) => scores[category]?.auditRefs.filter(({ weight }) => weight > 0) ?? [])
  return {
    performance: score('performance'),
    accessibility: score('accessibility'),
    'best-practices': score('best-practices'),
    seo: score('seo'),
    lcpMs: value('largest-contentful-paint'),
    tbtMs: value('total-blocking-time'),
    cls: value('cumulative-layout-shift'),
    failed: weighed.map(({ id }) => id).filter((id) => (audits[id]?.score ?? 1) < 1),
  }
}

function medianOf(all: readonly Measured[]): Measured {
  const middle = (key: Exclude<keyof Measured, 'failed'>) =>
    all.map((each) => each[key]).toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN
  return {
    performance: middle('performance'),
    accessibility: middle('accessibility'),
    'best-practices': middle('best-practices'),
    seo: middle('seo'),
    lcpMs: middle('lcpMs'),
    tbtMs: middle('tbtMs'),
    cls: middle('cls'),
    failed: [...new Set(all.flatMap(({ failed }) => failed))],
  }
}

function reportOf(measured: readonly (Visit & Measured)[]) {
  const cell = (visit: Visit & Measured, category: Category) =>
    `${visit[category]}${visit[category] < visit.goals[category] ? ` (goal ${visit.goals[category]})` : ''}`
  return {
    tables: [
      {
        title: `Lighthouse, mobile, median of ${runs}`,
        head: ['page', ...categories, 'LCP', 'TBT', 'CLS', 'failed audits'],
        rows: measured.map((visit) => [
          visit.page,
          ...categories.map((category) => cell(visit, category)),
          `${visit.lcpMs.toFixed(0)} ms`,
          `${visit.tbtMs.toFixed(0)} ms`,
          visit.cls.toFixed(3),
          visit.failed.join(' ') || '–',
        ]),
      },
    ],
    notes: ['The demo network and the browser share this machine; Lighthouse throttles network and CPU by simulation.'],
    figures: measured.map(({ goals: _, ...visit }) => visit),
    isMet: measured.every((visit) => categories.every((category) => visit[category] >= visit.goals[category])),
  }
}
