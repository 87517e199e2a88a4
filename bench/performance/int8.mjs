// What `build --quantize int8` is worth, for a page of figures: see bench/int8.mjs.
import { measure as measureInt8 } from '../int8/measure.mjs';

export const title = 'A model in whole numbers (int8) against the same in fp32';

/** @returns {Promise<{ rows: { what: string, figure: number, unit?: string, goal?: object, note?: string }[], text?: string }>} */
export const measure = ({ python, rounds, note }) => measureInt8({ python, rounds, note });
