/** Estimated width of a text in a proportional font; drawings must not depend on the fonts of a machine. */
export const textWidth = (text: string, fontSize: number): number => text.length * fontSize * 0.56;
