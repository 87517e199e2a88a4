// The messages of a page, and the functions made of them. A page lists its messages in the fence of its section Says, a name and a
// template each:
//
//   callee: {callee} has no argument {name}
//
// In braces stands what a message is told:
//   {name}                        a word or a number, as it is
//   {names:,} {names:and} {names:or}   a list, joined by commas or that word
//   {count:index|indices}         one word for 1, another for every other number
//   {last?this|the}               one text if it is so, another if not
// and `{{` is a brace.

const joins = { ',': ', ', and: ' and ', or: ' or ' };

/** What stands in braces: its name, the type it is told in, and code for its text. `fail` where it is none of the forms. */
function readPart(part, fail) {
  const choice = /^(\w+)\?([^|]*)\|([^|]*)$/.exec(part);
  if (choice) {
    const [, name, yes, no] = choice;
    return { name, type: 'boolean', code: `p.${name} ? ${quoted(yes)} : ${quoted(no)}` };
  }
  const plural = /^(\w+):([^|]+)\|([^|]+)$/.exec(part);
  if (plural) {
    const [, name, one, many] = plural;
    return { name, type: 'number', code: `p.${name} === 1 ? ${quoted(one)} : ${quoted(many)}` };
  }
  const list = /^(\w+):(,|and|or)$/.exec(part);
  if (list) {
    const [, name, join] = list;
    return { name, type: 'readonly (string | number)[]', code: `p.${name}.join(${quoted(joins[join])})` };
  }
  if (!/^[a-z]\w*$/i.test(part)) fail(`{${part}} is nothing that a message can hold`);
  return { name: part, type: 'string | number', code: `p.${part}` };
}

const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const literal = (text) => text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');

/** A template as the parts of a TypeScript template literal, and the types of what it is told by name. */
function readTemplate(text, fail) {
  const types = new Map();
  const code = text
    .split(/(\{\{|\{[^{}]*\})/)
    .map((piece) => {
      if (piece === '{{') return '{';
      if (!piece.startsWith('{')) return literal(piece);
      const { name, type, code: said } = readPart(piece.slice(1, -1), fail);
      const before = types.get(name);
      // A number that decides between words may also be said itself.
      if (before !== undefined && before !== type && ![before, type].includes('string | number')) {
        fail(`{${name}} is a ${before} and a ${type}`);
      }
      types.set(name, before === undefined || before === 'string | number' ? type : before);
      return `\${${said}}`;
    })
    .join('');
  return { code, types };
}

/** The section Says of a page: `{name, text, code, types}` each. `fail` with the line that is wrong. */
export function readWording(section, fail) {
  const fence = /^```\n(.*)\n```$/s.exec(section);
  if (fence === null) fail('Says is one fence of messages');
  const messages = fence[1].split('\n').map((line) => {
    const found = /^([a-z]\w*): (\S.*)$/.exec(line);
    if (found === null) fail(`a line of Says is a name, a colon and a message, not ${line}`);
    const [, name, text] = found;
    return { name, text, ...readTemplate(text, (what) => fail(`${what}, in ${line}`)) };
  });
  const names = messages.map((m) => m.name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) fail(`Says has ${twice} twice`);
  return messages;
}

const camel = (code) => code.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

function functionOf(code, { name, code: said, types }) {
  const fields = [...types].map(([key, type]) => `readonly ${key}: ${type}`).join('; ');
  const told = fields === '' ? '' : `p: { ${fields} }`;
  return `    ${name}: (${told}) => of('${code}', \`${said}\`),\n`;
}

/** The module that says every message of these pages. */
export function messagesOf(pages) {
  const kinds = pages.map(
    ({ code, says }) => `  ${camel(code)}: {\n${says.map((message) => functionOf(code, message)).join('')}  },\n`,
  );
  return `import type { Message, Said } from './diagnostic.js';\n\nconst of = <const C extends string>(code: C, message: string): Said<C> => ({ code, message: message as Message });\n\n/** Every message of the catalogue, by its code and its name on the page. */\nexport const say = {\n${kinds.join('')}} as const;\n`;
}
