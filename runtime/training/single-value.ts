import { known, type TrainingPlan } from '../../compiler/index.js';
import { UserError } from '../../compiler/user-error.js';

/**
 * Refuses a training step in which a norm has one value to normalize: its output is then its shift, whatever the input, and running
 * statistics of a batch norm shrink to nothing. PyTorch refuses it too (torch.nn.functional: "Expected more than 1 value per channel
 * when training").
 *
 * @throws UserError naming the norm, its input and the ways out
 */
export function refuseSingleValues({ graph, batch }: TrainingPlan): void {
  for (const { op, inputs, attrs, origin } of graph.nodes) {
    const shape = inputs[0]?.type.shape.map(known);
    if (!shape) continue;
    const [images = 1, channels = 1, ...space] = shape;
    const area = space.reduce((n, d) => n * d, 1);
    const groups = typeof attrs.groups === 'number' ? attrs.groups : 1;
    const seen: Readonly<Record<string, number>> = {
      batchnorm_train: images * area,
      instancenorm: area,
      groupnorm: (channels / groups) * area,
      layernorm: channels,
    };
    if (seen[op] !== 1) continue;
    const name = op.replace('_train', '');
    throw new UserError(
      'norm-single-value',
      `${origin.path}: ${name} has one value to normalize, since its input is [${shape.join(', ')}] at a batch of ${batch}`,
      op === 'batchnorm_train'
        ? 'train with a larger --batch or on larger images (--resize, --patch), or make the network less deep'
        : 'train on larger images (--resize, --patch), or make the network less deep',
    );
  }
}
