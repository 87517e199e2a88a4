import type { Log, Region } from 'sarif';
import { describe, expect, it } from 'vitest';
import { sarifLog } from '../../cli/render/sarif.js';
import { pageOf } from '../../compiler/diagnostics/explain.js';
import { codes } from '../../compiler/diagnostics/index.js';
import type { Page } from '../../compiler/diagnostics/page.js';
import { load } from '../../compiler/index.js';
import { unetc } from '../cli/io.js';
import { filesOf, specOf } from './examples.js';

const wrong = (code: string) => (pageOf(code) as Page).wrong;

/** The log of an example, as `check --format sarif` in its folder answers it. */
function logOf(code: string): Log {
  const { text, options } = specOf(wrong(code));
  const { diagnostics, imports } = load(text, options);
  return sarifLog([{ file: 'spec.unet', ok: false, diagnostics }], () => imports);
}

/** Throws unless a region lies in a text, as SARIF counts: from 1, the end exclusive. */
function inText(text: string, { startLine = 0, startColumn = 0, endLine = 0, endColumn = 0 }: Region): void {
  const lines = text.split('\n');
  for (const [line, column] of [
    [startLine, startColumn],
    [endLine, endColumn],
  ] as const) {
    if (!(line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1] ?? '').length + 1))
      throw new Error(`${line}:${column} is not in the text`);
  }
  if (endLine < startLine || (endLine === startLine && endColumn < startColumn))
    throw new Error('ends before it starts');
}

describe('SARIF', () => {
  it.each(codes.filter((c) => !c.endsWith('-in-target')))('says %s with its rule and places', (code) => {
    const log = logOf(code);
    const files = filesOf(wrong(code));
    expect(log.version).toBe('2.1.0');
    const [run] = log.runs;
    const rules = run?.tool.driver.rules ?? [];
    const results = run?.results ?? [];
    expect(results.length).toBeGreaterThan(0);
    expect(new Set(rules.map((r) => r.id)).size).toBe(rules.length);
    for (const r of results) {
      expect(rules[r.ruleIndex ?? -1]?.id).toBe(r.ruleId);
      expect(['error', 'warning', 'note']).toContain(r.level);
      expect(r.message.text).toMatch(/^\S.*[.)]$/s);
      const places = [...(r.locations ?? []), ...(r.relatedLocations ?? [])].map((l) => l.physicalLocation);
      expect(places.length).toBeGreaterThan(0);
      for (const p of places) {
        const text = files.get(p?.artifactLocation?.uri ?? '');
        expect(text, p?.artifactLocation?.uri).toBeDefined();
        inText(text ?? '', p?.region ?? {});
      }
      for (const change of (r.fixes ?? []).flatMap((f) => f.artifactChanges))
        for (const e of change.replacements)
          inText(files.get(change.artifactLocation.uri ?? '') ?? '', e.deletedRegion);
    }
    expect(results.some((r) => r.ruleId === code)).toBe(true);
    expect(JSON.parse(JSON.stringify(log))).toEqual(log);
  });

  it('names no rule and no result where nothing is wrong', () => {
    expect(sarifLog([{ file: 'a.unet', ok: true, diagnostics: [] }], () => []).runs[0]).toMatchObject({
      tool: { driver: { name: 'unetc', rules: [] } },
      invocations: [{ executionSuccessful: true, exitCode: 0 }],
      results: [],
    });
  });

  it('writes paths as addresses, and mistakes of the standard library where they are called', () => {
    const text =
      'import "std:blocks"\nnetwork A { input x: f32[N, 3, H, W]\n head S = x |> conv(8) |> SE() |> sigmoid }\n';
    const { diagnostics, imports } = load(text);
    const place = (file: string) =>
      sarifLog([{ file, ok: false, diagnostics }], () => imports).runs[0]?.results?.[0]?.locations?.[0]
        ?.physicalLocation;
    expect(place('./my specs/é.unet')).toMatchObject({
      artifactLocation: { uri: 'my%20specs/%C3%A9.unet' },
      region: { startLine: 3 },
    });
    expect(place('/tmp/a.unet')?.artifactLocation?.uri).toMatch(/^file:\/\/\/.*tmp\/a\.unet$/);
  });

  it('is what check --format sarif answers, and no other word', async () => {
    const ok = await unetc('check', 'specs/unetpp.unet', '--format', 'sarif');
    expect(ok.exit).toBe(0);
    expect((JSON.parse(ok.stdout) as Log).runs[0]?.results).toEqual([]);
    const bad = await unetc('check', 'specs/unetpp.unet', '--format', 'xml');
    expect(bad).toMatchObject({ exit: 2, stdout: '' });
    expect(bad.stderr).toContain('there is no format xml');
  });
});
