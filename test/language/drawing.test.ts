import { describe, expect, it } from 'vitest';
import * as L from '../../language/index.js';
import { specs as networks } from '../drawing/specs.js';
import { specs, starter } from './specs.js';

const drawn = (text: string): L.Drawing => {
  const found = L.drawing(L.analyse(text));
  if (found === null) throw new Error('nothing drawn');
  return found;
};
const textAt = (text: string, id: string): string | undefined => {
  const span = drawn(text).places.get(id);
  return span && text.slice(span.start.offset, span.end.offset);
};

describe('the drawing beside a text', () => {
  it('has every box of every network, each with its place in the text', () => {
    for (const text of [...specs.values(), ...Object.values(networks)]) {
      const { body, data, places, name } = drawn(text);
      const ids = [...body.matchAll(/data-box="([^"]+)"/g)].map((m) => m[1]);
      expect(ids.length).toBeGreaterThan(3);
      expect([...places.keys()].sort(), name).toEqual([...new Set(ids)].sort());
      expect(Object.keys(data.boxes).sort()).toEqual([...places.keys()].sort());
    }
  });

  it('leads from a node to its rule, from a head, an input, an output and a let to what declares them', () => {
    expect(textAt(starter, 'X[0,0]')).toMatch(/^X\[0, 0\] = /);
    expect(textAt(starter, 'X[1,0]')).toMatch(/^X\[i, 0\] = /);
    expect(textAt(starter, 'X[0,1]')).toMatch(/^X\[i, j\] = /);
    expect(textAt(starter, 'S[1]')).toMatch(/^head S\[/);
    expect(textAt(starter, 'image')).toMatch(/^input image: /);
    expect(textAt(starter, 'mask')).toMatch(/^output mask /);
    expect(textAt(networks.lets, 'enc2')).toMatch(/^let enc2 = /);
    expect(textAt(networks.lists, 'e#2')).toMatch(/^let e = /);
  });

  it('is there while an expectation or the recipe is wrong, and not while the network is', () => {
    const wrong = specs.get('unetpp.unet')?.replace(/expect parameters = [\d_]+/, 'expect parameters = 7') as string;
    const a = L.analyse(wrong);
    expect(a.analyzed.network).toBeNull();
    expect(L.drawing(a)?.name).toBe('UNetPlusPlus');
    expect(L.drawing(L.analyse(starter.replace('train {', 'train { loss = nonsense')))).not.toBeNull();
    expect(L.drawing(L.analyse(starter.replace('maxpool(2)', 'maxpol(2)')))).toBeNull();
    expect(L.drawing(L.analyse('block C(x) { x |> relu }'))).toBeNull();
  });

  it('is made of elements alone: no script, style or address that a strict page would refuse', () => {
    for (const text of specs.values()) {
      const { body } = drawn(text);
      expect(body.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
        /<script|<style|<link|<img|\sstyle=|\son\w+=|\ssrc=|href=|url\(|https?:/i,
      );
    }
  });
});
