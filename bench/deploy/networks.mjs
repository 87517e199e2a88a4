// What is built on both sides: for ours a spec, and what is set in it; for the peer's what peer.py is told.
import { readFileSync } from 'node:fs';

const preset = (name) => readFileSync(new URL(`../../specs/${name}.unet`, import.meta.url), 'utf8');

const paper = [32, 64, 128, 256, 512];
const resnet = { width: [64, 64, 128, 256, 512], units: [0, 3, 4, 6, 3] };

/** One answer of a network, as PyTorch users export it. */
const whole = (name) => [{ name }];
const levels = (name) =>
  [1, 2, 3, 4].flatMap((level) =>
    ['fast', 'accurate']
      // L1 has one head: both modes are the same network.
      .filter((mode) => level > 1 || mode === 'fast')
      .map((mode) => ({ name: `${name} L${level} ${mode}`, level, mode })),
  );

/** All for one colour image of 256x256 unless they say otherwise. */
export const networks = [
  {
    name: 'UNet++ 32..512, nearest',
    spec: preset('unetpp-bn').replace('upsample(2, mode: linear, align_corners: true)', 'upsample(2)'),
    family: 'unetpp',
    options: { width: paper, norm: true, up: 'nearest' },
    exports: levels('UNet++ nearest'),
  },
  {
    name: 'UNet++ 32..512, bilinear',
    spec: preset('unetpp-bn'),
    family: 'unetpp',
    options: { width: paper, norm: true, up: 'bilinear' },
    exports: [{ name: 'UNet++ bilinear L4 fast', level: 4, mode: 'fast' }],
  },
  {
    name: 'UNet 32..512, transposed',
    spec: preset('unet-nuclei'),
    set: { width: paper },
    family: 'unet',
    options: { width: paper, norm: true },
    exports: whole('UNet'),
  },
  {
    name: 'segmentation_models UNet++ resnet34',
    spec: preset('resnet34-unetpp'),
    // Else its answers are all 0 or 1.
    gain: 1 / 4,
    family: 'resnet34_unetpp',
    options: { ...resnet, top: [32, 16] },
    library: { name: 'smp.UnetPlusPlus', options: { encoder_name: 'resnet34' }, columns: 'from below' },
    exports: whole('smp UNet++ resnet34'),
  },
  {
    name: 'segmentation_models U-Net resnet34 scSE',
    spec: preset('se-unet'),
    // Else its answers are all 0 or 1, and any rounding decides which.
    gain: 1 / 64,
    family: 'se_unet',
    options: { ...resnet, decoder: [32, 64, 128, 256], top: 16 },
    library: { name: 'smp.Unet', options: { encoder_name: 'resnet34', decoder_attention_type: 'scse' } },
    exports: whole('smp U-Net resnet34 scSE'),
  },
  {
    name: 'MONAI BasicUNetPlusPlus 2-D',
    spec: preset('unetpp-3d')
      .replace('[N, 1, D, H, W]', '[N, 1, H, W]')
      .replace(/^train {[\s\S]*/m, '')
      .replace(/^ *expect.*$/gm, ''),
    family: 'unetpp_3d',
    options: { width: [32, 32, 64, 128, 256] },
    channels: 1,
    library: { name: 'monai.BasicUNetPlusPlus', options: { spatial_dims: 2, in_channels: 1, out_channels: 1 } },
    mode: 'fast',
    exports: whole('MONAI UNet++'),
  },
  {
    name: 'attention U-Net 32..512',
    spec: preset('attention-unet'),
    set: { width: paper },
    family: 'attention_unet',
    options: { width: paper },
    exports: whole('attention U-Net'),
  },
  {
    name: 'U-Net 3+ 16..256',
    spec: preset('unet3plus'),
    set: { width: [16, 32, 64, 128, 256] },
    family: 'unet3plus',
    options: { width: [16, 32, 64, 128, 256] },
    exports: [{ name: 'U-Net 3+', level: 5, mode: 'fast' }],
  },
  {
    name: 'ResUNet 32..256',
    spec: preset('resunet'),
    set: { width: [32, 64, 128, 256] },
    gain: 1 / 64,
    family: 'resunet',
    options: { width: [32, 64, 128, 256] },
    exports: whole('ResUNet'),
  },
].map((network) => ({ channels: 3, size: [256, 256], ...network }));
