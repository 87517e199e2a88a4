// What OpenVINO brings to prediction, for the page of goals: `measure` answers rows of a figure and its goal.
import { isMissing } from '../../dist/runtime/engines/native/library.js';
import { locateOpenVino } from '../../dist/runtime/engines/openvino/native/library.js';
import { ratiosOf, timeSides } from '../openvino/measure.mjs';

export const title = 'Prediction in OpenVINO: UNet++ 32..512, 3x256x256, batch 1';

const against = "OpenVINO's time over ONNX Runtime's in fp32";

/** Goals of the article's largest level; `figure` is null where this machine can't say it, and `note` why. */
export async function measure({ python, rounds = 15, note }) {
  const found = await locateOpenVino();
  if (isMissing(found)) return { rows: goals(undefined, `${found.missing}: ${found.remedy}`) };
  const measured = await timeSides({ python, rounds, note });
  return { rows: [...goals(measured), ...levelRows(measured)], text: textOf(measured) };
}

function goals(measured, missing) {
  const { of } = measured ? ratiosOf(measured) : { of: () => undefined };
  const features = measured ? measured.cpu.features.join(', ') || 'none that matter' : '';
  const row = (precision, atMost, lacking) => {
    const figure = of(`L4 openvino ${precision}`, 'L4 ort fp32') ?? null;
    const why = missing ?? (figure === null ? lacking : undefined);
    const has =
      measured && !features.includes('amx') ? `without AMX, which the goal takes (this CPU: ${features})` : '';
    return {
      what: `L4 in ${precision}: ${against}`,
      figure,
      unit: 'x',
      goal: { atMost },
      ...(why || has ? { note: [why, has].filter(Boolean).join('; ') } : {}),
    };
  };
  return [row('bf16', 0.15, 'OpenVINO has no bf16 on this CPU'), row('int8', 0.1, 'the quantizer takes --python')];
}

function levelRows(measured) {
  const { of } = ratiosOf(measured);
  return measured.levels.flatMap((level) =>
    [
      { what: `L${level} in fp32: ${against}`, figure: of(`L${level} openvino fp32`, `L${level} ort fp32`) },
      {
        what: `L${level} in fp32: from Node over from Python`,
        figure: of(`L${level} openvino fp32`, `L${level} python fp32`),
      },
    ]
      .filter(({ figure }) => figure !== undefined)
      .map((row) => ({ ...row, unit: 'x' })),
  );
}

function textOf(measured) {
  const { at } = ratiosOf(measured);
  const engines = { ort: 'ONNX Runtime, Node', openvino: 'OpenVINO, Node', python: 'OpenVINO, Python, of PyTorch' };
  const columns = Object.keys(engines).flatMap((engine) => ['fp32', 'bf16', 'int8'].map((p) => ({ engine, p })));
  const used = columns.filter(({ engine, p }) => measured.levels.some((level) => at(`L${level} ${engine} ${p}`)));
  const cell = (level, { engine, p }) => {
    const seconds = at(`L${level} ${engine} ${p}`);
    return seconds === undefined ? '' : (1000 * seconds).toFixed(0);
  };
  const lines = [
    `| ms | ${used.map(({ engine, p }) => `${engines[engine]}, ${p}`).join(' | ')} |`,
    `| --- |${' ---: |'.repeat(used.length)}`,
    ...measured.levels.map((level) => `| L${level} | ${used.map((column) => cell(level, column)).join(' | ')} |`),
  ];
  return lines.join('\n');
}
