/** Cases of each property beside what its test asks for: 10 with `npm run test:deep`. */
export const times = Number(process.env.UNETC_RUNS ?? 1);

/** The seed of every property: fixed, unless UNETC_SEED is another one, or `random`. */
export const fixedSeed = process.env.UNETC_SEED === 'random' ? undefined : Number(process.env.UNETC_SEED ?? 20261201);

/**
 * How many cases a property is tried with: a few, so that the suite stays quick, or as many as UNETC_CASES says
 * (`UNETC_CASES=10000 npx vitest run test/recovery test/format`).
 */
export const cases = (few: number): { readonly numRuns: number } => ({
  numRuns: process.env.UNETC_CASES === undefined ? few * times : Number(process.env.UNETC_CASES),
});
