import { Environment } from '../../compiler/1-elaborate/environment.js';
import { Evaluator } from '../../compiler/1-elaborate/evaluator.js';
import { nothingReported } from '../../compiler/1-elaborate/names.js';
import { Steps } from '../../compiler/1-elaborate/steps.js';
import type { Value } from '../../compiler/1-elaborate/values.js';
import { collect } from '../../compiler/diagnostics/index.js';
import { parse } from '../../grammar/index.js';

/** A value as a spec would write it. */
function written(value: Value): string {
  if (value.kind === 'list') return `[${value.items.map(written).join(', ')}]`;
  if (value.kind === 'string') return JSON.stringify(value.value);
  if (value.kind === 'float' && Number.isInteger(value.value)) return value.value.toFixed(1);
  return value.kind === 'int' || value.kind === 'float' || value.kind === 'bool' ? String(value.value) : value.kind;
}

/**
 * A table of values: lines `let name = expression` and `expression    // value`, where a mistake is `// error[code]`. Answers it as
 * it should be.
 */
export function valuesOf(text: string): string {
  const env = new Environment();
  const lines = text.split('\n').map((line) => {
    const [, expression = '', gap = ''] = /^(.*?)(\s*)(?:\/\/.*)?$/.exec(line) ?? [];
    if (expression === '') return line;
    const binding = /^let (\w+) = (.*)$/.exec(expression);
    const report = collect();
    const value = evaluate(binding?.[2] ?? expression, env, report);
    if (binding) {
      env.defineValue(binding[1] as string, value);
      return line;
    }
    const [mistake] = report.list();
    return `${expression}${gap}// ${mistake ? `error[${mistake.code}]` : written(value)}`;
  });
  return lines.join('\n');
}

function evaluate(text: string, env: Environment, report: ReturnType<typeof collect>): Value {
  const { tree, diagnostics } = parse(`network _ { param _ =\n${text}\n}`);
  const [unreadable] = diagnostics;
  if (unreadable !== undefined) {
    report.add(unreadable);
    return { kind: 'poison' };
  }
  const item = tree.networks[0]?.items[0];
  if (item?.kind !== 'param') throw new Error(`not an expression: ${text}`);
  return new Evaluator(report, new Steps(), nothingReported).expression(item.value, env);
}
