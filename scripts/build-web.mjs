// `pnpm build`: builds the web app and the widget, unless they were built from these very sources already. The widget lies
// in the web app's folder, so that whoever serves the one serves the other.
import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { buildOnce, productionEnv, root } from './build-once.mjs'
import { buildWidget, widgetSources, widgetVersion } from './build-widget.mjs'

const web = join(root, 'apps/web')

await buildWidget()
await buildOnce({
  name: 'web app',
  directory: 'apps/web/build',
  sources: [
    'pnpm-lock.yaml',
    'tsconfig.base.json',
    ...['src/**', 'static/**', '*.{ts,json}'].map((pattern) => `apps/web/${pattern}`),
    ...widgetSources,
  ],
  build() {
    const vite = join(web, 'node_modules/vite/bin/vite.js')
    const { status } = spawnSync(process.execPath, [vite, 'build'], { cwd: web, stdio: 'inherit', env: productionEnv })
    if (status !== 0) process.exit(status ?? 1)
    const [built, served] = [join(root, 'shared/widget/dist'), join(web, 'build/widget')]
    for (const name of [widgetVersion, 'latest.json'])
      cpSync(join(built, name), join(served, name), { recursive: true })
  },
})
