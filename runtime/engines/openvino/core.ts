import { UserError } from '../../../compiler/user-error.js';
import { isMissing } from '../native/library.js';
import { type CApi, loadOpenVino, type Pointer } from './c-api.js';
import { locateOpenVino } from './native/library.js';

/** OpenVINO in this process. */
export interface Core {
  readonly api: CApi;
  /** Kept until the process ends: it holds the plugins, which are loaded once. */
  readonly handle: Pointer;
}

let loaded: Promise<Core> | undefined;

/** OpenVINO, loaded once in a process. Rejects with what is missing and how to get it. */
export function openVino(): Promise<Core> {
  loaded ??= start();
  return loaded;
}

async function start(): Promise<Core> {
  const found = await locateOpenVino();
  if (isMissing(found)) throw new Error(`${found.missing}; ${found.remedy}`);
  const api = loadOpenVino(found);
  return { api, handle: api.newCore() };
}

export type Device = 'cpu' | 'gpu';

/** The devices that an engine may be asked for: `cpu`, `gpu`. OpenVINO's own names count them: `GPU.0`. */
export function devicesOf({ api, handle }: Core): Device[] {
  const names = api.devices(handle).map((name) => name.replace(/\..*/, '').toLowerCase());
  return (['cpu', 'gpu'] as const).filter((device) => names.includes(device));
}

/**
 * Stops what asks for bf16 of a device that has none: OpenVINO would go on in fp32 and say nothing.
 * @throws UserError
 */
export function requirePrecision({ api, handle }: Core, device: Device, precision: 'fp32' | 'bf16'): void {
  if (precision === 'fp32') return;
  const able = api.property(handle, device.toUpperCase(), 'OPTIMIZATION_CAPABILITIES').split(' ');
  if (able.includes('BF16')) return;
  throw new UserError(
    'precision-missing',
    `OpenVINO has no bf16 on this ${device.toUpperCase()}: it takes a CPU with AVX-512 BF16 or AMX`,
    "leave --precision out; 'unetc doctor' says what the CPU has",
  );
}
