// A process that answers line by line, so that its memory is its own and it sleeps while another works.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Starts it; its first line is `about`, and each line it is sent is answered by one, of JSON. Throws with the process's own words if it
 * ends early, or if an answer has an `error`.
 * @param name what messages call it
 */
export async function startLines(name, command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const failed = new Promise((_, reject) => child.once('error', reject));
  failed.catch(() => {});
  // A child that is gone answers no more, which `next` says; writing to it is no mistake of its own.
  child.stdin.on('error', () => {});
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints = `${complaints}${text}`.slice(-2000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`${name} ended early${complaints ? `:\n${complaints.trim()}` : ''}`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${name}: ${answer.error}`);
    return answer;
  };
  const about = await next();
  return {
    about,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    /** @param last what it is told before its input ends */
    stop: (last = '') =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.stdin.end(last);
      }),
  };
}
