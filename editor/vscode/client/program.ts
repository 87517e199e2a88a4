/** What is started as the server: a script by the editor's own Node, or a program. */
export type Program =
  | { readonly kind: 'script'; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[]; readonly shell: boolean };

/**
 * @param path the user's setting; empty for the server that comes with the extension
 * @param bundled where that one lies
 */
export function programOf(path: string, bundled: string, platform: string): Program {
  const wanted = path.trim();
  if (wanted === '') return { kind: 'script', file: bundled, args: [] };
  if (/\.[cm]?js$/i.test(wanted)) return { kind: 'script', file: wanted, args: ['lsp'] };
  // What npm installs on Windows is a .cmd file, which only a shell starts.
  return platform === 'win32'
    ? { kind: 'command', command: `"${wanted}"`, args: ['lsp'], shell: true }
    : { kind: 'command', command: wanted, args: ['lsp'], shell: false };
}
