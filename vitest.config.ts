import { defineConfig } from 'vitest/config';

// With UNETC_CASES or UNETC_RUNS (test/cases.ts) a property may take as long as it takes.
const { UNETC_CASES, UNETC_RUNS } = process.env;
const testTimeout = UNETC_CASES === undefined && UNETC_RUNS === undefined ? 120_000 : 3_600_000;

/** Folders of test/ by what their tests need; everything else is `engines`. Each test file is in exactly one project. */
const folders = {
  /** Nothing: pure functions, and files in a temporary folder. */
  unit: ['grammar', 'format', 'elaborate', 'import', 'compiler', 'schedule', 'drawing', 'data', 'samples'],
  /** Processes of the command line, the package, the editor. */
  cli: ['cli', 'editor', 'models', 'language'],
  /** A browser, where one is found. */
  browser: ['web'],
  /** The documentation's pages. */
  docs: ['docs', 'diagnostics', 'recovery', 'specs'],
} as const;

const filesOf = (names: readonly string[]): string[] => names.map((name) => `test/${name}/**/*.test.ts`);
/** These train on real engines, wherever they lie. */
const trained = ['test/compiler/chunked-step.test.ts', 'test/compiler/recompute.test.ts'];
const top = { unit: ['test/structure.test.ts'], cli: ['test/checks.test.ts', 'test/package.test.ts'] };
const placed = [...Object.values(folders).flatMap(filesOf), ...Object.values(top).flat()];
const elsewhere = placed.filter((pattern) => !pattern.startsWith('test/compiler/'));

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude },
});

export default defineConfig({
  test: {
    testTimeout,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/setup.ts'],
    projects: [
      project('unit', [...filesOf(folders.unit), ...top.unit], trained),
      project('cli', [...filesOf(folders.cli), ...top.cli]),
      project('browser', filesOf(folders.browser)),
      project('docs', filesOf(folders.docs)),
      project('engines', ['test/**/*.test.ts'], [...elsewhere, 'test/compiler/!(chunked-step|recompute).test.ts']),
    ],
  },
});
