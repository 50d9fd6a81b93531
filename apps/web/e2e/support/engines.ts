/**
 * Other browser engines, as people have them: Firefox by WebDriver BiDi, WebKitGTK by its WebDriver. Both are Debian's
 * own packages (`scripts/ensure-browsers.mjs` brings them); no engine is patched.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import puppeteer from 'puppeteer-core'

/** A page in one engine. `run` evaluates a function in it; what it closes over is not there. */
export type EnginePage = {
  goto: (url: string) => Promise<void>
  run: <Arguments extends readonly (string | number)[], Result>(
    work: (...parameters: Arguments) => Result,
    ...parameters: Arguments
  ) => Promise<Awaited<Result>>
  close: () => Promise<void>
}

export type EngineName = 'firefox' | 'webkit'

const firefoxPath = '/usr/bin/firefox-esr'
const webkitDriver = '/usr/bin/WebKitWebDriver'
const libraries = '/usr/lib'

/** Whether the engine is on this machine. */
export function isInstalled(name: EngineName): boolean {
  return name === 'firefox' ? existsSync(firefoxPath) : existsSync(webkitDriver) && miniBrowser() !== undefined
}

/** Starts the engine with an empty profile. */
export function openEngine(name: EngineName): Promise<EnginePage> {
  return name === 'firefox' ? openFirefox() : openWebkit()
}

async function openFirefox(): Promise<EnginePage> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: firefoxPath, headless: true })
  const page = await browser.newPage()
  return {
    async goto(url) {
      await page.goto(url)
    },
    run: (work, ...parameters) => page.evaluate(work as never, ...parameters),
    close: () => browser.close(),
  }
}

async function openWebkit(): Promise<EnginePage> {
  const [display, port] = await Promise.all([startDisplay(), freePort()])
  const env = { ...process.env, DISPLAY: display.name, WEBKIT_DISABLE_COMPOSITING_MODE: '1' }
  const driver = spawn(webkitDriver, [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore', env })
  const call = createDriverCalls(`http://127.0.0.1:${port}`)
  const close = async () => {
    await Promise.all([end(driver), end(display.process)])
  }
  try {
    const browserOptions = { binary: miniBrowser(), args: ['--automation'] }
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': browserOptions } }
    const { sessionId } = await call.untilUp<{ sessionId: string }>('/session', { capabilities })
    const session = `/session/${sessionId}`
    return {
      async goto(url) {
        await call.post(`${session}/url`, { url })
      },
      run: (work, ...parameters) =>
        call.post(`${session}/execute/sync`, { script: `return (${work.toString()})(...arguments)`, args: parameters }),
      async close() {
        await call.remove(session)
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function createDriverCalls(base: string) {
  const send = async <Result>(method: string, path: string, body?: unknown): Promise<Result> => {
    const response = await fetch(base + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const { value } = (await response.json()) as { value: Result & { error?: string; message?: string } }
    if (!response.ok) throw new Error(`webdriver: ${value.error ?? ''} ${value.message ?? ''}`)
    return value
  }
  const post = <Result>(path: string, body: unknown) => send<Result>('POST', path, body)
  return {
    post,
    remove: (path: string) => send('DELETE', path),
    /** The first call: the driver needs a moment to listen. */
    async untilUp<Result>(path: string, body: unknown): Promise<Result> {
      const deadline = Date.now() + 10_000
      for (;;) {
        try {
          return await post<Result>(path, body)
        } catch (error) {
          if (!(error instanceof TypeError) || Date.now() > deadline) throw error
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    },
  }
}

/** A display that nobody sees; Xvfb chooses its number and tells it on descriptor 3. */
async function startDisplay(): Promise<{ name: string; process: ChildProcess }> {
  const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const channel = xvfb.stdio[3]
  if (channel === null || channel === undefined) throw new TypeError('Xvfb has no descriptor 3')
  const [number] = (await once(channel, 'data')) as [Buffer]
  return { name: `:${number.toString().trim()}`, process: xvfb }
}

function miniBrowser(): string | undefined {
  return readdirSync(libraries)
    .filter((name) => name.endsWith('-linux-gnu'))
    .flatMap((name) =>
      readdirSync(`${libraries}/${name}`).map((folder) => `${libraries}/${name}/${folder}/MiniBrowser`),
    )
    .filter((path) => /webkit2?gtk-[\d.]+\/MiniBrowser$/.test(path) && existsSync(path))
    .at(-1)
}

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
