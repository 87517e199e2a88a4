import type { EngineEntry, NativeParts } from '../../runtime/engines/entry.js';
import { listInstalled } from '../../runtime/engines/native/cache.js';
import { chooseBuild } from '../../runtime/engines/native/choose.js';
import { pipCommand } from '../../runtime/engines/native/given.js';
import { type Build, isMissing } from '../../runtime/engines/native/library.js';
import { type Machine, thisMachine } from '../../runtime/engines/native/machine.js';
import { nativeEngines } from '../../runtime/engines/registry.js';
import type { Outcome } from '../io.js';
import { bytes } from '../render/numbers.js';

/** `unetc engine list`: what is there, and what an install would fetch. Loads nothing; `doctor` does. */
export async function engineList(): Promise<Outcome> {
  const machine = await thisMachine();
  const native = await Promise.all(nativeEngines.map((engine) => describe(engine, machine)));
  const json = {
    engines: [
      { name: 'ort', available: true, source: 'onnxruntime-node, which comes with unetc' },
      ...native.map((n) => n.json),
    ],
    installed: native.flatMap((n) => n.installed),
    installable: native.flatMap((n) => n.installable),
  };
  return { json, text: [line('ort', 'comes with unetc'), ...native.flatMap((n) => n.lines)].join('\n') };
}

const line = (name: string, text: string): string => `${name.padEnd(10)}  ${text}`;

async function describe(
  { name: engine, title, native }: EngineEntry & { readonly native: NativeParts },
  machine: Machine,
) {
  const { library, locate } = native;
  const found = await locate({ machine });
  const installed = await listInstalled(library);
  const offers = [false, true]
    .map((gpu) => chooseBuild(library, machine, gpu))
    .filter((b): b is Build => !isMissing(b));
  const isThere = (build: Build): boolean =>
    installed.some((i) => i.version === build.version && i.kind === build.kind);
  const lines = [
    isMissing(found)
      ? line(engine, `${found.missing}: ${found.remedy}`)
      : line(
          engine,
          `${title}${found.version ? ` ${found.version}` : ''} (${found.kind}), from ${found.source}: ${found.library}`,
        ),
    ...installed.map((i) => line('', `installed: ${i.folder}, ${bytes(i.bytes)}`)),
    ...offers
      .filter((build) => !isThere(build))
      .map((build) =>
        line('', `'unetc engine install ${engine}${build.kind === 'gpu' ? ' --gpu' : ''}' fetches ${offered(build)}`),
      ),
  ];
  return {
    json: isMissing(found)
      ? { name: engine, available: false, reason: found.missing, remedy: found.remedy }
      : { name: engine, available: true, ...found },
    installed: installed.map((i) => ({ engine, ...i })),
    installable: offers.map((build) => ({ engine, ...offer(build) })),
    lines,
  };
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
