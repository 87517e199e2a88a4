/** Bounds of a number. */
export interface Bounds {
  readonly whole?: boolean;
  readonly least?: number;
  readonly above?: number;
  readonly below?: number;
  readonly most?: number;
}

/** An argument of `adam(lr: 3e-4)`: its name in the language, its default, its bounds. */
export interface Knob extends Bounds {
  readonly name: string;
  /** A boolean default makes it an argument that is true or false. */
  readonly default: number | boolean;
}

/** Arguments by the name of their field in a recipe: `weightDecay` is written `weight_decay`. */
export type Settings = Readonly<Record<string, Omit<Knob, 'name'>>>;

/** What a recipe holds of arguments: a number, or true or false, for each. */
export type SettingValues<S extends Settings> = {
  readonly [N in keyof S]: S[N]['default'] extends boolean ? boolean : number;
};

const written = (field: string): string => field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Arguments as the language takes them, in order. */
export const knobsOf = (settings: Settings): readonly Knob[] =>
  Object.entries(settings).map(([field, knob]) => ({ name: written(field), ...knob }));

/** Every field, with its default where `given` has none under the field's name or its name in the language; others are left out. */
export function withDefaults<S extends Settings>(
  settings: S,
  given: Readonly<Record<string, unknown>> = {},
): SettingValues<S> {
  const value = (field: string): unknown => given[field] ?? given[written(field)] ?? settings[field]?.default;
  return Object.fromEntries(Object.keys(settings).map((field) => [field, value(field)])) as SettingValues<S>;
}
