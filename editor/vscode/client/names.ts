/** What package.json declares, by the names the code uses; a test holds the two together. */
export const languageId = 'unet';
/** The section of the settings, and the client's name. */
export const section = 'unetc';
export const commands = { show: 'unetc.showNetwork', restart: 'unetc.restartServer' } as const;
/** Without the section. */
export const settings = { path: 'path', level: 'preview.level', theme: 'preview.theme' } as const;
/** The kind of a preview's panel. */
export const viewType = 'unetc.network';
