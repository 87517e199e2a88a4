// What takes turns: a process a side, so that the memory of each is its own, asleep while another works.
import { fileURLToPath } from 'node:url';
import { startLines } from '../report/lines.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The sides by name; PyTorch's have any of its options. */
export const ours = {
  ort: ['ort', 'fp32'],
  tensorflow: ['tensorflow', 'fp32'],
  'tensorflow-bf16': ['tensorflow', 'bf16'],
};

/** Name of an option of a PyTorch side, and its argument: `torch-plain-compile` is plain layout, compiled. */
const torchOptions = { plain: '--plain', compile: '--compile', fused: '--fused', bf16: '--bf16' };

export const isTorch = (name) => name.split('-')[0] === 'torch';
export const isLow = (name) => name.endsWith('bf16');

/** The command of a side. Throws, with what there is, for one that there isn't. */
function commandOf(name, network, { python, threads }) {
  if (ours[name]) return [process.execPath, [here('ours.mjs'), ...ours[name], JSON.stringify(network)]];
  const [, ...chosen] = name.split('-');
  if (!isTorch(name) || !chosen.every((option) => option in torchOptions)) {
    const names = [...Object.keys(ours), 'torch', ...Object.keys(torchOptions).map((option) => `torch-${option}`)];
    throw new Error(`there is no side ${name}: use ${names.join(', ')}; PyTorch's options combine`);
  }
  if (!python) throw new Error(`${name} needs --python, an interpreter with bench/torch/requirements.txt installed`);
  const { family, width, up, size, batch } = network;
  const told = { family, width: width.join(','), ...(up && { up }), size, batch, threads };
  const args = Object.entries(told).flatMap(([key, value]) => [`--${key}`, `${value}`]);
  return [python, [here('../torch/step.py'), ...args, ...chosen.map((option) => torchOptions[option])]];
}

/** Starts a side: `step()` answers `{seconds, loss, peak_gb}`. Throws with the side's own words if it can't. */
export async function startSide(name, network, options) {
  const [command, args] = commandOf(name, network, options);
  const { about, ask, stop } = await startLines(name, command, args);
  return { name, about, step: () => ask('step'), stop: () => stop('quit\n') };
}
