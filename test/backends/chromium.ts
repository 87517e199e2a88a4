import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { type Host, packageFolder } from './tfjs.js';

/** Where distributions put it; UNETC_CHROMIUM names another. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * Chromium without a window. WebGL and WebGPU run on SwiftShader where there is no GPU: the same shaders, in software.
 * Root may not use its sandbox; what it opens is ours.
 */
const args = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-features=Vulkan',
];

/** WebGPU is for pages of an origin that counts as secure; every request to this one is answered from here. */
const origin = 'http://localhost';

let browser: Promise<Browser> | undefined;

/** Where Chromium is; undefined without one. */
export async function findChromium(): Promise<string | undefined> {
  for (const place of process.env.UNETC_CHROMIUM ? [process.env.UNETC_CHROMIUM] : places) {
    const found = await access(place).then(
      () => true,
      () => false,
    );
    if (found) return place;
  }
  return undefined;
}

/** A page with TensorFlow.js on it; or, in words, why there is none. */
export async function chromiumHost(): Promise<Host | string> {
  const executablePath = await findChromium();
  if (!executablePath) return 'Chromium is not installed (apt-get install chromium, or UNETC_CHROMIUM)';
  browser ??= chromium.launch({ executablePath, args });
  const page = await (await browser).newPage();
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.endsWith('.wasm'))
      return route.fulfill({ path: join(packageFolder('backend-wasm'), 'dist', pathname) });
    return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' });
  });
  await page.goto(origin);
  for (const name of ['core', 'converter', 'backend-cpu', 'backend-wasm', 'backend-webgl', 'backend-webgpu']) {
    await page.addScriptTag({ path: join(packageFolder(name), `dist/tf-${name}.min.js`) });
  }
  await page.evaluate(`tf.wasm.setWasmPaths('${origin}/')`);
  return {
    // As text: a page knows `tf` by that name alone.
    call: (task, request) => page.evaluate(`(${task})(tf, globalThis, ${JSON.stringify(request)})`),
  };
}

export async function closeChromium(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}
