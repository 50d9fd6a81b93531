import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

const typed = {
  languageOptions: {
    parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] },
  },
}

export default ts.config(
  {
    ignores: [
      '**/node_modules/',
      '**/.svelte-kit/',
      '**/build/',
      'shared/*/dist/',
      'shared/widget/src/typings/',
      'apps/web/test-results/',
      'contracts/',
      'shared/chain/src/generated/',
      'bench/out/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte.ts'],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    ...typed,
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.test.ts', '**/*.spec.ts', '**/test/**/*.ts', '**/describe-*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.svelte'],
    extends: [...svelte.configs.recommended],
    languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser } },
    plugins: { '@typescript-eslint': ts.plugin },
    rules: {
      'svelte/no-at-html-tags': 'error',
      // The site lives at the root of its origin: there is no base path to resolve.
      'svelte/no-navigation-without-resolve': 'off',
      // svelte-check knows types; the plain rule does not tell a type's parameter from a value.
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: ['**/*.mjs', '**/*.cjs', '*.js'], languageOptions: { globals: globals.node } },
  {
    // Their types are checked where they are installed as a person would: scripts/sdk.test.ts.
    files: ['examples/**/*.{ts,tsx,js}'],
    extends: [ts.configs.recommended],
    languageOptions: { globals: globals.browser },
    rules: { 'no-console': 'off', '@typescript-eslint/triple-slash-reference': 'off' },
  },
  { files: ['examples/**/*.{ts,tsx}'], extends: [ts.configs.disableTypeChecked] },
  { files: ['apps/web/*.ts', 'vite.config.ts', 'playwright.config.ts'], extends: [ts.configs.disableTypeChecked] },
)
