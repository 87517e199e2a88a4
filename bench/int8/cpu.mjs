// What this machine's processor has for multiplying bytes.
import { readFileSync } from 'node:fs';

/** Names of /proc/cpuinfo that matter here: `vnni` (AVX or AVX-512), `amx`; none where there is no such file. */
export function flagsOf() {
  let text = '';
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return [];
  }
  const flags = /^flags\s*:(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  return [flags.some((f) => /vnni/.test(f)) && 'vnni', flags.includes('amx_int8') && 'amx'].filter(Boolean);
}
