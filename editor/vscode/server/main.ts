// The language server that comes with the extension: what `unetc lsp` runs.
import { lsp } from '../../../cli/commands/lsp.js';

await lsp();
