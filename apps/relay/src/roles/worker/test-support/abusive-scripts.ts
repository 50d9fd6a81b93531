/** Scripts that try what a curation script must not do, and the code with which each run is refused. */
import type { ErrorCode } from '@enigma/protocol'

export type AbusiveScript = { name: string; source: string; code: ErrorCode }

/** A script whose generator does `body`. */
export function scriptOf(body: string, before = ''): string {
  return `${before}\nexport default async function* curate(ctx) {\n${body}\n}`
}

const failing: [name: string, source: string][] = [
  ['throws', scriptOf("throw new Error('boo')")],
  ['throws what is no error', scriptOf('throw { toString() { throw 1 } }')],
  [
    'rejects outside its generator',
    scriptOf('Promise.reject(new Error("late")); await new Promise(() => setTimeout(() => 0, 5000))'),
  ],
  ['has no default export', 'export const curate = 1'],
  ['has a default export that is no function', 'export default 5'],
  ['yields nothing that can be iterated', 'export default () => 5'],
  ['is not TypeScript', 'export default async function* ('],
  ['exits', scriptOf('Deno.exit(0)')],
  ['exits by node:process', scriptOf("const { default: process } = await import('node:process'); process.exit(0)")],
  ['writes to standard output', scriptOf("await Deno.stdout.write(new TextEncoder().encode('hello\\n'))")],
  [
    'says that it is done and goes on',
    scriptOf(`await Deno.stdout.write(new TextEncoder().encode('["done"]\\n["row",{"id":1}]\\n'))`),
  ],
  [
    'imports a file as text',
    scriptOf('yield { id: 1, text: t }', 'import t from "file:///etc/hostname" with { type: "text" }'),
  ],
  [
    'imports a path as text',
    scriptOf('yield { id: 1, text: t }', 'import t from "/etc/hostname" with { type: "text" }'),
  ],
  [
    'imports a file as bytes',
    scriptOf('yield { id: t.length }', 'import t from "file:///etc/passwd" with { type: "bytes" }'),
  ],
  [
    'imports a file as JSON',
    scriptOf(
      'yield { id: 1, text: JSON.stringify(t) }',
      'import t from "file:///work/main/package.json" with { type: "json" }',
    ),
  ],
  [
    'imports a file as text while it runs',
    scriptOf(
      'const t = await import("file:///etc/hostname", { with: { type: "text" } }); yield { id: 1, text: t.default }',
    ),
  ],
  ['imports a local module', scriptOf('await import("file:///work/main/scripts/require-node.mjs")')],
  [
    'imports from a nested data: URL',
    scriptOf(
      `await import('data:text/javascript,import t from "file:///etc/hostname" with {type:"text"}; export default t')`,
    ),
  ],
  ['imports from the web', scriptOf('await import("https://deno.land/std/version.ts")')],
  ['imports from npm', scriptOf('await import("npm:lodash")')],
  ['imports from jsr', scriptOf('await import("jsr:@std/path")')],
  ['reads a file', scriptOf('yield { id: 1, text: await Deno.readTextFile("/etc/hostname") }')],
  [
    'reads a file by node:fs',
    scriptOf("const fs = await import('node:fs'); yield { id: 1, text: fs.readFileSync('/etc/hostname', 'utf8') }"),
  ],
  ['reads its memory map', scriptOf('yield { id: 1, text: await Deno.readTextFile("/proc/self/maps") }')],
  ['writes a file', scriptOf('await Deno.writeTextFile("/tmp/enigma-abuse", "x")')],
  ['lists a directory', scriptOf('for await (const entry of Deno.readDir("/")) yield { id: 1, text: entry.name }')],
  ['reads the environment', scriptOf('yield { id: 1, text: JSON.stringify(Deno.env.toObject()) }')],
  [
    'reads the environment by node:process',
    scriptOf(
      "const { default: process } = await import('node:process'); yield { id: 1, text: String(process.env.PATH) }",
    ),
  ],
  ['runs a program', scriptOf('await new Deno.Command("/bin/true").output()')],
  [
    'runs a program by node:child_process',
    scriptOf("const c = await import('node:child_process'); c.execSync('true')"),
  ],
  ['kills a process', scriptOf('Deno.kill(1, "SIGKILL")')],
  ['connects by TCP', scriptOf('await Deno.connect({ hostname: "127.0.0.1", port: 22 })')],
  ['fetches by itself', scriptOf('await fetch("http://127.0.0.1:1/")')],
  ['fetches a file: URL', scriptOf('yield { id: 1, text: await (await fetch("file:///etc/hostname")).text() }')],
  ['listens', scriptOf('Deno.listen({ port: 0 })')],
  [
    'opens a WebSocket',
    scriptOf('new WebSocket("ws://127.0.0.1:1/"); await new Promise((_, reject) => setTimeout(reject, 200))'),
  ],
  ['asks the DNS', scriptOf('await Deno.resolveDns("example.com", "A")')],
  ['loads a native library', scriptOf('Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } })')],
  [
    'asks for permission',
    scriptOf(
      'const { state } = await Deno.permissions.request({ name: "read" }); if (state !== "granted") throw new Error(state)',
    ),
  ],
  ['reads the machine', scriptOf('yield { id: 1, text: Deno.hostname() }')],
  [
    'opens SQLite by node:sqlite',
    scriptOf("const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync('/tmp/enigma-abuse.sqlite')"),
  ],
  ['keeps things in local storage', scriptOf('localStorage.setItem("a", "b")')],
  ['keeps things in a cache', scriptOf('await caches.open("a")')],
]

const timingOut: [name: string, source: string][] = [
  ['loops', scriptOf('for (;;);')],
  ['loops while it is imported', 'for (;;); export default 1'],
  ['waits for ever', scriptOf('await new Promise(() => setInterval(() => 0, 1000))')],
  ['backtracks in a regular expression', scriptOf('/^(a+)+$/.test("a".repeat(40) + "b")')],
  ['cannot be told to end', scriptOf('Deno.addSignalListener("SIGTERM", () => 0); for (;;);')],
]

const takingMemory: [name: string, source: string][] = [
  ['fills the heap', scriptOf('const kept = []; for (;;) kept.push({ at: Math.random(), text: "a" + Math.random() })')],
  ['allocates ArrayBuffers', scriptOf('const kept = []; for (;;) kept.push(new Uint8Array(1e7).fill(1))')],
  [
    'allocates WebAssembly memory',
    scriptOf(
      'const kept = []; for (;;) { const m = new WebAssembly.Memory({ initial: 1000 }); new Uint8Array(m.buffer).fill(1); kept.push(m) }',
    ),
  ],
  ['makes one large buffer', scriptOf('new Uint8Array(3e9).fill(1)')],
  ['makes one large text', scriptOf('let text = "x"; for (;;) text += text')],
]

const flooding: [name: string, source: string][] = [
  ['yields without end', scriptOf('for (;;) yield { id: 1 }')],
  ['yields one enormous row', scriptOf('yield { id: 1, text: "x".repeat(5e6) }')],
  [
    'writes one line without end',
    scriptOf('const bytes = new Uint8Array(65536).fill(120); for (;;) await Deno.stdout.write(bytes)'),
  ],
  [
    'writes to standard error without end',
    scriptOf('const bytes = new Uint8Array(65536).fill(10); for (;;) await Deno.stderr.write(bytes)'),
  ],
  ['logs without end', scriptOf('for (;;) ctx.log("x")')],
  [
    'fetches everything at once',
    scriptOf('await Promise.all(Array.from({ length: 50 }, () => ctx.fetch("https://exchange.demo/slow")))'),
  ],
  ['fetches without end', scriptOf('for (;;) await ctx.fetch("https://exchange.demo/ok")')],
]

const refusedHosts: [name: string, source: string][] = [
  ['an undeclared host', scriptOf('await ctx.fetch("https://undeclared.example/")')],
  [
    'an undeclared host, and hides it',
    scriptOf('try { await ctx.fetch("https://undeclared.example/") } catch {} yield { id: 1 }'),
  ],
  ['an undeclared port of a declared host', scriptOf('await ctx.fetch("https://public.demo:8443/")')],
  ['loopback by address', scriptOf('await ctx.fetch("https://127.0.0.1/")')],
  ['loopback in another notation', scriptOf('await ctx.fetch("https://0x7f.1/")')],
  ['loopback by name', scriptOf('await ctx.fetch("https://localhost/")')],
  ['the metadata service', scriptOf('await ctx.fetch("https://169.254.169.254/latest/meta-data/")')],
  ['a name that resolves to a private address', scriptOf('await ctx.fetch("https://private.demo/")')],
  ['a name that resolves to a public and a loopback address', scriptOf('await ctx.fetch("https://mixed.demo/")')],
  ['a name that resolves to a mapped address', scriptOf('await ctx.fetch("https://mapped.demo/")')],
  ['a name that resolves to a unique local address', scriptOf('await ctx.fetch("https://local6.demo/")')],
  ['a declared host without TLS', scriptOf('await ctx.fetch("http://public.demo/")')],
  ['a host with a password in the URL', scriptOf('await ctx.fetch("https://user:secret@exchange.demo/ok")')],
  ['another scheme', scriptOf('await ctx.fetch("file:///etc/passwd")')],
  ['what is no URL', scriptOf('await ctx.fetch("exchange")')],
  [
    'a redirect to an undeclared host',
    scriptOf('await ctx.fetch("https://exchange.demo/redirect?to=https://undeclared.example/")'),
  ],
  [
    'a redirect to a private host',
    scriptOf('await ctx.fetch("https://exchange.demo/redirect?to=https://private.demo/")'),
  ],
  ['a redirect to loopback', scriptOf('await ctx.fetch("https://exchange.demo/redirect?to=http://127.0.0.1/")')],
  ['a redirect to a file', scriptOf('await ctx.fetch("https://exchange.demo/redirect?to=file:///etc/passwd")')],
]

const failingFetches: [name: string, source: string][] = [
  ['is redirected for ever', scriptOf('await ctx.fetch("https://exchange.demo/loop")')],
  ['sets the host header', scriptOf('await ctx.fetch("https://exchange.demo/ok", { headers: { Host: "other" } })')],
  ['smuggles a header', scriptOf('await ctx.fetch("https://exchange.demo/ok", { headers: { a: "b\\r\\nc: d" } })')],
  ['uses a method that changes things', scriptOf('await ctx.fetch("https://exchange.demo/ok", { method: "DELETE" })')],
  ['is answered with more than is read', scriptOf('await ctx.fetch("https://exchange.demo/large")')],
  ['is answered with a bomb of gzip', scriptOf('await ctx.fetch("https://exchange.demo/bomb")')],
]

const wrongRows: [name: string, source: string][] = [
  ['yields a text for a number', scriptOf('yield { id: 1 }; yield { id: "one" }')],
  ['yields a fraction for a whole number', scriptOf('yield { id: 1.5 }')],
  ['yields what is not finite', scriptOf('yield { id: 1, price: NaN }')],
  ['yields more digits than are declared', scriptOf('yield { id: 1, amount: "1.234" }')],
  ['yields an undeclared column', scriptOf('yield { id: 1, secret: 2 }')],
  ['yields for an undeclared table', scriptOf('yield ["others", { id: 1 }]')],
  ['yields what is no row', scriptOf('yield 5')],
  ['yields no key', scriptOf('yield { text: "x" }')],
  ['yields an invalid date', scriptOf('yield { id: 1, at: new Date(NaN) }')],
  ['yields a time without zone', scriptOf('yield { id: 1, at: "2026-01-01T00:00:00" }')],
]

const group = (code: ErrorCode, scripts: readonly [name: string, source: string][], verb = ''): AbusiveScript[] =>
  scripts.map(([name, source]) => ({ name: `${verb}${name}`, source, code }))

/** The whole corpus. */
export const abusiveScripts: readonly AbusiveScript[] = [
  ...group('script-failed', failing),
  ...group('script-failed', failingFetches),
  ...group('script-timeout', timingOut),
  ...group('script-memory', takingMemory),
  ...group('script-flood', flooding),
  ...group('host-refused', refusedHosts, 'fetches '),
  ...group('rows-invalid', wrongRows),
]
