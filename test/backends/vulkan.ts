import { existsSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { GraphBuilder } from '../../compiler/ir/builder.js';
import { num } from '../../compiler/ir/dim.js';
import { nowhere } from '../../grammar/diagnostic.js';
import { tensor } from '../../testing/reference/index.js';
import { openOn, runOnnx } from '../onnx/run.js';

/** Chromium brings a loader of Vulkan drivers and a driver in software, SwiftShader. */
const chromium = '/usr/lib/chromium';

/**
 * Tries ONNX Runtime's WebGPU provider, which wants a Vulkan driver on Linux. Where the machine has none, and Chromium is
 * installed, its software driver stands in: the same provider and shaders. Answers why there is none; nothing if there is.
 */
export async function whyNoWebGpu(): Promise<string | undefined> {
  if (process.platform === 'linux' && !hasLoader() && existsSync(join(chromium, 'libvulkan.so.1'))) {
    process.env.VK_ICD_FILENAMES ??= join(chromium, 'vk_swiftshader_icd.json');
    // By its name in memory the provider finds it, wherever it came from.
    koffi.load(join(chromium, 'libvulkan.so.1'), { global: true });
  }
  const build = new GraphBuilder(0, { path: 'probe', span: nowhere });
  const x = build.value({ dtype: 'f32', shape: [num(1)] });
  const y = build.emit('relu', [x]);
  const graph = {
    inputs: [{ name: 'x', value: x }],
    params: [],
    nodes: build.nodes,
    outputs: [{ name: 'y', value: y }],
  };
  try {
    await runOnnx(graph, new Map([['x', tensor([1], [1])]]), undefined, openOn('webgpu'));
    return undefined;
  } catch (error) {
    const reason = (error as Error).message;
    return reason.includes('No supported adapters') ? 'no driver for WebGPU (Vulkan)' : reason;
  }
}

function hasLoader(): boolean {
  try {
    koffi.load('libvulkan.so.1');
    return true;
  } catch {
    return false;
  }
}
