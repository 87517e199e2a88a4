import { listInstalled } from '../../runtime/tensorflow/native/cache.js';
import { chooseBuild, isMissing } from '../../runtime/tensorflow/native/choose.js';
import { pipCommand } from '../../runtime/tensorflow/native/given.js';
import { locateTensorFlow } from '../../runtime/tensorflow/native/locate.js';
import { thisMachine } from '../../runtime/tensorflow/native/machine.js';
import { type Build, builds } from '../../runtime/tensorflow/native/wheels.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

/** `unetc engine list`: what is there, and what an install would fetch. Loads nothing; `doctor` does. */
export async function engineList(): Promise<Outcome> {
  const machine = await thisMachine();
  const found = await locateTensorFlow({ machine });
  const installed = await listInstalled(builds);
  const offers = [false, true].map((gpu) => chooseBuild(machine, gpu, builds)).filter((b): b is Build => !isMissing(b));
  const tfjs = isMissing(found)
    ? { name: 'tfjs', available: false, reason: found.missing, remedy: found.remedy }
    : { name: 'tfjs', available: true, ...found };
  const json = {
    engines: [{ name: 'ort', available: true, source: 'onnxruntime-node, which comes with unetc' }, tfjs],
    installed,
    installable: offers.map(offer),
  };
  const text = [
    'ort   comes with unetc',
    isMissing(found)
      ? `tfjs  ${found.missing}: ${found.remedy}`
      : `tfjs  TensorFlow${found.version ? ` ${found.version}` : ''} (${found.kind}), from ${found.source}: ${found.library}`,
    ...installed.map((i) => `      installed: ${i.folder}, ${bytes(i.bytes)}`),
    ...offers
      .filter((build) => !installed.some((i) => i.version === build.version && i.kind === build.kind))
      .map(
        (build) => `      'unetc engine install tfjs${build.kind === 'gpu' ? ' --gpu' : ''}' fetches ${offered(build)}`,
      ),
  ].join('\n');
  return { json, text };
}

const sum = (build: Build, size: 'bytes' | 'unpackedBytes'): number =>
  build.wheels.reduce((total, wheel) => total + wheel[size], 0);

const offered = (build: Build): string => {
  const [first, ...rest] = build.wheels;
  const more = rest.length > 0 ? ` and ${rest.length} more` : '';
  return `${first?.file}${more} from PyPI, ${bytes(sum(build, 'bytes'))}, ${bytes(sum(build, 'unpackedBytes'))} unpacked`;
};

const offer = (build: Build) => ({
  version: build.version,
  kind: build.kind,
  bytes: sum(build, 'bytes'),
  unpackedBytes: sum(build, 'unpackedBytes'),
  wheels: build.wheels.map((wheel) => ({
    file: wheel.file,
    sha256: wheel.sha256,
    bytes: wheel.bytes,
    pip: pipCommand(wheel),
  })),
});
