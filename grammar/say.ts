// Made from docs/diagnostics by scripts/catalogue.mjs (npm run build): change the pages there.
import type { Message, Said } from './diagnostic.js';

const of = <const C extends string>(code: C, message: string): Said<C> => ({ code, message: message as Message });

/** Every message of the catalogue, by its code and its name on the page. */
export const say = {
  badEscape: {
    escape: (p: { readonly text: string | number }) => of('bad-escape', `\`${p.text}\` stands for nothing in a string`),
  },
  badNumber: {
    number: (p: { readonly text: string | number }) => of('bad-number', `\`${p.text}\` is not a number`),
    int: () => of('bad-number', `this int is beyond 2^53 - 1, the largest that is exact`),
    float: () => of('bad-number', `this float is beyond the largest there is, 1.8e308`),
  },
  bodyResult: {
    body: (p: { readonly what: string | number }) => of('body-result', `${p.what} follows the final expression of a body`),
  },
  callTarget: {
    name: () => of('call-target', `only a name can be called`),
  },
  importPlace: {
    network: () => of('import-place', `an \`import\` belongs to the file, not to a network`),
  },
  keywordAsName: {
    word: (p: { readonly word: string | number }) => of('keyword-as-name', `\`${p.word}\` is a keyword and cannot be a name`),
  },
  limitDepth: {
    nesting: (p: { readonly limit: string | number }) => of('limit-depth', `brackets and ifs are nested more than ${p.limit} deep here`),
    height: (p: { readonly limit: string | number }) => of('limit-depth', `this expression is more than ${p.limit} operators and brackets high`),
  },
  limitFile: {
    characters: (p: { readonly length: string | number; readonly limit: string | number }) => of('limit-file', `the file has ${p.length} characters, more than the ${p.limit} a spec may have`),
  },
  limitMistakes: {
    more: (p: { readonly limit: string | number }) => of('limit-mistakes', `more than ${p.limit} mistakes; the rest are not listed`),
  },
  operatorChain: {
    range: () => of('operator-chain', `a range has two ends, this is a third`),
    comparison: () => of('operator-chain', `comparisons cannot be chained`),
  },
  outsideNetwork: {
    item: (p: { readonly word: string | number }) => of('outside-network', `\`${p.word}\` belongs in a network`),
  },
  pipeTarget: {
    pipe: (p: { readonly written: string | number }) => of('pipe-target', `expected an operator or a block after \`|>\`, found \`${p.written}\``),
  },
  strayBracket: {
    other: (p: { readonly closer: string | number; readonly open: string | number; readonly found: string | number }) => of('stray-bracket', `expected ${p.closer} to close \`${p.open}\`, found ${p.found}`),
    nothing: (p: { readonly bracket: string | number }) => of('stray-bracket', `this \`${p.bracket}\` closes nothing`),
  },
  syntax: {
    size: (p: { readonly word: string | number }) => of('syntax', `a second ${p.word} for one \`expect\``),
    dimensions: (p: { readonly count: string | number }) => of('syntax', `a size of ${p.count} dimensions`),
    expected: (p: { readonly what: string | number; readonly after: string | number; readonly found: string | number }) => of('syntax', `expected ${p.what}${p.after}, found ${p.found}`),
    word: (p: { readonly word: string | number }) => of('syntax', `\`${p.word}\` is no keyword`),
    list: (p: { readonly text: string | number }) => of('syntax', `\`${p.text}\` is a size, which only stands after \`at\``),
  },
  unclosedBracket: {
    bracket: (p: { readonly here: boolean; readonly bracket: string | number }) => of('unclosed-bracket', `${p.here ? 'this' : 'the'} \`${p.bracket}\` is never closed`),
    brace: (p: { readonly of: string | number }) => of('unclosed-bracket', `the \`{\` of ${p.of} is never closed`),
  },
  unexpectedCharacter: {
    hash: () => of('unexpected-character', `\`#\` begins no comment here`),
    letters: (p: { readonly letters: string | number }) => of('unexpected-character', `\`${p.letters}\` cannot be part of a name`),
    quote: () => of('unexpected-character', `strings are not written with \`'\``),
    and: () => of('unexpected-character', `\`&&\` is not an operator`),
    or: () => of('unexpected-character', `\`||\` is not an operator`),
    characters: (p: { readonly one: boolean; readonly text: string | number }) => of('unexpected-character', `${p.one ? 'the character' : 'the characters'} ${p.text} ${p.one ? 'has' : 'have'} no meaning here`),
  },
  unterminatedComment: {
    comment: () => of('unterminated-comment', `this comment is never closed`),
  },
  unterminatedString: {
    string: () => of('unterminated-string', `this string is not closed on its line`),
  },
  importClash: {
    twice: (p: { readonly name: string | number; readonly from: string | number }) => of('import-clash', `${p.name} is imported from ${p.from} already`),
  },
  importCycle: {
    cycle: (p: { readonly path: string | number; readonly way: string | number }) => of('import-cycle', `${p.path} imports itself: ${p.way}`),
  },
  importEmpty: {
    empty: (p: { readonly path: string | number }) => of('import-empty', `${p.path} has no block to import`),
  },
  importMissing: {
    standard: (p: { readonly name: string | number }) => of('import-missing', `the standard library has no ${p.name}`),
    file: (p: { readonly path: string | number }) => of('import-missing', `there is no file ${p.path}`),
  },
  importRefused: {
    outside: (p: { readonly path: string | number }) => of('import-refused', `${p.path} is outside the spec's folder`),
    special: (p: { readonly path: string | number }) => of('import-refused', `${p.path} is not a regular file`),
    large: (p: { readonly path: string | number }) => of('import-refused', `${p.path} is larger than a spec can be`),
    binary: (p: { readonly path: string | number }) => of('import-refused', `${p.path} is not a text file`),
    unreadable: (p: { readonly path: string | number }) => of('import-refused', `${p.path} can't be read`),
  },
  importTwice: {
    twice: (p: { readonly path: string | number }) => of('import-twice', `${p.path} is imported already`),
  },
  limitImports: {
    files: (p: { readonly limit: string | number }) => of('limit-imports', `more than ${p.limit} files are imported`),
  },
  unusedImport: {
    import: (p: { readonly path: string | number }) => of('unused-import', `nothing uses a block of ${p.path}`),
  },
  divisionByZero: {
    divisor: (p: { readonly value: string | number; readonly operator: string | number }) => of('division-by-zero', `${p.value} ${p.operator} 0 has no result`),
    power: (p: { readonly exponent: string | number }) => of('division-by-zero', `0 ^ ${p.exponent} divides by zero`),
    tensor: () => of('division-by-zero', `a tensor cannot be divided by 0`),
  },
  duplicateName: {
    value: (p: { readonly name: string | number }) => of('duplicate-name', `${p.name} takes the same value twice`),
    name: (p: { readonly name: string | number }) => of('duplicate-name', `${p.name} is defined twice`),
  },
  emptyList: {
    last: () => of('empty-list', `last of an empty list`),
    list: (p: { readonly name: string | number }) => of('empty-list', `${p.name} of an empty list`),
  },
  extraArgument: {
    list: (p: { readonly name: string | number; readonly count: string | number }) => of('extra-argument', `${p.name} takes one list, and this is ${p.count} arguments`),
    block: (p: { readonly name: string | number; readonly takes: number; readonly given: string | number }) => of('extra-argument', `${p.name} takes ${p.takes} ${p.takes === 1 ? 'argument' : 'arguments'}, and ${p.given} are given`),
    head: (p: { readonly name: string | number; readonly has: string | number }) => of('extra-argument', `head ${p.name} has ${p.has}`),
    operator: (p: { readonly op: string | number; readonly takes: string | number }) => of('extra-argument', `${p.op} ${p.takes} beside its tensors, so there is no place for this`),
    none: (p: { readonly name: string | number }) => of('extra-argument', `${p.name} takes no arguments`),
    setting: (p: { readonly name: string | number; readonly names: readonly (string | number)[] }) => of('extra-argument', `${p.name} takes ${p.names.join(', ')}, so there is no place for this`),
    grid: (p: { readonly grid: string | number; readonly arity: number; readonly given: number }) => of('extra-argument', `${p.grid} has ${p.arity} ${p.arity === 1 ? 'index' : 'indices'}, and ${p.given} ${p.given === 1 ? 'is' : 'are'} given`),
  },
  indexOutOfList: {
    item: (p: { readonly n: string | number; readonly has: string | number }) => of('index-out-of-list', `there is no item ${p.n}: ${p.has}`),
  },
  missingArgument: {
    list: (p: { readonly name: string | number }) => of('missing-argument', `${p.name} needs a list`),
    numbers: (p: { readonly name: string | number }) => of('missing-argument', `${p.name} needs numbers`),
    block: (p: { readonly name: string | number; readonly absent: readonly (string | number)[] }) => of('missing-argument', `${p.name} needs ${p.absent.join(' and ')}`),
    tensors: (p: { readonly op: string | number; readonly what: string | number }) => of('missing-argument', `${p.op} needs ${p.what} to work on`),
    operator: (p: { readonly op: string | number; readonly name: string | number }) => of('missing-argument', `${p.op} needs ${p.name}`),
    grid: (p: { readonly grid: string | number; readonly arity: number; readonly given: number }) => of('missing-argument', `${p.grid} has ${p.arity} ${p.arity === 1 ? 'index' : 'indices'}, and ${p.given} ${p.given === 1 ? 'is' : 'are'} given`),
  },
  notAnInt: {
    number: (p: { readonly what: string | number; readonly number: string | number }) => of('not-an-int', `${p.what} must be a whole number, and this is ${p.number}`),
  },
  notCallable: {
    block: (p: { readonly name: string | number }) => of('not-callable', `${p.name} is a block, not a value`),
    operator: (p: { readonly name: string | number; readonly what: string | number }) => of('not-callable', `${p.name} is ${p.what}, not a value`),
    value: (p: { readonly name: string | number }) => of('not-callable', `${p.name} is a value and cannot be called`),
  },
  numberOverflow: {
    operation: (p: { readonly left: string | number; readonly operator: string | number; readonly right: string | number; readonly why: string | number }) => of('number-overflow', `${p.left} ${p.operator} ${p.right} ${p.why}`),
    result: (p: { readonly name: string | number }) => of('number-overflow', `the ${p.name} is too large`),
  },
  outOfRange: {
    dimension: (p: { readonly found: string | number }) => of('out-of-range', `a dimension must be at least 1, and this is ${p.found}`),
    least: (p: { readonly what: string | number; readonly least: string | number; readonly found: string | number }) => of('out-of-range', `${p.what} must be at least ${p.least}, and this is ${p.found}`),
    bounds: (p: { readonly what: string | number; readonly bounds: string | number; readonly found: string | number }) => of('out-of-range', `${p.what} must be ${p.bounds}, and this is ${p.found}`),
  },
  repeatedArgument: {
    argument: (p: { readonly name: string | number; readonly callee: string | number }) => of('repeated-argument', `${p.name} of ${p.callee} is given twice`),
  },
  reservedName: {
    name: (p: { readonly name: string | number; readonly what: string | number }) => of('reserved-name', `${p.name} is ${p.what} already`),
    mode: () => of('reserved-name', `the mode all is always there: every head`),
  },
  setSyntax: {
    value: (p: { readonly given: string | number; readonly why: string | number }) => of('set-syntax', `${p.given}: ${p.why}`),
  },
  setType: {
    default: (p: { readonly given: string | number; readonly name: string | number; readonly due: string | number; readonly found: string | number }) => of('set-type', `${p.given}: ${p.name} must be ${p.due}, like its default, and this is ${p.found}`),
  },
  unknownArgument: {
    block: (p: { readonly block: string | number; readonly name: string | number }) => of('unknown-argument', `${p.block} has no parameter ${p.name}`),
    callee: (p: { readonly callee: string | number; readonly name: string | number }) => of('unknown-argument', `${p.callee} has no argument ${p.name}`),
  },
  unknownName: {
    value: (p: { readonly name: string | number }) => of('unknown-name', `nothing is named ${p.name} here`),
    callee: (p: { readonly name: string | number }) => of('unknown-name', `no block or operator is named ${p.name}`),
  },
  unknownParam: {
    set: (p: { readonly name: string | number; readonly unknown: readonly (string | number)[]; readonly first: string | number; readonly value: string | number }) => of('unknown-param', `${p.name} has no param ${p.unknown.join(', ')}, but --set ${p.first}=${p.value} sets it`),
  },
  wrongType: {
    items: (p: { readonly found: string | number }) => of('wrong-type', `only a list has items, and this is ${p.found}`),
    compared: () => of('wrong-type', `tensors have no value yet when a spec is compiled, so they cannot be compared`),
    numbers: (p: { readonly operator: string | number; readonly found: string | number }) => of('wrong-type', `${p.operator} needs numbers, and this is ${p.found}`),
    tensors: (p: { readonly operator: string | number }) => of('wrong-type', `${p.operator} does not work between tensors; + - * do`),
    operands: (p: { readonly operator: string | number; readonly left: string | number; readonly right: string | number }) => of('wrong-type', `${p.operator} does not work between ${p.left} and ${p.right}`),
    negated: (p: { readonly found: string | number }) => of('wrong-type', `- needs a number or a tensor, and this is ${p.found}`),
    list: (p: { readonly name: string | number; readonly found: string | number }) => of('wrong-type', `${p.name} needs a list, and this is ${p.found}`),
    among: (p: { readonly name: string | number; readonly found: string | number }) => of('wrong-type', `${p.name} needs numbers, and there is ${p.found} among them`),
    whole: (p: { readonly what: string | number; readonly found: string | number }) => of('wrong-type', `${p.what} must be a whole number, and this is ${p.found}`),
    condition: (p: { readonly what: string | number; readonly found: string | number }) => of('wrong-type', `${p.what} needs true or false, and this is ${p.found}`),
    comprehension: (p: { readonly found: string | number }) => of('wrong-type', `a comprehension runs over a range or a list, and this is ${p.found}`),
    relation: (p: { readonly relation: string | number }) => of('wrong-type', `a shape is equal or not, so \`${p.relation}\` says nothing of it`),
    shape: (p: { readonly found: string | number }) => of('wrong-type', `a shape is a list such as [1, 1, 96, 96], and this is ${p.found}`),
    fact: (p: { readonly what: string | number; readonly found: string | number }) => of('wrong-type', `${p.what} is a number, and this is ${p.found}`),
    index: (p: { readonly name: string | number; readonly found: string | number }) => of('wrong-type', `${p.name} runs over a range such as 0..4, and this is ${p.found}`),
    tensor: (p: { readonly what: string | number; readonly found: string | number }) => of('wrong-type', `${p.what} must be a tensor, and this is ${p.found}`),
    grid: (p: { readonly name: string | number; readonly indices: string | number }) => of('wrong-type', `${p.name} is a grid of ${p.indices} indices, not a value`),
    param: () => of('wrong-type', `a param holds numbers, words or lists, not tensors`),
    input: (p: { readonly op: string | number; readonly one: boolean; readonly found: string | number }) => of('wrong-type', `${p.op} works on ${p.one ? 'one tensor' : 'tensors'}, and this is ${p.found}`),
    number: (p: { readonly what: string | number; readonly whole: boolean; readonly found: string | number }) => of('wrong-type', `${p.what} must be a ${p.whole ? 'whole number' : 'number'}, and this is ${p.found}`),
    word: (p: { readonly what: string | number; readonly words: readonly (string | number)[]; readonly found: string | number }) => of('wrong-type', `${p.what} must be ${p.words.join(' or ')}, and this is ${p.found}`),
    flag: (p: { readonly what: string | number; readonly found: string | number }) => of('wrong-type', `${p.what} must be true or false, and this is ${p.found}`),
    padding: (p: { readonly what: string | number; readonly found: string | number }) => of('wrong-type', `${p.what} must be same, valid, a whole number or a list, and this is ${p.found}`),
    sizes: (p: { readonly what: string | number }) => of('wrong-type', `${p.what} must be a whole number, or a list of them, and this list is empty`),
    output: (p: { readonly found: string | number }) => of('wrong-type', `an output is one tensor, and this is ${p.found}`),
    oneOf: (p: { readonly what: string | number; readonly words: readonly (string | number)[] }) => of('wrong-type', `${p.what} must be ${p.words.join(' or ')}`),
  },
  badPattern: {
    length: (p: { readonly grid: string | number; readonly indices: string | number; readonly patterns: string | number }) => of('bad-pattern', `${p.grid} has ${p.indices} indices, and this pattern has ${p.patterns}`),
    twice: (p: { readonly name: string | number }) => of('bad-pattern', `${p.name} is bound twice in this pattern`),
    item: () => of('bad-pattern', `a pattern is a whole number or a name`),
  },
  cycle: {
    cell: (p: { readonly name: string | number; readonly way: string | number }) => of('cycle', `${p.name} needs itself: ${p.way}`),
  },
  droppedSkip: {
    row: (p: { readonly cell: string | number; readonly first: string | number; readonly last: string | number; readonly missing: string | number }) => of('dropped-skip', `${p.cell} reads ${p.first} and ${p.last}, but not ${p.missing} between them`),
  },
  extraInput: {
    input: (p: { readonly name: string | number }) => of('extra-input', `${p.name} has an input already`),
  },
  extraNetwork: {
    network: (p: { readonly name: string | number }) => of('extra-network', `${p.name} is a second network in this file`),
  },
  extraOutput: {
    output: (p: { readonly name: string | number }) => of('extra-output', `${p.name} has an output already`),
  },
  headIndex: {
    several: (p: { readonly name: string | number; readonly indices: string | number }) => of('head-index', `a head has one index, its level, and ${p.name} has ${p.indices}`),
    level: (p: { readonly level: string | number }) => of('head-index', `the index of a head is its level, and ${p.level} is none`),
  },
  indexOutOfGrid: {
    cell: (p: { readonly cell: string | number; readonly index: string | number; readonly run: string | number; readonly under: string | number }) => of('index-out-of-grid', `${p.cell} is outside the grid: ${p.index} runs over ${p.run}${p.under}`),
    head: (p: { readonly name: string | number; readonly level: string | number }) => of('index-out-of-grid', `there is no head ${p.name}[${p.level}]`),
  },
  inputShape: {
    dtype: (p: { readonly dtype: string | number }) => of('input-shape', `an input is of type f32, not ${p.dtype}`),
    rank: (p: { readonly count: string | number }) => of('input-shape', `an input has batch, channels and 1 to 3 spatial dimensions, and this one has ${p.count} in all`),
    channels: () => of('input-shape', `the number of channels must be known, since the sizes of weights follow from it`),
    batch: () => of('input-shape', `the first dimension is the batch, N`),
    elsewhere: () => of('input-shape', `N is the batch, the first dimension`),
  },
  noHead: {
    range: (p: { readonly name: string | number }) => of('no-head', `the range of ${p.name} is empty, so nothing is trained`),
    head: (p: { readonly name: string | number }) => of('no-head', `${p.name} has no head, so nothing is trained`),
  },
  noInput: {
    input: (p: { readonly name: string | number }) => of('no-input', `${p.name} has no input`),
  },
  noNetwork: {
    file: () => of('no-network', `this file holds no network`),
  },
  outputOwnsWeights: {
    step: (p: { readonly op: string | number; readonly mode: string | number }) => of('output-owns-weights', `${p.op} in mode ${p.mode} has weights, and nothing trains them`),
  },
  patternShadows: {
    name: (p: { readonly name: string | number; readonly kind: string | number }) => of('pattern-shadows', `${p.name} here is a new name that matches every index, not the ${p.kind} ${p.name}`),
  },
  ruleName: {
    rule: (p: { readonly name: string | number; readonly grid: string | number }) => of('rule-name', `this rule is for ${p.name}, but it is in grid ${p.grid}`),
  },
  undefinedCell: {
    cells: (p: { readonly cells: string | number }) => of('undefined-cell', `no rule defines ${p.cells}`),
  },
  unknownExpect: {
    fact: (p: { readonly name: string | number }) => of('unknown-expect', `${p.name} is nothing that can be expected`),
  },
  unknownLevel: {
    spec: (p: { readonly level: string | number }) => of('unknown-level', `there is no level ${p.level}`),
    network: (p: { readonly network: string | number; readonly level: string | number }) => of('unknown-level', `${p.network} has no level L${p.level}`),
  },
  unknownMode: {
    spec: (p: { readonly mode: string | number }) => of('unknown-mode', `there is no output mode ${p.mode}`),
    network: (p: { readonly network: string | number; readonly mode: string | number }) => of('unknown-mode', `${p.network} has no output mode ${p.mode}`),
  },
  unusedHead: {
    head: (p: { readonly name: string | number }) => of('unused-head', `head ${p.name} is trained, but no output mode reads it`),
  },
  unusedName: {
    name: (p: { readonly what: string | number }) => of('unused-name', `nothing uses ${p.what}`),
  },
  unusedNode: {
    cells: (p: { readonly cells: string | number; readonly one: boolean }) => of('unused-node', `nothing uses ${p.cells}: no head or output depends on ${p.one ? 'it' : 'them'}`),
    value: (p: { readonly name: string | number }) => of('unused-node', `no head or output depends on ${p.name}`),
    result: (p: { readonly op: string | number; readonly path: string | number }) => of('unused-node', `nothing uses the result of ${p.op} in ${p.path}`),
  },
  unusedRule: {
    rule: (p: { readonly why: string | number }) => of('unused-rule', `no cell uses this rule: ${p.why}`),
  },
  biasBeforeNorm: {
    bias: (p: { readonly op: string | number; readonly norm: string | number }) => of('bias-before-norm', `the bias of this ${p.op} is taken out again by the ${p.norm} behind it`),
  },
  fieldTooSmall: {
    field: (p: { readonly where: string | number; readonly relation: string | number; readonly due: string | number; readonly found: string | number }) => of('field-too-small', `expected receptive_field${p.where} ${p.relation} ${p.due}, but it is ${p.found}`),
  },
  levelSavesLittle: {
    level: (p: { readonly levels: string | number; readonly saves: string | number }) => of('level-saves-little', `${p.levels} ${p.saves} of the network's MACs: all that is left out is cheap`),
  },
  squashedLogits: {
    squashed: (p: { readonly activation: string | number; readonly head: string | number; readonly op: string | number; readonly said: string | number; readonly effect: string | number }) => of('squashed-logits', `the ${p.activation} of head ${p.head} gets what comes out of this ${p.op}, which ${p.said}, ${p.effect}`),
  },
  limitList: {
    list: (p: { readonly length: string | number; readonly limit: string | number }) => of('limit-list', `a list of ${p.length} items; the limit is ${p.limit}`),
    nested: (p: { readonly length: string | number; readonly limit: string | number }) => of('limit-list', `a list of ${p.length} items, those inside its items included; the limit is ${p.limit}`),
  },
  limitNesting: {
    evaluation: () => of('limit-nesting', `the evaluation is nested too deep`),
    lists: (p: { readonly limit: string | number }) => of('limit-nesting', `lists are nested more than ${p.limit} deep`),
    expression: (p: { readonly limit: string | number }) => of('limit-nesting', `this expression is nested more than ${p.limit} deep`),
  },
  limitNodes: {
    nodes: (p: { readonly limit: string | number }) => of('limit-nodes', `the network has more than ${p.limit} nodes`),
    cells: (p: { readonly limit: string | number }) => of('limit-nodes', `more than ${p.limit} cells`),
  },
  limitRecursion: {
    blocks: (p: { readonly limit: string | number; readonly name: string | number }) => of('limit-recursion', `blocks call each other more than ${p.limit} deep, and ${p.name} goes on`),
  },
  limitSteps: {
    steps: (p: { readonly limit: string | number }) => of('limit-steps', `evaluating this spec takes more than ${p.limit} steps`),
  },
  badLoss: {
    number: () => of('bad-loss', `a loss is a sum such as 0.5 * bce + dice, and this is a number`),
    sum: () => of('bad-loss', `losses can be added, and multiplied or divided by positive numbers`),
    weight: () => of('bad-loss', `the weight of a loss must be a positive number`),
  },
  extraTrain: {
    train: () => of('extra-train', `a second train block`),
  },
  headWeights: {
    count: (p: { readonly heads: string | number; readonly weights: string | number }) => of('head-weights', `weights needs one number for each of the ${p.heads} heads, and this is ${p.weights}`),
    zero: () => of('head-weights', `all weights are zero, so nothing is trained`),
  },
  lossActivation: {
    head: (p: { readonly name: string | number; readonly end: string | number; readonly why: string | number }) => of('loss-activation', `head ${p.name} ${p.end}, and ${p.why}`),
  },
  maskRule: {
    word: (p: { readonly name: string | number }) => of('mask-rule', `there is no rule ${p.name} for masks`),
    none: () => of('mask-rule', `this is no rule for masks`),
    classes: (p: { readonly name: string | number; readonly items: string | number }) => of('mask-rule', `${p.name} takes a list of ${p.items}, one item for each class`),
    twice: (p: { readonly value: string | number }) => of('mask-rule', `${p.value} is named twice`),
  },
  repeatedSetting: {
    mode: (p: { readonly name: string | number }) => of('repeated-setting', `mode ${p.name} is given twice`),
    setting: (p: { readonly name: string | number }) => of('repeated-setting', `${p.name} is given twice`),
  },
  resizeAndPatch: {
    both: () => of('resize-and-patch', `patch and resize exclude each other`),
  },
  trainSize: {
    length: (p: { readonly name: string | number; readonly due: string | number; readonly length: string | number }) => of('train-size', `${p.name} needs ${p.due}, and this is ${p.length}`),
  },
  unknownAugmentation: {
    word: (p: { readonly name: string | number }) => of('unknown-augmentation', `there is no augmentation ${p.name}`),
    none: () => of('unknown-augmentation', `this is no augmentation`),
  },
  unknownLoss: {
    loss: (p: { readonly name: string | number }) => of('unknown-loss', `there is no loss ${p.name}`),
  },
  unknownOptimizer: {
    word: (p: { readonly name: string | number }) => of('unknown-optimizer', `there is no optimizer ${p.name}`),
    none: () => of('unknown-optimizer', `this is no optimizer`),
  },
  unknownSchedule: {
    word: (p: { readonly name: string | number }) => of('unknown-schedule', `there is no schedule ${p.name}`),
    none: () => of('unknown-schedule', `this is no schedule`),
  },
  unknownSetting: {
    setting: (p: { readonly name: string | number }) => of('unknown-setting', `train has no setting ${p.name}`),
  },
  unsupervisedHead: {
    weight: (p: { readonly name: string | number }) => of('unsupervised-head', `head ${p.name} has weight 0, so it is never supervised`),
  },
  badArgument: {
    rate: (p: { readonly rate: string | number }) => of('bad-argument', `dropout with rate ${p.rate} would drop everything`),
    amount: (p: { readonly op: string | number }) => of('bad-argument', `amount of ${p.op} must be whole numbers of at least 0`),
    slopes: (p: { readonly channels: string | number; readonly slopes: string | number }) => of('bad-argument', `prelu learns 1 slope or one for each of the ${p.channels} channels it is given, not ${p.slopes}`),
    list: (p: { readonly name: string | number; readonly op: string | number; readonly given: string | number; readonly rank: number }) => of('bad-argument', `${p.name} of ${p.op} lists ${p.given} numbers, but the tensor has ${p.rank} spatial ${p.rank === 1 ? 'dimension' : 'dimensions'}`),
    positive: (p: { readonly name: string | number; readonly op: string | number }) => of('bad-argument', `${p.name} of ${p.op} must be whole numbers of at least 1`),
    gaps: (p: { readonly kernel: string | number; readonly stride: string | number }) => of('bad-argument', `conv_transpose with kernel ${p.kernel} and stride ${p.stride} would leave gaps: padding same needs a kernel at least as large as the stride`),
    padding: (p: { readonly op: string | number }) => of('bad-argument', `padding of ${p.op} must be same, valid, or whole numbers of at least 0`),
    internal: (p: { readonly what: string | number }) => of('bad-argument', `${p.what}`),
    corners: () => of('bad-argument', `align_corners has a meaning only when mode is linear`),
    kernel: (p: { readonly padding: string | number; readonly op: string | number; readonly kernel: string | number }) => of('bad-argument', `padding ${p.padding} of ${p.op} must be smaller than its kernel ${p.kernel}`),
    axis: (p: { readonly op: string | number; readonly axis: string | number; readonly shape: string | number; readonly last: string | number }) => of('bad-argument', `${p.op} has axis ${p.axis}, but the tensor ${p.shape} has axes 0 to ${p.last}`),
  },
  badGroups: {
    made: (p: { readonly groups: string | number; readonly channels: string | number }) => of('bad-groups', `conv with ${p.groups} groups can't make ${p.channels} channels`),
    split: (p: { readonly op: string | number; readonly groups: string | number; readonly channels: string | number }) => of('bad-groups', `${p.op} with ${p.groups} groups can't split the ${p.channels} channels it is given`),
  },
  channelMismatch: {
    element: (p: { readonly op: string | number; readonly facts: string | number }) => of('channel-mismatch', `${p.op} needs equal channels (or 1): ${p.facts}`),
    shuffle: (p: { readonly factor: string | number; readonly multiple: string | number; readonly channels: string | number }) => of('channel-mismatch', `pixel_shuffle by ${p.factor} needs a multiple of ${p.multiple} channels, this tensor has ${p.channels}`),
  },
  expectFailed: {
    shape: (p: { readonly where: string | number; readonly due: readonly (string | number)[]; readonly found: readonly (string | number)[] }) => of('expect-failed', `expected shape${p.where} = [${p.due.join(', ')}], but it is [${p.found.join(', ')}]`),
    number: (p: { readonly what: string | number; readonly where: string | number; readonly relation: string | number; readonly due: string | number; readonly found: string | number }) => of('expect-failed', `expected ${p.what}${p.where} ${p.relation} ${p.due}, but it is ${p.found}`),
    field: (p: { readonly where: string | number; readonly relation: string | number; readonly due: string | number; readonly found: string | number }) => of('expect-failed', `expected receptive_field${p.where} ${p.relation} ${p.due}, but it is ${p.found}`),
  },
  expectSize: {
    open: (p: { readonly symbol: string | number }) => of('expect-size', `this fact depends on the size, and ${p.symbol} is open`),
    invalid: (p: { readonly symbol: string | number; readonly size: string | number; readonly rules: string | number }) => of('expect-size', `${p.symbol} = ${p.size} is not a valid size (${p.rules})`),
  },
  headShape: {
    heads: (p: { readonly name: string | number; readonly shape: string | number; readonly first: string | number; readonly due: string | number }) => of('head-shape', `head ${p.name} is ${p.shape}, but ${p.first} is ${p.due}`),
  },
  modeNotAtLevel: {
    head: (p: { readonly mode: string | number; readonly level: string | number }) => of('mode-not-at-level', `mode ${p.mode} names a head that L${p.level} does not have`),
  },
  noInputs: {
    list: (p: { readonly op: string | number }) => of('no-inputs', `${p.op} of an empty list`),
    tensor: (p: { readonly op: string | number }) => of('no-inputs', `${p.op} needs a tensor`),
  },
  shapeMismatch: {
    rank: (p: { readonly op: string | number; readonly facts: string | number }) => of('shape-mismatch', `${p.op} needs tensors of one rank: ${p.facts}`),
    element: (p: { readonly op: string | number; readonly facts: string | number }) => of('shape-mismatch', `${p.op} needs tensors of one shape: ${p.facts}`),
    image: (p: { readonly op: string | number; readonly shape: string | number }) => of('shape-mismatch', `${p.op} needs [N, C] and 1 to 3 spatial dimensions, this tensor is ${p.shape}`),
    channels: (p: { readonly op: string | number; readonly shape: string | number }) => of('shape-mismatch', `${p.op} needs a known number of channels, this tensor is ${p.shape}`),
    internal: (p: { readonly what: string | number }) => of('shape-mismatch', `${p.what}`),
    concat: (p: { readonly which: string | number; readonly shape: string | number }) => of('shape-mismatch', `concat needs a known number of channels: the ${p.which} input is ${p.shape}`),
  },
  sizeNotDivisible: {
    unshuffle: (p: { readonly factor: string | number; readonly axis: string | number; readonly size: string | number }) => of('size-not-divisible', `pixel_unshuffle by ${p.factor} needs a ${p.axis} that is a multiple of ${p.factor}, here it is ${p.size}`),
    stride: (p: { readonly op: string | number; readonly stride: string | number; readonly axis: string | number; readonly size: string | number }) => of('size-not-divisible', `${p.op} with stride ${p.stride} needs a ${p.axis} that is a multiple of ${p.stride}, here it is ${p.size}`),
  },
  sizeTooLarge: {
    size: (p: { readonly op: string | number; readonly dimension: string | number; readonly limit: string | number }) => of('size-too-large', `${p.op} makes a size of ${p.dimension}, and the numbers in a size go to ${p.limit}`),
    parameter: (p: { readonly name: string | number; readonly op: string | number; readonly count: string | number; readonly limit: string | number }) => of('size-too-large', `${p.name} of ${p.op} has ${p.count} elements, and a parameter may have ${p.limit}`),
  },
  sizeTooSmall: {
    size: (p: { readonly axis: string | number; readonly size: string | number; readonly op: string | number }) => of('size-too-small', `nothing is left of ${p.axis} ${p.size} after ${p.op}`),
  },
  spatialMismatch: {
    concat: (p: { readonly which: string | number; readonly shape: string | number; readonly other: string | number; readonly against: string | number }) => of('spatial-mismatch', `concat joins channels of equal sizes: ${p.which} is ${p.shape}, the ${p.other} is ${p.against}`),
  },
  notInTarget: {
    kernel: (p: { readonly path: string | number; readonly op: string | number; readonly kernel: string | number }) => of('not-in-target', `${p.path} can't be run by TensorFlow.js: this ${p.op} takes ${p.kernel}, which it does not have`),
    layers: (p: { readonly paths: string | number; readonly op: string | number; readonly why: string | number }) => of('not-in-target', `${p.paths}: ${p.op} can't be said in layers: ${p.why}`),
  },
  notTrainableInTarget: {
    layers: (p: { readonly paths: string | number; readonly op: string | number; readonly why: string | number }) => of('not-trainable-in-target', `${p.paths}: ${p.op} can't be trained on: ${p.why}`),
  },
} as const;
