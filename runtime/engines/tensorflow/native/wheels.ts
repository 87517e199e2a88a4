import type { Builds, Wheel } from '../../native/library.js';

/** Where TensorFlow's library comes from: wheels of PyPI, pinned by SHA-256. */

/** The files of a wheel that are kept: shared libraries, what CUDA's compiler needs, and licences. */
export const isKept = (path: string): boolean =>
  /^tensorflow\/(libtensorflow_(cc|framework)[^/]*|THIRD_PARTY_NOTICES\.txt|include\/LICENSE)$/.test(path) ||
  /^tensorflow\.libs\/[^/]+$/.test(path) ||
  /^nvidia\/[^/]+\/lib\/[^/]+\.so(\.\d+)*$/.test(path) ||
  /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/[^/]+)$/.test(path) ||
  /^nvidia_[^/]+\.dist-info\/(licenses\/)?License\.txt$/.test(path);

// 2.21.0 has the same speed, and a segmentation fault when a Node process that loaded it ends (seen with koffi 3.3.4 on
// Node 20, glibc 2.36).
const version = '2.20.0';
const linux = 'manylinux_2_17';

const tensorflow = (
  project: string,
  platform: string,
  file: string,
  sha256: string,
  bytes: number,
  unpackedBytes: number,
): Wheel => ({
  project,
  version,
  platform,
  file: `${project.replace('-', '_')}-${file}`,
  sha256,
  bytes,
  unpackedBytes,
});

/** A wheel of CUDA's libraries, as `tensorflow[and-cuda]` asks for them. */
const nvidia = (
  name: string,
  version: string,
  tags: string,
  sha256: string,
  bytes: number,
  unpackedBytes: number,
): Wheel => ({
  project: `nvidia-${name}-cu12`,
  version,
  platform: tags.split('.')[0] as string,
  file: `nvidia_${name.replaceAll('-', '_')}_cu12-${version}-py3-none-${tags}.whl`,
  sha256,
  bytes,
  unpackedBytes,
});

const onLinux = {
  version,
  needs: { glibc: '2.17' },
  library: 'tensorflow/libtensorflow_cc.so.2',
  preload: ['tensorflow/libtensorflow_framework.so.2'],
};

/**
 * CUDA's libraries before TensorFlow's, each after those it needs. TensorFlow and cuDNN open theirs by name when a GPU
 * is first used; a library of that name that is loaded already is taken, so no LD_LIBRARY_PATH is needed. cuDNN's own
 * parts are left to cuDNN: one of them needs the driver, and could not be loaded where there is none.
 */
export const cudaLibraries: readonly string[] = [
  'nvidia/cuda_runtime/lib/libcudart.so.12',
  'nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
  'nvidia/nvjitlink/lib/libnvJitLink.so.12',
  'nvidia/cublas/lib/libcublasLt.so.12',
  'nvidia/cublas/lib/libcublas.so.12',
  'nvidia/cufft/lib/libcufft.so.11',
  'nvidia/curand/lib/libcurand.so.10',
  'nvidia/cusparse/lib/libcusparse.so.12',
  'nvidia/cusolver/lib/libcusolver.so.11',
  'nvidia/cudnn/lib/libcudnn.so.9',
  'nvidia/nccl/lib/libnccl.so.2',
  'nvidia/cuda_cupti/lib/libcupti.so.12',
];

export const builds: Builds = {
  'linux-x64': {
    name: `${version}-cpu-linux-x64`,
    kind: 'cpu',
    ...onLinux,
    wheels: [
      tensorflow(
        'tensorflow-cpu',
        `${linux}_x86_64`,
        `${version}-cp312-cp312-${linux}_x86_64.manylinux2014_x86_64.whl`,
        'c7a9224185818094ed95c4e114d3efe77241db35fbf0b75251fb2bf6222dd6a7',
        258_989_246,
        779_963_651,
      ),
    ],
  },
  // Not tried on such a machine: the wheel was opened, its library exports the C API.
  'linux-arm64': {
    name: `${version}-cpu-linux-arm64`,
    kind: 'cpu',
    ...onLinux,
    wheels: [
      tensorflow(
        'tensorflow',
        `${linux}_aarch64`,
        `${version}-cp312-cp312-${linux}_aarch64.manylinux2014_aarch64.whl`,
        '2bfbfb3dd0e22bffc45fe1e922390d27753e99261fab8a882e802cf98a0e078f',
        259_533_109,
        935_497_405,
      ),
    ],
  },
  // Not tried on such a machine: the wheel was opened, its library exports the C API.
  'darwin-arm64': {
    name: `${version}-cpu-darwin-arm64`,
    version,
    kind: 'cpu',
    needs: { darwin: 21 },
    library: 'tensorflow/libtensorflow_cc.2.dylib',
    preload: ['tensorflow/libtensorflow_framework.2.dylib'],
    wheels: [
      tensorflow(
        'tensorflow',
        'macosx_12_0_arm64',
        `${version}-cp312-cp312-macosx_12_0_arm64.whl`,
        '52b122f0232fd7ab10f28d537ce08470d0b6dcac7fff9685432daac7f8a06c8f',
        200_540_302,
        703_847_399,
      ),
    ],
  },
  // Not tried with a GPU: without one it loads, and answers with a CPU device.
  'linux-x64-gpu': {
    name: `${version}-gpu-linux-x64`,
    kind: 'gpu',
    ...onLinux,
    preload: [...cudaLibraries, ...onLinux.preload],
    wheels: [
      tensorflow(
        'tensorflow',
        `${linux}_x86_64`,
        `${version}-cp312-cp312-${linux}_x86_64.manylinux2014_x86_64.whl`,
        '25265b0bc527e0d54b1e9cc60c44a24f44a809fe27666b905f0466471f9c52ec',
        620_682_547,
        1_273_406_403,
      ),
      nvidia(
        'cublas',
        '12.9.3.13',
        'manylinux_2_27_x86_64',
        'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
        581_217_458,
        855_123_678,
      ),
      nvidia(
        'cuda-cupti',
        '12.9.79',
        'manylinux_2_25_x86_64',
        '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
        10_814_997,
        43_425_030,
      ),
      nvidia(
        'cuda-nvcc',
        '12.9.86',
        'manylinux2010_x86_64.manylinux_2_12_x86_64',
        '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
        40_546_229,
        35_476_486,
      ),
      nvidia(
        'cuda-nvrtc',
        '12.9.86',
        'manylinux2010_x86_64.manylinux_2_12_x86_64',
        '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
        89_568_129,
        227_400_254,
      ),
      nvidia(
        'cuda-runtime',
        '12.9.79',
        'manylinux2014_x86_64.manylinux_2_17_x86_64',
        '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
        3_493_179,
        800_350,
      ),
      nvidia(
        'cudnn',
        '9.28.0.42',
        'manylinux_2_27_x86_64',
        '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
        716_538_495,
        1_162_411_646,
      ),
      nvidia(
        'cufft',
        '11.4.1.4',
        'manylinux2014_x86_64.manylinux_2_17_x86_64',
        'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
        200_877_592,
        293_668_678,
      ),
      nvidia(
        'curand',
        '10.3.10.19',
        'manylinux_2_27_x86_64',
        '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
        68_295_626,
        167_024_694,
      ),
      nvidia(
        'cusolver',
        '11.7.5.82',
        'manylinux_2_27_x86_64',
        '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
        338_117_415,
        495_034_326,
      ),
      nvidia(
        'cusparse',
        '12.5.10.65',
        'manylinux2014_x86_64.manylinux_2_17_x86_64',
        '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
        366_465_088,
        486_615_630,
      ),
      nvidia(
        'nccl',
        '2.32.3',
        'manylinux_2_27_x86_64',
        'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
        351_526_311,
        473_616_431,
      ),
      nvidia(
        'nvjitlink',
        '12.9.86',
        'manylinux2010_x86_64.manylinux_2_12_x86_64',
        'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
        39_748_338,
        95_994_606,
      ),
    ],
  },
};
