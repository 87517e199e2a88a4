import fc from 'fast-check';
import { fixedSeed, times } from './cases.js';

// A property has the same cases in every run, so that what is red once is red again; a failure prints its seed and path.
fc.configureGlobal({ ...(fixedSeed === undefined ? {} : { seed: fixedSeed }), numRuns: 100 * times });
