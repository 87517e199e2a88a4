import type { Build, Builds } from '../../native/library.js';

/** Where OpenVINO's libraries come from: wheels of PyPI, pinned by SHA-256. */

const version = '2026.4.1';

/**
 * The files of a wheel that are kept: the runtime with its C API, the reader of ONNX, what runs on CPUs and Intel's GPUs, the
 * threads these use, and licences. Readers of other formats, Python, and what runs on NPUs are left out.
 */
export const isKept = (path: string): boolean =>
  /^openvino\/libs\/(lib)?openvino(_c|_onnx_frontend)?(\.so\.\d+|\.\d+\.dylib|\.dll)$/.test(path) ||
  /^openvino\/libs\/(lib)?openvino_(intel_cpu|intel_gpu|arm_cpu)_plugin\.(so|dll)$/.test(path) ||
  /^openvino\/libs\/(lib)?(tbb|tbb12|tbbbind_2_5|tbbmalloc|hwloc)(\.so\.\d+|(\.\d+)?\.dylib|\.dll)$/.test(path) ||
  /^openvino\/libs\/cache\.json$/.test(path) ||
  /^openvino-[^/]+\.dist-info\/licenses\/.+/.test(path);

/** On Linux and macOS a library finds the others beside it; on Windows those it needs are loaded before it. */
const libraries = {
  linux: { library: 'openvino/libs/libopenvino_c.so.2641', preload: [] },
  darwin: { library: 'openvino/libs/libopenvino_c.2641.dylib', preload: [] },
  win32: {
    library: 'openvino/libs/openvino_c.dll',
    preload: ['openvino/libs/tbb12.dll', 'openvino/libs/openvino.dll'],
  },
};

/** A build of one wheel. */
function build(
  machine: string,
  platform: string,
  needs: Build['needs'],
  sha256: string,
  bytes: number,
  unpackedBytes: number,
): Build {
  const file = `openvino-${version}-22982-cp312-cp312-${platform}.whl`;
  return {
    name: `${version}-cpu-${machine}`,
    version,
    kind: 'cpu',
    ...libraries[machine.split('-')[0] as keyof typeof libraries],
    wheels: [{ project: 'openvino', version, platform, file, sha256, bytes, unpackedBytes }],
    needs: needs ?? {},
  };
}

/** Only that of linux-x64 was run; the wheels of the others were opened: their libraries export the same C API. */
export const builds: Builds = {
  'linux-x64': build(
    'linux-x64',
    'manylinux_2_28_x86_64',
    { glibc: '2.28' },
    '6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b',
    59_144_434,
    143_239_288,
  ),
  'linux-arm64': build(
    'linux-arm64',
    'manylinux_2_35_aarch64',
    { glibc: '2.35' },
    '82efccb2f9f1bdc7e5a1996e05a3b719ebff9232dd54b44150d6d2e983a86b7d',
    30_332_437,
    69_326_702,
  ),
  'darwin-arm64': build(
    'darwin-arm64',
    'macosx_11_0_arm64',
    { darwin: 20 },
    '726ac547b8474a5e7b145bc1ae5a8bb6fbcbb60b79bd9a611c67eec2c74b7a5f',
    33_341_733,
    109_219_310,
  ),
  'win32-x64': build(
    'win32-x64',
    'win_amd64',
    {},
    '4e04316abff1b99e29b8cbd38deaef9bde4739eba216d982d4b3981e456ecd87',
    84_964_415,
    112_836_791,
  ),
};
