// Predicted time against measured, for the runner of docs/performance.md: the table of bench/predicted.mjs.
import { distribution, measureAll, summary } from '../predicted/rows.mjs';

export const title = 'Predicted time: every preset, level and mode';

export async function measure({ rounds = 7, note = () => undefined }) {
  const kinds = await measureAll({ rounds, note });
  const percent = (x) => Number((100 * x).toFixed(1));
  const rows = kinds.flatMap((kind) => {
    const { median, p90, worst, within } = distribution(kind.rows);
    const of = `${kind.rows.length} networks, ${within} within 25 %`;
    return [
      { what: `${kind.name}: worst error`, figure: percent(worst), unit: '%', goal: { atMost: 25 }, note: of },
      { what: `${kind.name}: error that nine in ten do not pass`, figure: percent(p90), unit: '%' },
      { what: `${kind.name}: median error`, figure: percent(median), unit: '%' },
      { what: `${kind.name}: calibration`, figure: Number(kind.calibrationSeconds.toFixed(0)), unit: 's' },
    ];
  });
  return { rows, text: kinds.map((kind) => ['```', summary(kind), '```'].join('\n')).join('\n\n') };
}
