import { defineConfig } from 'vitest/config';

// With UNETC_CASES (test/cases.ts) a property may take as long as it takes.
const testTimeout = process.env.UNETC_CASES === undefined ? 120_000 : 3_600_000;

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], testTimeout, hookTimeout: 120_000, pool: 'forks', maxWorkers: 2 },
});
