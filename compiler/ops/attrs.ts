import type { Attrs } from '../ir/graph.js';

/**
 * Typed reads of a node's attributes. Elaboration has checked what a spec wrote and filled defaults in,
 * so a missing or mistyped attribute is a bug of the pass that wrote the node: these throw.
 */
export function numberAttr(attrs: Attrs, name: string, fallback?: number): number {
  const value = attrs[name] ?? fallback;
  if (typeof value !== 'number') throw new Error(`attribute ${name} must be a number`);
  return value;
}

export function boolAttr(attrs: Attrs, name: string, fallback?: boolean): boolean {
  const value = attrs[name] ?? fallback;
  if (typeof value !== 'boolean') throw new Error(`attribute ${name} must be true or false`);
  return value;
}

export function stringAttr(attrs: Attrs, name: string, fallback?: string): string {
  const value = attrs[name] ?? fallback;
  if (typeof value !== 'string') throw new Error(`attribute ${name} must be a string`);
  return value;
}

export function listAttr(attrs: Attrs, name: string): readonly number[] {
  const value = attrs[name];
  if (value === undefined || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') {
    throw new Error(`attribute ${name} must be a list of numbers`);
  }
  return value;
}
