// `npm run test:deep [-- vitest arguments]`: every property on a random seed with ten times its cases. Takes an hour or more; a failure
// prints its seed, which UNETC_SEED=SEED repeats.
process.env.UNETC_SEED ??= 'random';
process.env.UNETC_RUNS ??= '10';
await import('./test.mjs');
