import fc from 'fast-check';

/** A word of a spec. */
interface Word {
  readonly text: string;
  /** It goes on with the word before it only on the same line, unless both stand in brackets: `f(`, `X[`. */
  readonly goesOn?: true;
  /** It begins a line: what it begins is no part of the expression before it. */
  readonly begins?: true;
}

/** Decides by the numbers it is given, and when they are used up by 0, which is the plainest choice everywhere. */
class Choices {
  private next = 0;
  constructor(private readonly numbers: readonly number[]) {}

  /** 0 to n - 1 */
  below(n: number): number {
    return (this.numbers[this.next++] ?? 0) % n;
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** True once in n times. */
  once(n: number): boolean {
    return this.below(n) === n - 1;
  }

  get left(): boolean {
    return this.next < this.numbers.length;
  }
}

const names = ['x', 'c', 'width', 'X', 'i', 'depth', 'below_left', 'conv', 'relu', 'Residual', 'conv_transpose'];
const blanks = [' ', '', '  ', '\t', '\n', '\n  ', '\n\n', ' \n \n\n   '];

/** Well-formed specs in words, without regard to what they mean. */
class SpecWriter {
  readonly words: Word[] = [];

  constructor(private readonly choices: Choices) {}

  spec(): void {
    do {
      const kind = this.choices.below(4);
      if (kind === 0 || kind === 1) this.network();
      else if (kind === 2) this.braced('train', () => this.setting());
      else this.block(2);
    } while (this.choices.left && this.choices.once(2));
  }

  private say(...texts: string[]): void {
    for (const text of texts) this.words.push({ text });
  }

  private name(): void {
    this.say(this.choices.one(names));
  }

  private braced(header: string, item: () => void): void {
    this.say(header, '{');
    while (this.choices.left && !this.choices.once(5)) item();
    this.say('}');
  }

  private network(): void {
    this.say('network');
    this.name();
    this.say('{');
    while (this.choices.left && !this.choices.once(8)) this.item();
    this.say('}');
  }

  private item(): void {
    const { choices } = this;
    switch (choices.below(8)) {
      case 0:
        this.assign('param');
        return;
      case 1:
        this.assign('let');
        return;
      case 2:
        this.say('input', 'image', ':', 'f32', '[');
        this.list(1, ']');
        return;
      case 3:
        this.block(3);
        return;
      case 4: {
        this.say('grid');
        this.name();
        this.indices();
        this.say('{');
        while (choices.left && !choices.once(4)) {
          this.name();
          this.goOn('[');
          this.list(1, ']');
          if (choices.once(3)) {
            this.say('when');
            const from = this.words.length;
            this.expression(2);
            // On another line `x =` would begin a statement.
            for (let k = from; k < this.words.length; k++) this.words[k] = { ...this.words[k]!, goesOn: true };
          }
          this.say('=');
          this.body(3);
        }
        this.say('}');
        return;
      }
      case 5:
        this.say('head');
        this.name();
        if (choices.once(2)) this.indices();
        this.say('=');
        this.body(3);
        return;
      case 6:
        this.say('output');
        this.name();
        if (choices.once(2)) {
          this.say('{');
          while (choices.left && !choices.once(3)) this.setting();
          this.say('}');
        } else {
          this.say('=');
          this.expression(3);
        }
        return;
      default:
        this.say('expect', choices.one(['parameters', 'macs', 'shape']));
        if (choices.once(2)) this.say('at', 'L3');
        if (choices.once(2)) this.say('in', 'fast');
        if (choices.once(2)) this.say('at', '256x256');
        this.say('=');
        this.expression(1);
    }
  }

  private assign(word: string): void {
    this.say(word);
    this.setting();
  }

  private setting(): void {
    this.name();
    this.say('=');
    this.expression(3);
  }

  private indices(): void {
    this.goOn('[');
    do {
      this.say('i', 'in');
      this.expression(2);
      if (!this.choices.once(2)) break;
      this.say(',');
    } while (this.choices.left);
    this.say(']');
  }

  private block(depth: number): void {
    const { choices } = this;
    this.say('block');
    this.name();
    this.goOn('(');
    while (choices.left && !choices.once(3)) {
      this.name();
      if (choices.once(3)) {
        this.say('=');
        this.expression(1);
      }
      this.say(',');
    }
    if (this.words[this.words.length - 1]!.text === ',' && choices.once(2)) this.words.pop();
    this.say(')');
    if (choices.once(3)) {
      this.say('=');
      this.body(depth);
    } else {
      this.braces(depth);
    }
  }

  private body(depth: number): void {
    if (this.choices.once(4)) this.braces(depth);
    else this.expression(depth);
  }

  private braces(depth: number): void {
    this.say('{');
    let lets = 0;
    for (; this.choices.left && this.choices.once(3); lets++) this.assign('let');
    const from = this.words.length;
    this.expression(depth);
    const { text } = this.words[from]!;
    // A result with a sign would be subtracted from what the last `let` says.
    if (lets > 0 && text === '-') {
      this.words.splice(from, 0, { text: '(', begins: true });
      this.say(')');
    } else if (lets > 0 && (text === '(' || text === '[')) {
      this.words[from] = { text, begins: true };
    }
    this.say('}');
  }

  private goOn(text: string): void {
    this.words.push({ text, goesOn: true });
  }

  /** Items, perhaps a comma behind the last, and the closing bracket. */
  private list(depth: number, close: string, item = (): void => this.expression(depth)): void {
    const { choices } = this;
    while (choices.left && !choices.once(4)) {
      item();
      if (choices.once(8)) break;
      this.say(',');
    }
    if (this.words[this.words.length - 1]!.text === ',' && choices.once(2)) this.words.pop();
    this.say(close);
  }

  private expression(depth: number): void {
    const { choices } = this;
    if (depth <= 0) {
      this.atom(0);
      return;
    }
    switch (choices.below(9)) {
      case 0:
      case 1:
        this.atom(depth);
        return;
      case 2:
      case 3:
        if (choices.once(3)) this.sum(depth - 1);
        else this.atom(depth - 1);
        do {
          this.say('|>');
          this.name();
          if (choices.once(2)) this.call(depth - 1);
        } while (choices.left && !choices.once(4));
        return;
      case 4:
        this.sum(depth - 1);
        return;
      case 5:
        this.sum(depth - 1);
        this.say('..');
        this.sum(depth - 1);
        return;
      case 6:
        this.condition(depth - 1);
        while (choices.once(3)) {
          this.say(choices.one(['and', 'or']));
          this.condition(depth - 1);
        }
        return;
      case 7:
        this.say('if');
        this.expression(depth - 1);
        this.say('then');
        this.expression(depth - 1);
        this.say('else');
        this.expression(depth - 1);
        return;
      default:
        this.sum(depth - 1);
        this.say(choices.one(['+', '*', '-']), 'if');
        this.condition(depth - 1);
        this.say('then');
        this.atom(depth - 1);
        this.say('else');
        this.sum(depth - 1);
        return;
    }
  }

  private condition(depth: number): void {
    if (this.choices.once(4)) this.say('not');
    this.sum(depth);
    this.say(this.choices.one(['==', '!=', '<', '<=', '>', '>=']));
    this.sum(depth);
  }

  private sum(depth: number): void {
    const { choices } = this;
    this.operand(depth);
    while (choices.left && choices.once(3)) {
      this.say(choices.one(['+', '-', '*', '/', '%', '^']));
      this.operand(depth);
    }
  }

  private operand(depth: number): void {
    if (this.choices.once(8)) this.say('-');
    this.atom(depth);
  }

  private call(depth: number): void {
    const { choices } = this;
    this.goOn('(');
    this.list(depth, ')', () => {
      if (choices.once(3)) this.say(choices.one(['kernel', 'stride']), ':');
      this.expression(depth);
    });
  }

  private atom(depth: number): void {
    const { choices } = this;
    switch (choices.below(depth <= 0 ? 4 : 9)) {
      case 0:
      case 1:
        this.name();
        return;
      case 2:
        this.say(choices.one(['1', '0.5', '9_041_700', '3e-4', '12']));
        return;
      case 3:
        this.say(choices.one(['true', '"a // b"', '"\\"("', 'false']));
        return;
      case 4:
        this.name();
        this.call(depth - 1);
        return;
      case 5:
        this.name();
        this.goOn('[');
        this.list(depth - 1, ']');
        return;
      case 6:
        this.say('[');
        this.list(depth - 1, ']');
        return;
      case 7:
        this.say('(');
        this.expression(depth);
        this.say(')');
        return;
      default:
        this.say('[');
        this.expression(depth - 1);
        this.say('for', 'i', 'in');
        this.atom(depth - 1);
        if (choices.once(2)) {
          this.say('if');
          this.condition(depth - 1);
        }
        this.say(']');
    }
  }
}

export interface RandomSpec {
  readonly text: string;
  /** In the order of the text. */
  readonly comments: readonly string[];
}

/** Puts blanks and comments between words, such that they stay what they are. */
function withBlanks(words: readonly Word[], choices: Choices, commented: boolean): RandomSpec {
  const comments: string[] = [];
  let text = '';
  let depth = 0;
  const remark = (mayBreak: boolean): string => {
    const kinds = ['own', 'behind', 'inline', 'lines'].slice(mayBreak ? 0 : 2, mayBreak ? 4 : 3);
    const kind = choices.one(kinds);
    const long = choices.once(8) ? ', and this is why it is so and could not well be otherwise (see below)' : '';
    const said = `remark ${comments.length}${long}`;
    const written = kind === 'inline' ? `/* ${said} */` : kind === 'lines' ? `/* ${said}\n   on */` : `// ${said}`;
    comments.push(written);
    if (kind === 'own') return `\n${choices.one(blanks)}${written}\n`;
    return kind === 'behind' ? ` ${written}\n` : ` ${written} `;
  };
  for (const [i, { text: word, goesOn, begins }] of words.entries()) {
    const mayBreak = !goesOn || depth > 0;
    let blank = choices.one(blanks);
    if (!mayBreak) blank = blank.replaceAll('\n', '');
    if (i === 0) blank = '';
    while (commented && choices.once(25)) blank += remark(mayBreak) + (mayBreak ? choices.one(blanks) : '');
    if (begins && !/[\r\n]/.test(blank)) blank += '\n';
    const before = words[i - 1]?.text ?? '';
    if (blank === '' && /\w$/.test(before) && /^\w/.test(word)) blank = ' ';
    text += blank + word;
    if (word === '(' || word === '[') depth++;
    else if (word === ')' || word === ']') depth--;
  }
  while (commented && choices.once(8)) text += remark(true);
  return { text: text + choices.one(['\n', '', '\n\n\n']), comments };
}

const numbers = fc.array(fc.nat({ max: 5039 }), { maxLength: 70, size: 'max' });

/** Random specs, well-formed and laid out at random, with comments in all places or with none. They mean nothing. */
export const randomSpecs = ({ comments }: { readonly comments: boolean }): fc.Arbitrary<RandomSpec> =>
  fc.tuple(numbers, numbers).map(([words, layout]) => {
    const writer = new SpecWriter(new Choices(words));
    writer.spec();
    return withBlanks(writer.words, new Choices(layout), comments);
  });
