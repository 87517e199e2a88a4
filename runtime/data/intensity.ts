import type { Random } from '../../compiler/random.js';
import type { Augmentation, Recipe } from '../../compiler/recipe.js';

/**
 * Changes an image's values in place, in the order listed. `amount` is a share of the range: under `unit`
 * normalization the range is 0 .. 1, and values are cut there, as a sensor would; under `image` it is one standard
 * deviation, since an image's own range is what that normalization has removed, and nothing is cut.
 *
 * brightness: adds U(-amount, amount) · contrast: stretches about the mean by 1 + U(-amount, amount) · noise: adds
 * N(0, amount^2) to each sample.
 */
export function changeIntensity(
  random: Random,
  augment: readonly Augmentation[],
  normalize: Recipe['normalize'],
  image: Float32Array,
): void {
  let changed = false;
  for (const { name, amount } of augment) {
    if (name === 'brightness') {
      const shift = random.uniform(-amount, amount);
      for (let i = 0; i < image.length; i++) image[i] = image[i]! + shift;
    } else if (name === 'contrast') {
      const factor = 1 + random.uniform(-amount, amount);
      let sum = 0;
      for (let i = 0; i < image.length; i++) sum += image[i]!;
      const shift = (sum / image.length) * (1 - factor);
      for (let i = 0; i < image.length; i++) image[i] = image[i]! * factor + shift;
    } else if (name === 'noise') {
      for (let i = 0; i < image.length; i++) image[i] = image[i]! + random.normal(0, amount);
    } else continue;
    changed = true;
  }
  if (changed && normalize === 'unit') {
    for (let i = 0; i < image.length; i++) image[i] = Math.min(1, Math.max(0, image[i]!));
  }
}
