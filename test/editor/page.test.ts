import fc from 'fast-check';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageParts, pictureOf } from '../../compiler/5-emit/drawing/index.js';
import { previewPage, type Theme } from '../../editor/vscode/preview/page.js';
import { boxesAt, type Position, type Range } from '../../editor/vscode/preview/places.js';
import { findChromium } from '../backends/chromium.js';
import { cases } from '../cases.js';
import { nested, networkOf } from '../drawing/specs.js';

const partsOf = (width: readonly number[]) =>
  pageParts(pictureOf(networkOf(nested(width)), { sizes: { N: 1, H: 256, W: 256 } }));
const pageOf = (options: { theme?: Theme; level?: number | null; uri?: string } = {}) =>
  previewPage({ nonce: 'abc-123_X', uri: 'file:///a.unet', theme: 'auto', level: null, ...options });

describe("the preview's page", () => {
  it('allows its own script and style by a nonce, and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom<Theme>('auto', 'light', 'dark'), fc.webUrl(), (theme, url) => {
        const page = pageOf({ theme, uri: `${url}</script><img src=x onerror=alert(1)>` });
        const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page) as RegExpExecArray;
        const rules = (policy as string).split('; ').sort();
        expect(rules).toEqual([
          "base-uri 'none'",
          "default-src 'none'",
          "form-action 'none'",
          "script-src 'nonce-abc-123_X'",
          "style-src 'nonce-abc-123_X'",
        ]);
        const markup = page.replace(/(<(script|style) nonce="abc-123_X">)[\s\S]*?(?=<\/\2>)/g, '$1');
        expect(markup.match(/<(script|style)/g)).toEqual(['<style', '<script']);
        expect(markup).not.toMatch(/<(img|link|iframe|object|base)|\s(on\w+|src|href|style)=|https?:/i);
        expect(page).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|import\(|eval\(/);
      }),
      cases(20),
    );
  });
});

describe('the boxes at a position', () => {
  const position = fc.record({ line: fc.nat(4), character: fc.nat(4) });
  const order = ({ line, character }: Position): number => 10 * line + character;
  const range = fc
    .tuple(position, position)
    .map((ends) => ends.sort((a, b) => order(a) - order(b)))
    .map(([start, end]) => ({ start, end }) as Range);

  it('are those whose text it is in or at an end of', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), range), position, (places, at) => {
        const found = new Set(boxesAt(places, at));
        for (const [id, { start, end }] of Object.entries(places))
          expect(found.has(id)).toBe(order(start) <= order(at) && order(at) <= order(end));
      }),
    );
  });
});

const executablePath = await findChromium();

// As in an editor: the page talks to what acquireVsCodeApi gives, under the policy that it has itself.
describe.skipIf(!executablePath)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser?.close());

  const open = async (options: Parameters<typeof pageOf>[0] = {}, state?: object) => {
    const page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    const refused: string[] = [];
    page.on('console', (m) => refused.push(m.text()));
    page.on('pageerror', (e) => refused.push(e.message));
    await page.route('**/*', (route) =>
      route.request().url() === 'http://localhost/'
        ? route.fulfill({ contentType: 'text/html', body: pageOf(options) })
        : route.abort().then(() => void refused.push(route.request().url())),
    );
    await page.addInitScript(
      `let kept = ${JSON.stringify(state)}; globalThis.said = [];
      globalThis.acquireVsCodeApi = () => ({
        postMessage: (m) => said.push(m), getState: () => kept, setState: (s) => { kept = s; said.push({ kept: s }); } });`,
    );
    await page.goto('http://localhost/');
    return { page, refused };
  };
  const tell = (page: Page, message: object) =>
    page.evaluate(`dispatchEvent(new MessageEvent('message', { data: ${JSON.stringify(message)} }))`);
  const drawing = (width = [32, 64, 128, 256, 512]) => ({
    type: 'drawing',
    drawing: partsOf(width),
    stale: false,
    problem: null,
  });
  const said = (page: Page) => page.evaluate('said') as Promise<object[]>;
  const cells = (page: Page, state: string) => page.locator(`[data-kind=cell][data-state=${state}]`).count();

  it('draws what it is told under its own policy, and remembers the level', async () => {
    const { page, refused } = await open({ level: 3 });
    expect(await said(page)).toEqual([{ kept: { uri: 'file:///a.unet', level: 3 } }, { type: 'ready' }]);
    await tell(page, drawing());
    expect(await cells(page, 'kept')).toBe(10);
    await page.getByText('L2', { exact: true }).first().click();
    expect([await cells(page, 'kept'), await cells(page, 'cut')]).toEqual([6, 9]);
    expect(await page.textContent('output')).toMatch(/^511,138 parameters/);
    expect((await said(page)).at(-1)).toEqual({ kept: { uri: 'file:///a.unet', level: 2 } });
    await tell(page, drawing([32, 64, 128, 256]));
    expect([await cells(page, 'kept'), await cells(page, 'cut')]).toEqual([6, 4]);
    // A level that the network has no more is the whole network.
    await tell(page, drawing([32, 64]));
    expect([await cells(page, 'kept'), await cells(page, 'cut')]).toEqual([3, 0]);
    expect(refused).toEqual([]);
    await page.close();
  });

  it('shows the level that was chosen before, greys what is out of date and says why', async () => {
    const { page, refused } = await open({ theme: 'dark' }, { uri: 'file:///a.unet', level: 1 });
    await tell(page, drawing());
    expect(await cells(page, 'kept')).toBe(3);
    expect(await page.isVisible('#problem')).toBe(false);
    await tell(page, { ...drawing(), stale: true, problem: { message: '<b>no</b> such name', line: 7, count: 3 } });
    expect(await page.textContent('#problem')).toBe('Line 7: <b>no</b> such name\nand 2 mistakes more');
    expect(await page.getAttribute('main', 'class')).toBe('stale');
    await page.click('#problem');
    expect((await said(page)).at(-1)).toEqual({ type: 'problem' });
    await tell(page, drawing());
    expect(await page.isVisible('#problem')).toBe(false);
    expect(await page.getAttribute('main', 'class')).toBe('');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 24, 29)');
    expect(refused).toEqual([]);
    await page.close();
  });

  it('leads to the text by pointer and by keys, and marks what the cursor is in', async () => {
    const { page, refused } = await open();
    expect(await page.isVisible('#note')).toBe(true);
    await tell(page, { ...drawing(), drawing: null });
    expect(await page.textContent('#note')).toBe('There is no network in this file.');
    await tell(page, { type: 'cursor', boxes: ['X[0,1]', 'S[1]'] });
    await tell(page, drawing());
    const here = () => page.locator('.here').evaluateAll((all) => all.map((el) => el.getAttribute('data-box')));
    expect((await here()).sort()).toEqual(['S[1]', 'X[0,1]']);
    await tell(page, { type: 'cursor', boxes: [] });
    expect(await here()).toEqual([]);
    await tell(page, { ...drawing(), drawing: null });
    expect([await page.isVisible('#note'), await page.isVisible('svg')]).toEqual([true, false]);
    await tell(page, drawing());
    await page.click('[data-box="X[1,2]"]');
    expect((await said(page)).at(-1)).toEqual({ type: 'box', box: 'X[1,2]' });
    await page.focus('[data-box="S[4]"]');
    await page.keyboard.press('Enter');
    expect((await said(page)).at(-1)).toEqual({ type: 'box', box: 'S[4]' });
    expect(await page.textContent('.facts h2')).toMatch(/^S\[4\]/);
    expect(refused).toEqual([]);
    await page.close();
  });

  it('would refuse a script or an address that came with a drawing', async () => {
    const { page, refused } = await open();
    const { body, data } = partsOf([32, 64]);
    const bad = `${body}<img src="http://localhost/x.png" onerror="said.push('ran')"><p style="color:red">`;
    await tell(page, { ...drawing(), drawing: { body: bad, data } });
    await expect.poll(() => refused.length).toBeGreaterThan(1);
    expect(refused.every((text) => /Content Security Policy/.test(text))).toBe(true);
    expect(await said(page)).not.toContain('ran');
    await page.close();
  });
});
