import type { SingleBar } from 'cli-progress';
import { ageOf } from '../../runtime/support/files/lock.js';
import type { TrainProgress } from '../../runtime/training/train.js';
import type { Io } from '../io.js';
import { duration, percent } from './numbers.js';

/** A bar on a terminal, nothing elsewhere. */
export interface Bar {
  update(done: number, total: number, note?: string): void;
  stop(): void;
}

const silent: Bar = { update: () => undefined, stop: () => undefined };

/** A progress bar on stderr, `label  |####----| 12/40  note`; only on a terminal. */
export async function progressBar(io: Io, label: string): Promise<Bar> {
  if (!io.terminal) return silent;
  const { default: cliProgress } = await import('cli-progress');
  let bar: SingleBar | undefined;
  return {
    update(done, total, note = '') {
      if (!bar) {
        bar = new cliProgress.SingleBar({
          format: `${label} |{bar}| {value}/{total} {note}`,
          stream: process.stderr,
          barCompleteChar: '#',
          barIncompleteChar: '-',
          hideCursor: true,
          clearOnComplete: true,
          // The cursor is ours to restore: Ctrl-C is handled by the command.
          gracefulExit: false,
        });
        bar.start(total, 0, { note });
      }
      bar.setTotal(total);
      bar.update(done, { note });
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
  };
}

/** `71.20 %`, and without the background where there is one. */
export const outputIou = ({ iou, iouForeground }: { readonly iou: number; readonly iouForeground?: number }): string =>
  `${percent(iou)} %${iouForeground === undefined ? '' : ` (${percent(iouForeground)} % without the background)`}`;

/** Shows a training run: a line an epoch, and on a terminal a bar with loss, rate and time left within it. */
export async function trainingProgress(
  io: Io,
  batch: number,
  engine: string,
): Promise<(progress: TrainProgress) => void> {
  let bar = await progressBar(io, 'reading images');
  const epochBar = await progressBar(io, 'training');
  let first = { time: 0, step: 0 };
  let epochs = 0;
  let lastLine = 0;
  return (p) => {
    switch (p.kind) {
      case 'taken-over':
        io.err(`the process that trained here, ${p.from.pid} ${ageOf(p.from)}, is gone: its lock is taken over\n`);
        break;
      case 'prepare':
        bar.update(p.done, p.total);
        if (p.done === p.total) bar.stop();
        break;
      case 'warning':
        bar.stop();
        io.err(`warning: ${p.message}\n`);
        break;
      case 'start':
        bar.stop();
        bar = epochBar;
        epochs = p.epochs;
        io.err(
          `${p.images} images to train on, ${p.heldOut} held out; epochs ${p.epoch} to ${p.epochs}; ${engine}${p.leftOut > 0 ? `; batches of ${batch} leave out ${p.leftOut} an epoch, by chance` : ''}\n`,
        );
        io.err(`${p.scale}\n`);
        io.err(`the best epoch is chosen by ${p.bestBy}\n`);
        break;
      case 'step': {
        const done = (p.epoch - 1) * p.steps + p.step;
        if (first.time === 0) first = { time: performance.now(), step: done };
        const seconds = (performance.now() - first.time) / 1000;
        const rate = (done - first.step) / seconds;
        const left =
          rate > 0 ? `${(rate * batch).toFixed(1)} images/s, ${duration((epochs * p.steps - done) / rate)} left` : '';
        bar.update(p.step, p.steps, `epoch ${p.epoch}/${epochs} loss ${p.loss.toFixed(4)} ${left}`);
        break;
      }
      case 'validate':
        bar.update(p.done, p.total, `epoch ${p.epoch}/${epochs} validating`);
        break;
      case 'report':
        bar.update(p.done, p.total, 'judging every level for the report');
        if (p.done === p.total) bar.stop();
        break;
      case 'epoch': {
        bar.stop();
        const { line } = p;
        const heads = line.heads.map((h) => `L${h.level} ${percent(h.iou)}`).join('  ');
        const foreground = line.output?.iouForeground;
        const without = foreground === undefined ? '' : ` (without background ${percent(foreground)})`;
        const output = line.output ? `  ${line.output.mode} ${percent(line.output.iou)}${without}` : '';
        const iou = heads || output ? `  IoU% ${heads}${output}` : '';
        const elapsed = (performance.now() - (lastLine || first.time)) / 1000;
        lastLine = performance.now();
        io.err(
          `epoch ${line.epoch}/${p.epochs}  loss ${line.loss.toFixed(4)}  lr ${line.lr.toExponential(1)}${iou}  ${elapsed.toFixed(1)} s\n`,
        );
        break;
      }
    }
  };
}
