// Prints `N passed, N failed[, N skipped]` from vitest's JSON report, and fails if anything did or nothing ran.
import { existsSync, readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const report = file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
const tests = (report?.testResults ?? []).flatMap((suite) =>
  // A file that fails to load has no tests to count: it counts as one that failed.
  suite.status === 'failed' && suite.assertionResults.every((t) => t.status !== 'failed')
    ? [...suite.assertionResults, { status: 'failed' }]
    : suite.assertionResults,
);
const passed = tests.filter((t) => t.status === 'passed').length;
const failed = report ? tests.filter((t) => t.status === 'failed').length : 1;
const skipped = tests.length - passed - tests.filter((t) => t.status === 'failed').length;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
