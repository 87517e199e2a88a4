import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What each folder may import, beside itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  grammar: [],
  compiler: ['grammar'],
  language: ['compiler', 'grammar'],
  runtime: ['compiler', 'grammar'],
  testing: ['runtime', 'compiler', 'grammar'],
  cli: ['testing', 'runtime', 'language', 'compiler', 'grammar'],
};

/** Folders that run in a browser as they are, and the only packages they may use. */
const pure: Readonly<Record<string, readonly string[]>> = {
  grammar: ['chevrotain'],
  compiler: ['protobufjs/minimal.js', '@noble/hashes/sha2', '@noble/hashes/utils'],
  language: [],
};

/** Anything through which a pure function would learn of its surroundings, or change them. */
const impure =
  /\b(process|Date|performance|globalThis|console|crypto|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|__dirname|__filename|require)\b|\bMath\s*\.\s*random\b|\bBuffer\s*\./;

/** Stages of the compiler, in the order of the data; a stage imports none that comes after it. */
const stages = ['0-import', '1-elaborate', '2-infer', '3-transform', '4-schedule', '5-emit', '6-build'];
/** Folders of the runtime, each of which may import those before it. */
const rooms = [
  'support',
  'models',
  'engines',
  'data',
  'run',
  'prediction',
  'evaluation',
  'profiling',
  'training',
  'deployment',
];
/** What every stage may use, and which therefore uses none. */
const foundations = ['ir', 'ops', 'losses', 'optimizers', 'diagnostics'];

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly lazy: boolean;
}

/** Comments and the text of strings blanked (but for what may be an import specifier), so that words in them count for nothing. */
function codeOf(source: string, keepSpecifiers = true): string {
  return source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|\$\{(?:[^{}`]|\{[^{}]*\})*\}|[^`\\])*`/g,
    (token) => {
      if (token.startsWith('/')) return ' ';
      if (token.startsWith('`')) return `\`${[...token.matchAll(/\$\{([\s\S]*?)\}/g)].map((m) => m[1]).join(' ; ')}\``;
      return keepSpecifiers && /^['"][@\w./:-]*['"]$/.test(token) ? token : "''";
    },
  );
}

function importsOf(source: string): Import[] {
  const code = codeOf(source);
  const statics = [...code.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^;'"()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)].map(
    (m) => ({
      specifier: m[2] as string,
      typeOnly: m[1] !== undefined,
      lazy: false,
    }),
  );
  const lazies = [...code.matchAll(/\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)/g)].map((m) => ({
    specifier: m[1] as string,
    typeOnly: false,
    lazy: true,
  }));
  return [...statics, ...lazies];
}

const resolveImport = (file: string, specifier: string): string =>
  posix.normalize(posix.join(posix.dirname(file), specifier)).replace(/\.js$/, '.ts');

/** Every rule that one file breaks. */
function violations(file: string, source: string): string[] {
  const found: string[] = [];
  const [folder = '', stage = ''] = file.split('/');
  for (const { specifier, typeOnly } of importsOf(source)) {
    if (!specifier.startsWith('.')) {
      const allowed = pure[folder];
      if (allowed && !allowed.includes(specifier)) found.push(`${file} is in a pure folder and imports ${specifier}`);
      continue;
    }
    const target = resolveImport(file, specifier);
    const [targetFolder = '', targetStage = ''] = target.split('/');
    if (targetFolder !== folder && !mayImport[folder]?.includes(targetFolder))
      found.push(`${file} imports ${target}, which is not below it`);
    if (folder === 'runtime' && targetFolder === 'runtime' && stage !== 'index.ts') {
      if (rooms.indexOf(targetStage) > rooms.indexOf(stage)) found.push(`${file} imports ${target}, a later folder`);
    }
    if (folder !== 'compiler' || targetFolder !== 'compiler') continue;
    if (stages.includes(stage) && stages.indexOf(targetStage) > stages.indexOf(stage))
      found.push(`${file} imports ${target}, a later stage`);
    if (!typeOnly && foundations.includes(stage) && stages.includes(targetStage))
      found.push(`${file} imports ${target}: ${stage}/ is below every stage`);
  }
  if (folder in pure) {
    const code = codeOf(source, false);
    const word = impure.exec(code);
    if (word) found.push(`${file} is in a pure folder and uses ${word[0]}`);
    for (const [, name = ''] of code.matchAll(/^(?:export\s+)?(?:let|var)\s+(\w+)/gm)) {
      // A constant made on first use (`x ??= make()`) is no state: nobody can tell when it was made.
      const assigned = [...code.matchAll(new RegExp(`\\b${name}\\s*(=(?!=|>)|[-+*/|&]=|\\+\\+|--|\\?\\?=)`, 'g'))].map(
        (m) => m[1],
      );
      if (assigned.length > 0 && assigned.every((operator) => operator === '??=')) continue;
      found.push(`${file} is in a pure folder and keeps the mutable state ${name}`);
    }
  }
  return found;
}

const root = fileURLToPath(new URL('..', import.meta.url));

function sources(folder: string): Map<string, string> {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
  return new Map(files.sort().map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

const all = new Map(Object.keys(mayImport).flatMap((folder) => [...sources(folder)]));

/** Files and packages that are loaded with a file: its imports, theirs, and so on; not those imported when needed. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { specifier, typeOnly, lazy } of importsOf(all.get(file) ?? '')) {
    if (typeOnly || lazy) continue;
    if (specifier.startsWith('.')) loadedWith(resolveImport(file, specifier), seen);
    else seen.add(specifier);
  }
  return seen;
}

describe('the structure of the source', () => {
  it.each(Object.keys(mayImport))('%s/ imports only what lies below it, and pure folders stay pure', (folder) => {
    const files = [...all].filter(([file]) => file.startsWith(`${folder}/`));
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap(([file, source]) => violations(file, source))).toEqual([]);
  });

  it('changes the file system in one place', () => {
    const writers =
      /\b(write|writev|writeFile|appendFile|mkdir|mkdtemp|createWriteStream|open|openAsBlob|rename|rm|rmdir|unlink|link|symlink|chmod|chown|copyFile|cp|truncate|ftruncate|utimes|fsync)(Sync)?\b/;
    /** These open files to read regions of them, and say so in every call. */
    const readers = ['runtime/data/formats/source.ts', 'runtime/support/files/imported.ts'];
    for (const file of readers) {
      const calls = [...(all.get(file) ?? '').matchAll(/\bopen(?:Sync)?\(([^;]*?)\);/g)].map(([, given]) => given);
      expect(calls.length, file).toBeGreaterThan(0);
      for (const given of calls) expect(given, file).toMatch(/, 'r'|O_RDONLY/);
    }
    const found = [...all]
      .filter(([file]) => /^(runtime|cli)\//.test(file) && file !== 'runtime/support/files/disk.ts')
      .filter(([file]) => !readers.includes(file))
      .flatMap(([file, source]) => {
        const imported = [...source.matchAll(/^import\s+(type\s)?([^;]*?)\s*from\s+'(?:node:)?fs(?:\/promises)?';/gm)];
        return imported
          .filter(([, typeOnly, names = '']) => !typeOnly && (writers.test(names) || !names.startsWith('{')))
          .map(([line]) => `${file}: ${line}`);
      });
    expect(found).toEqual([]);
    // What a library writes by a path.
    const elsewhere = [...all].filter(
      ([file, source]) => /^(runtime|cli)\//.test(file) && /\.toFile\(/.test(codeOf(source)),
    );
    expect(elsewhere.map(([file]) => file)).toEqual([]);
  });

  it('has no file that imports one that does not exist', () => {
    const missing = [...all].flatMap(([file, source]) =>
      importsOf(source)
        .filter(({ specifier }) => specifier.startsWith('.') && specifier.endsWith('.js'))
        .map(({ specifier }) => resolveImport(file, specifier))
        .filter((target) => !all.has(target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('has no cycle of imports, types left out', () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const { specifier, typeOnly, lazy } of importsOf(all.get(file) ?? '')) {
        if (!typeOnly && !lazy && specifier.startsWith('.')) visit(resolveImport(file, specifier), [...path, file]);
      }
      done.add(file);
    };
    for (const file of all.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('loads no engine, image decoder or progress bar to check a spec', () => {
    const loaded = [...loadedWith('cli/main.ts'), ...loadedWith('cli/commands/check.ts')];
    expect(loaded).toContain('compiler/index.ts');
    const heavy = [
      'onnxruntime-node',
      'sharp',
      'valibot',
      '@noble/hashes/sha2',
      'cli-progress',
      'fast-check',
      'protobufjs',
      'protobufjs/minimal.js',
      'uplot',
      'koffi',
      'undici',
      'yauzl',
      'vscode-languageserver/node',
    ];
    expect(
      loaded.filter(
        (name) => heavy.includes(name) || name.startsWith('runtime/data/') || name.startsWith('runtime/engines/'),
      ),
    ).toEqual([]);
  });

  it('imports every command only when it runs', () => {
    const commands = [...all.keys()].filter((file) => file.startsWith('cli/commands/'));
    const imports = importsOf(all.get('cli/program.ts') ?? '');
    for (const command of commands) {
      const found = imports.filter(({ specifier }) => resolveImport('cli/program.ts', specifier) === command);
      expect(
        found.map((i) => i.lazy),
        command,
      ).toEqual([true]);
    }
  });
});

describe('the check itself', () => {
  it.each([
    ['grammar/a.ts', "import { load } from '../compiler/index.js';"],
    ['compiler/a.ts', "import type { Engine } from '../runtime/engines/engine.js';"],
    ['compiler/a.ts', "const x = await import('../cli/main.js');"],
    ['compiler/a.ts', "import { readFileSync } from 'node:fs';"],
    ['compiler/a.ts', "export * from 'fs';"],
    ['compiler/a.ts', "import {\n  a,\n  b,\n} from 'sharp';"],
    ['compiler/a.ts', 'const now = Date.now();'],
    ['compiler/a.ts', 'const x = `$' + '{Math.random()}`;'],
    ['grammar/a.ts', 'if (process.env.X) {}'],
    ['grammar/a.ts', 'let counter = 0;'],
    ['compiler/2-infer/a.ts', "import { x } from '../5-emit/onnx/index.js';"],
    ['compiler/ops/a.ts', "import { x } from '../2-infer/index.js';"],
    ['grammar/a.ts', 'let made: X | undefined;\nfunction f() { made ??= g(); made = h(); }'],
    ['runtime/a.ts', "import { x } from '../testing/index.js';"],
    ['runtime/data/a.ts', "import { x } from '../run/task.js';"],
  ])('finds what is wrong with %s: %s', (file, source) => {
    expect(violations(file, source)).toHaveLength(1);
  });

  it.each([
    ['compiler/a.ts', "// Date and process\nimport { x } from '../grammar/index.js'; const s = 'process.env';"],
    ['runtime/a.ts', "import { readFile } from 'node:fs/promises'; const d = Date.now();"],
    ['grammar/a.ts', "import { Lexer } from 'chevrotain';\nfunction f() { let x = 0; return x; }"],
    ['grammar/a.ts', 'let made: X | undefined;\nfunction f() { made ??= g(); return made; }'],
    ['compiler/3-transform/a.ts', "import { x } from '../2-infer/index.js';"],
  ])('accepts %s: %s', (file, source) => {
    expect(violations(file, source)).toEqual([]);
  });

  it('follows imports to packages', () => {
    expect(loadedWith('cli/commands/verify.ts')).toContain('fast-check');
  });
});
