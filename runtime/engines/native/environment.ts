import { isAbsolute } from 'node:path';

/** Node's own variables, which say what else it loads. */
const nodeVariables = ['NODE_OPTIONS', 'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE'];
/** Folders in which the system's loader looks for libraries. */
const folderLists: Readonly<Record<string, RegExp>> = {
  LD_LIBRARY_PATH: /[:;]/,
  DYLD_LIBRARY_PATH: /:/,
  DYLD_FALLBACK_LIBRARY_PATH: /:/,
  DYLD_FRAMEWORK_PATH: /:/,
};
/** Libraries that it loads first: a name alone is looked for where all are. */
const fileLists: Readonly<Record<string, RegExp>> = { LD_PRELOAD: /[: ]/, LD_AUDIT: /:/, DYLD_INSERT_LIBRARIES: /:/ };

/**
 * An environment without what would make a process load code that is found relative to its current folder: Node's variables,
 * and the relative and the empty entries of the loader's lists (`LD_LIBRARY_PATH=:/opt/lib` begins with the current folder).
 */
export function safeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const safe = { ...env };
  for (const name of nodeVariables) delete safe[name];
  const keep = (lists: Readonly<Record<string, RegExp>>, isSafe: (entry: string) => boolean): void => {
    for (const [name, separator] of Object.entries(lists)) {
      const kept = safe[name]?.split(separator).filter(isSafe) ?? [];
      if (kept.length > 0) safe[name] = kept.join(':');
      else delete safe[name];
    }
  };
  keep(folderLists, isAbsolute);
  keep(fileLists, (entry) => entry !== '' && (isAbsolute(entry) || !entry.includes('/')));
  return safe;
}

/** The variables by which the system's loader looks for libraries in the current folder, whatever that is, of Node's too. */
export const currentFolderVariables = (env: NodeJS.ProcessEnv): string[] =>
  Object.entries(folderLists)
    .filter(([name, separator]) => env[name] !== '' && env[name]?.split(separator).some((entry) => !isAbsolute(entry)))
    .map(([name]) => name);
