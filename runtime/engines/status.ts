import { UserError } from '../../compiler/user-error.js';
import type { Engine } from './engine.js';

/** The devices of an engine. @throws UserError if it is not available on this machine */
export async function availableDevices(name: string, engine: Engine): Promise<readonly string[]> {
  const { available, devices, reason } = await engine.status();
  if (available) return devices;
  throw new UserError(
    'engine-missing',
    `the engine ${name} is not available: ${reason}`,
    "'unetc doctor' says more; --engine ort comes with unetc",
  );
}
