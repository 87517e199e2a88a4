import { secondsOf } from '../../compiler/4-schedule/time/index.js';
import type { Calibrated } from '../../runtime/calibrate/index.js';

/** How fast one class of operators was, over all networks measured. */
export interface Finding {
  readonly operators: string;
  /** A multiply-accumulate is two. */
  readonly gflops?: number;
  readonly gbs?: number;
  /** Microseconds that starting one takes. */
  readonly overhead?: number;
}

/** What a calibration found, by class of operators; those that cost nothing measurable are left out. */
export function findings({ profile, measurements }: Calibrated): Finding[] {
  const total = new Map<string, number>();
  for (const { work } of measurements)
    for (const [name, amount] of work) total.set(name, (total.get(name) ?? 0) + amount);
  const kinds = [...new Set([...total.keys()].filter((n) => n.includes('.')).map((n) => n.split('.')[0] as string))];
  return kinds.sort().flatMap((operators): Finding[] => {
    const own = new Map([...total].filter(([name]) => name.startsWith(`${operators}.`)));
    const seconds = secondsOf(own, profile.seconds);
    const overhead = profile.seconds[`${operators}.nodes`];
    if (operators === 'small') return overhead ? [{ operators: 'others, each', overhead: 1e6 * overhead }] : [];
    const [macs, bytes] = [own.get(`${operators}.macs`), own.get(`${operators}.bytes`)];
    if (seconds === 0) return [];
    return [
      {
        operators,
        ...(macs ? { gflops: (2e-9 * macs) / seconds } : bytes ? { gbs: (1e-9 * bytes) / seconds } : {}),
        ...(overhead ? { overhead: 1e6 * overhead } : {}),
      },
    ];
  });
}
