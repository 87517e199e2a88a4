/**
 * How many cases a property is tried with: a few, so that the suite stays quick, or as many as UNETC_CASES says
 * (`UNETC_CASES=10000 npx vitest run test/recovery test/format`).
 */
export const cases = (few: number): { readonly numRuns: number } => ({
  numRuns: process.env.UNETC_CASES === undefined ? few : Number(process.env.UNETC_CASES),
});
