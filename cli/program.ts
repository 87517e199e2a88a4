import { Command, Option } from 'commander';
import { version } from '../runtime/support/version.js';
import { UsageError } from './errors.js';
import type { Io, Outcome } from './io.js';

/** Runs a command's work and shows its outcome. */
export type Perform = (run: () => Promise<Outcome>) => Promise<void>;

/**
 * The command line's grammar. Each command's code is imported when it runs, so that `check` loads no engine and no
 * image decoder.
 */
export function buildProgram(surroundings: Io, perform: Perform): Command {
  const importRoots: string[] = [];
  const io = { ...surroundings, importRoots };
  const program = new Command('unetc')
    .description(
      'The compiler for nested segmentation networks: a .unet spec becomes a trained, pruned, deployed U-Net or UNet++',
    )
    .version(version())
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: io.out, writeErr: io.err, outputError: () => undefined })
    .helpCommand(false);
  declareSpecCommands(program, io, perform);
  declareRunCommands(program, io, perform);
  declareEngineCommands(program, io, perform);
  declareEditorCommands(program, io, perform);
  declareLater(program);
  for (const command of program.commands.flatMap((c) => (c.commands.length > 0 ? c.commands : [c]))) {
    command.option('--json', 'answer one JSON document on stdout');
    command.option('--debug', 'show the stack of an internal error');
    if (readsSpecs.has(command.name())) command.addOption(importRoot(importRoots));
  }
  return program;
}

const example = (command: string): string => `\nExample:\n  $ unetc ${command}`;

const repeat = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

const set = (): Option =>
  new Option('--set <name=value>', "set a param of the spec, as in --set 'width=[16,32]'; may be repeated").argParser(
    repeat,
  );
/** Commands that read a spec, and with it the files that it imports. */
const readsSpecs = new Set(['check', 'plan', 'draw', 'build', 'train', 'bench', 'verify', 'lsp']);

const importRoot = (roots: string[]): Option =>
  new Option(
    '--import-root <DIR>',
    "a folder that specs may import from, beside each one's own; may be repeated",
  ).argParser((folder: string) => {
    roots.push(folder);
    return roots;
  });
const prune = (): Option =>
  new Option('--prune <Lk>', 'keep the heads up to level k, as in L2; default: the whole network');
const mode = (): Option =>
  new Option('--mode <mode>', "output mode, one of the spec's or 'all'; default: the first one named");
const size = (): Option => new Option('--size <HxW>', 'spatial size, as in 256x256');
const device = (): Option => new Option('--device <D>', 'cpu or gpu; default: a GPU where the engine finds one');
const precision = (): Option => new Option('--precision <p>', 'fp32, or bf16 (tensorflow); default: fp32');
const engine = (): Option => new Option('--engine <name>', 'auto, ort or tensorflow; see doctor').default('auto');
const answering = (): Option =>
  new Option('--engine <name>', 'auto, ort, tensorflow or openvino; see doctor').default('auto');
const answeringPrecision = (): Option =>
  new Option('--precision <p>', 'fp32, or bf16 (tensorflow, openvino); default: fp32');
const trust = (): Option =>
  new Option('--trust', 'run an ONNX file of any operators, loops and sizes: only one of somebody you trust');
const pages = (): Option =>
  new Option('--pages <axis>', 'what the pages of a TIFF are that does not say: depth or channels');
const placement = (): Option =>
  new Option('--placement <form>', 'which holds where the sform and qform of a NIfTI differ: sform or qform');
const maskRule = (): Option =>
  new Option('--mask-rule <rule>', "how mask files are read, as in 'threshold(128)'; default: found by looking at all");
const ignore = (): Option =>
  new Option('--ignore <N>', 'the number in masks that marks pixels to leave out, as in 255');
const orientation = (): Option =>
  new Option('--orientation <how>', 'how masks lie on images with an EXIF orientation: stored or exif');
const batch = (): Option => new Option('--batch <N>', 'images in a batch');

function declareSpecCommands(program: Command, io: Io, perform: Perform): void {
  program
    .command('init [NAME]')
    .description('write a starter spec, NAME.unet')
    .option('--data <DIR>', 'also draw 48 images with masks into DIR, to train on while there are no others')
    .addHelpText('after', example('init cells --data cells-data'))
    .action((name: string | undefined, options) =>
      perform(async () => (await import('./commands/init.js')).init(name, options)),
    );
  program
    .command('check <FILE...>')
    .description('parse, elaborate, infer shapes, prove the expect lines')
    .option('--fix', 'make the corrections that are certain, and check again')
    .addOption(new Option('--format <format>', 'text or sarif, for tools that review code').default('text'))
    .addOption(set())
    .addHelpText('after', example('check specs/unetpp.unet'))
    .action((files: string[], options) =>
      perform(async () => (await import('./commands/check.js')).check(files, options, io)),
    );
  program
    .command('fmt <FILE...>')
    .description('rewrite specs in their canonical form; - reads stdin and writes stdout')
    .option('--check', 'write nothing; exit 1 and name the files that would change')
    .addHelpText('after', example('fmt specs/*.unet --check'))
    .action((files: string[], options) =>
      perform(async () => (await import('./commands/fmt.js')).fmt(files, options, io)),
    );
  program
    .command('explain <CODE>')
    .description('what a diagnostic means and how to put it right')
    .addHelpText('after', example('explain unknown-name'))
    .action((code: string) => perform(async () => (await import('./commands/explain.js')).explain(code)));
  program
    .command('plan <FILE>')
    .description('nodes, shapes, parameters, MACs, order and memory')
    .addOption(prune())
    .addOption(mode())
    .addOption(size())
    .addOption(batch())
    .addOption(set())
    .option('--train', 'the training step instead: forward, losses, backward, optimizer')
    .addOption(precision())
    .option('--memory <size>', "what a batch may take, as in 2GB; default: this machine's memory")
    .addHelpText('after', example('plan specs/unetpp.unet --prune L2 --size 512x512'))
    .action((file: string, options) =>
      perform(async () => (await import('./commands/plan.js')).plan(file, options, io)),
    );
  program
    .command('draw <FILE>')
    .description('the grid as the papers draw it')
    .option('-o, --out <F.svg>', 'the file to write; default: the drawing on stdout')
    .addOption(prune())
    .option('--format <format>', "svg, dot, mermaid or html; default: what the file's ending says, or svg")
    .option('--theme <theme>', "light, dark, or auto: the reader's", 'auto')
    .addOption(size())
    .addOption(set())
    .addHelpText('after', example('draw specs/unetpp.unet --prune L2 -o unetpp-L2.svg'))
    .action((file: string, options) =>
      perform(async () => (await import('./commands/draw.js')).draw(file, options, io)),
    );
  program
    .command('build <FILE|RUN>')
    .description('compile a spec, or a run with its weights, to a model file')
    .requiredOption('-o, --out <OUT>', 'the file to write; tfjs-layers: the folder')
    .option(
      '--target <target>',
      'onnx; onnx-train: the whole training step as one graph; tfjs-layers: layers for tf.loadLayersModel',
      'onnx',
    )
    .addOption(prune())
    .option('--mode <mode>', "one of the spec's, 'all', or 'adaptive': every level in one file, deeper while unsure")
    .option('--weights <F.safetensors|RUN>', 'trained weights; default: the seeded initial ones')
    .option('--seed <S>', 'seed of the initial weights', '0')
    .addOption(size())
    .addOption(batch())
    .addOption(set())
    .option('--precision <p>', 'fp32, or fp16 for GPUs: weights and images inside, for --target onnx; default: fp32')
    .option('--quantize <type>', 'int8: convolutions in whole numbers, for --target onnx')
    .option('--calibrate <DIR>', 'with --quantize, or --mode adaptive: images/ to measure on, and masks/ to judge by')
    .option(
      '--for <runtime>',
      'for --target onnx: the runtime to be fast in: ort (default), openvino, or plain, as the spec says it, for GPUs and others',
    )
    .option('--max-loss <points>', 'with --quantize: IoU in points that may be lost; default: 0.3')
    .option('--iou-loss <points>', 'adaptive: percentage points of IoU that may be lost on them (default: 0.5)')
    .option('--split <NAMES.txt>', "adaptive: names of the images to choose on; default: the run's held-out ones")
    .option('--threshold-uncertainty <T>', 'adaptive: this instead, 0 to 1, or one for each level with commas between')
    .option('--level-mode <mode>', "adaptive: the spec's mode that levels answer in; default: fast, or the first")
    .addHelpText(
      'after',
      [
        example('build specs/unetpp.unet --weights runs/nuclei --prune L3 -o nuclei.onnx'),
        '  $ unetc build runs/nuclei --quantize int8 --calibrate data/nuclei -o nuclei-int8.onnx',
        '  $ unetc build runs/nuclei --mode adaptive --calibrate data/nuclei -o nuclei.onnx',
      ].join('\n'),
    )
    .action((file: string, options) =>
      perform(async () => (await import('./commands/build.js')).build(file, options, io)),
    );
}

function declareEditorCommands(program: Command, io: Io, perform: Perform): void {
  program
    .command('lsp')
    .description('language server on stdin and stdout; docs/editors.md says how editors start it')
    // What many editors pass; there is no other way to talk.
    .addOption(new Option('--stdio').hideHelp())
    .addHelpText('after', example('lsp'))
    .action(() => perform(async () => (await import('./commands/lsp.js')).lsp(io)));
}

function declareRunCommands(program: Command, io: Io, perform: Perform): void {
  program
    .command('train <FILE>')
    .description('train a spec on a data folder (images/ and masks/); safe to stop, resumes exactly')
    .option('--data <DIR>', 'folder with images/ and masks/ of equal names, or another layout of docs/data.md')
    .option('--images <PATTERN>', "instead of --data: where the images are, as in 'img/*.png'")
    .option('--masks <PATTERN>', "with --images: where the mask of each is, as in 'gt/{}_seg.png'")
    .addOption(pages())
    .addOption(placement())
    .requiredOption('--out <RUN>', 'the folder of the run: checkpoints, metrics.jsonl, report.html')
    .addOption(engine())
    .addOption(device())
    .addOption(precision())
    .option('--epochs <E>', 'passes over the data')
    .addOption(batch())
    .option('--memory <size>', 'the largest batch that fits, as in 2GB; a batch that is given stays, and is compared')
    .option('--resize <HxW>', 'resize whole images to this')
    .option('--patch <HxW>', 'train on random patches of this size')
    .option('--lr <rate>', 'learning rate')
    .option('--seed <S>', 'seed of weights, order and augmentation')
    .option('--split <NAMES.txt>', 'names of the images held out')
    .addOption(maskRule())
    .addOption(ignore())
    .addOption(orientation())
    .option('--best <metric>', 'what chooses the best epoch: iou (default), dice, iou-foreground, bce or loss')
    .addOption(set())
    .option('--resume', 'go on from the last checkpoint of RUN')
    .addHelpText('after', example('train specs/unetpp.unet --data data/nuclei --out runs/nuclei --epochs 40'))
    .action((file: string, options) =>
      perform(async () => (await import('./commands/train.js')).train(file, options, io)),
    );
  program
    .command('data <DATA>')
    .description(
      'look at a data set before training: sizes, types, mask values, the rule that reads them, what is strange',
    )
    .option('-o, --out <F.png|F.html>', 'also draw a contact sheet: images with the contours of their masks')
    .option('--classes <K>', 'classes of the network; default: 1, and what the masks suggest')
    .addOption(pages())
    .addOption(placement())
    .addHelpText('after', example('data data/nuclei -o nuclei.png'))
    .action((at: string, options) => perform(async () => (await import('./commands/data.js')).data(at, options, io)));
  program
    .command('eval <RUN|MODEL...>')
    .description(
      'quality by level and mode on held-out images; in other data, and of a built ONNX file, on all; several are compared',
    )
    .option('--data <DIR>', 'folder with images/ and masks/ of equal names, or another layout of docs/data.md')
    .option('--images <PATTERN>', "instead of --data: where the images are, as in 'img/*.png'")
    .option('--masks <PATTERN>', "with --images: where the mask of each is, as in 'gt/{}_seg.png'")
    .addOption(pages())
    .addOption(placement())
    .option('--prune <Lk|all>', 'one level, or all', 'all')
    .option(
      '--split <NAMES.txt>',
      "names of the images to use; default: the run's held-out ones in its own data, else all",
    )
    .option(
      '--measures <list>',
      'also surface (HD95, ASSD, NSD), lesions, instances (AP, PQ), with commas between; or all',
    )
    .option('--tolerance <d>', 'of NSD, in mm where images have a spacing, else in pixels; default: 1')
    .option(
      '--absent <rule>',
      'what a class that an image does not have counts: leave-out, leave-out-truth, one or zero',
    )
    .option('--csv <FILE>', 'write a row for each image, level and mode')
    .addOption(maskRule())
    .addOption(ignore())
    .addOption(orientation())
    .addOption(answering())
    .addOption(device())
    .addOption(answeringPrecision())
    .addOption(trust())
    .addHelpText(
      'after',
      [example('eval runs/nuclei --data data/nuclei'), '  $ unetc eval runs/a runs/b --data data/other'].join('\n'),
    )
    .action((models: string[], options) =>
      perform(async () => (await import('./commands/eval.js')).evaluate(models, options, io)),
    );
  program
    .command('predict <MODEL> <IMAGE...>')
    .description("masks of the images' own size, from a run folder or an ONNX file built by unetc")
    .requiredOption('-o, --out <DIR>', 'folder for the masks')
    .addOption(prune())
    .addOption(mode())
    .option('--tile <HxW>', 'slide a window of this size')
    .addOption(pages())
    .addOption(placement())
    .option('--overlay', 'also write the image with the mask over it')
    .option('--threshold <t>', 'probability from which a pixel belongs to the mask (default: 0.5)')
    .addOption(answering())
    .addOption(device())
    .addOption(answeringPrecision())
    .addOption(trust())
    .addHelpText('after', example('predict runs/nuclei cells/*.png -o masks --overlay'))
    .action((model: string, images: string[], options) =>
      perform(async () => (await import('./commands/predict.js')).predict(model, images, options, io)),
    );
  program
    .command('bench <FILE|RUN|MODEL>')
    .description('every level side by side on this machine, of a spec, a run or a built ONNX file')
    .addOption(size())
    .addOption(batch())
    .option('--runs <R>', 'timed runs of each level', '10')
    .addOption(set())
    .addOption(answering())
    .addOption(device())
    .addOption(answeringPrecision())
    .addOption(trust())
    .addHelpText('after', example('bench specs/unetpp.unet --size 256x256'))
    .action((target: string, options) =>
      perform(async () => (await import('./commands/bench.js')).bench(target, options, io)),
    );
  program
    .command('verify <FILE>')
    .description('property-test a spec: shapes, pruning, batches and gradients against the engine')
    .option('--runs <N>', 'random cases of each property', '10')
    .option('--seed <S>', 'seed of the cases; default: a new one, printed')
    .addOption(set())
    .addOption(engine())
    .addOption(device())
    .addOption(precision())
    .addHelpText('after', example('verify specs/unetpp.unet --runs 20'))
    .action((file: string, options) =>
      perform(async () => (await import('./commands/verify.js')).verify(file, options, io)),
    );
  program
    .command('doctor')
    .description('engines and devices found, what is missing and how to get it')
    .option('--calibrate', "measure how fast they are, some minutes: 'unetc plan' then predicts times")
    .addHelpText('after', example('doctor --calibrate'))
    .action((options: { calibrate?: boolean }) =>
      perform(async () =>
        options.calibrate
          ? (await import('./commands/calibrate.js')).calibrate(io)
          : (await import('./commands/doctor.js')).doctor(),
      ),
    );
}

function declareEngineCommands(program: Command, io: Io, perform: Perform): void {
  const engines = program
    .command('engine')
    .description('install, remove or list native engines that npm alone does not bring')
    .helpCommand(false)
    .addHelpText('after', example('engine install tensorflow'));
  engines
    .command('install <NAME>')
    .description("fetch an engine's native library into the cache folder: tensorflow or openvino")
    .option('--gpu', 'the build for NVIDIA GPUs, and the CUDA libraries it needs')
    .addOption(
      new Option(
        '--wheel <FILE>',
        'a wheel fetched by hand, or a folder of them: no network; may be repeated',
      ).argParser(repeat),
    )
    .addHelpText('after', `${example('engine install tensorflow')}\n  $ unetc engine install openvino`)
    .action((name: string, options) =>
      perform(async () => (await import('./commands/engine-install.js')).engineInstall(name, options, io)),
    );
  engines
    .command('remove <NAME>')
    .description('undo an install and say how much was freed')
    .addHelpText('after', example('engine remove tensorflow'))
    .action((name: string) => perform(async () => (await import('./commands/engine-remove.js')).engineRemove(name)));
  engines
    .command('list')
    .description('what is installed, where, and what an install would fetch')
    .addHelpText('after', example('engine list'))
    .action(() => perform(async () => (await import('./commands/engine-list.js')).engineList()));
}

/** Commands of the design that this version answers plainly. */
function declareLater(program: Command): void {
  const later = {
    play: 'playground in the browser',
  };
  for (const [name, what] of Object.entries(later)) {
    program
      .command(`${name} [ARGS...]`)
      .description(`${what} (not available yet)`)
      .allowUnknownOption()
      .action(() => {
        throw new UsageError(
          `'unetc ${name}' is not available yet in version ${version()}`,
          "'unetc --help' lists what is",
        );
      });
  }
}
