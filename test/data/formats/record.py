"""Writes small files of every kind that is read, and what Python's libraries read from them, into recorded/.

    python test/data/formats/record.py        (numpy, nibabel, SimpleITK, tifffile, imagecodecs, Pillow, pydicom, pyjpegls)

The tests compare each file voxel by voxel, with spacing and direction, and need no Python. What is expected comes from
reading the written file back with a library of its own, never from what was handed to the writer alone.
"""
import glob, hashlib, json, os, shutil
import nibabel as nib
import numpy as np
import SimpleITK as sitk
import tifffile
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
out = os.path.join(here, 'recorded')
for old in glob.glob(os.path.join(out, '*')):
    if not old.endswith('real.json'): shutil.rmtree(old) if os.path.isdir(old) else os.remove(old)
os.makedirs(out, exist_ok=True)
rng = np.random.default_rng(0)
cases = []
LPS = np.array([-1.0, -1.0, 1.0])


def stored(a):
    """The type that samples are kept in."""
    if a.dtype in (np.uint8, np.uint16, np.float32): return a
    if a.dtype in (np.int8, np.int16): return a.astype(np.int16)
    return a.astype(np.float32)


def case(name, kind, array, spacing=None, origin=None, directions=None, **more):
    """array: [channels, slowest .. fastest]; origin and directions in RAS+ mm, directions by axis, slowest first."""
    array = np.ascontiguousarray(stored(array.astype(np.uint8) if array.dtype == bool else array))
    little = array.astype(array.dtype.newbyteorder('<'))
    entry = {'file': name, 'kind': kind, 'channels': array.shape[0], 'shape': list(array.shape[1:]), 'stored': str(array.dtype),
             'sha256': hashlib.sha256(little.tobytes()).hexdigest(), 'first': [float(v) for v in array.reshape(-1)[:4]]}
    if spacing is not None: entry['spacing'] = [float(v) for v in spacing]
    if origin is not None: entry['origin'] = [float(v) for v in origin]
    if directions is not None: entry['directions'] = [[float(v) for v in d] for d in directions]
    cases.append({**entry, **more})


def path(name): return os.path.join(out, name)


def samples(shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == 'f': return (rng.normal(size=shape) * 100).astype(dtype)
    info = np.iinfo(dtype)
    low, high = max(info.min, -2**24), min(info.max, 2**24)
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def affine(spacing=(0.8, 1.2, 2.5), oblique=True):
    a, b = (0.3, -0.2) if oblique else (0, 0)
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    rz = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    m = np.eye(4)
    m[:3, :3] = rx @ rz @ np.diag(spacing)
    m[:3, 3] = (-31.5, 12.25, 7.0)
    return m


# ---- NIfTI
def nifti_case(name, kind, more=None):
    """Expects what nibabel reads."""
    image = nib.load(path(name))
    data = np.asanyarray(image.dataobj)
    if data.dtype.names: data = np.stack([data[n] for n in data.dtype.names], -1)
    rank = 2 if image.header['dim'][0] < 3 else 3
    data = data.reshape(data.shape[:rank] + (-1,), order='F')
    array = np.moveaxis(data, -1, 0).transpose([0] + list(range(rank, 0, -1)))
    header = image.header
    placed = header['qform_code'] > 0 or header['sform_code'] > 0
    m = image.affine
    columns = [m[:3, k] for k in range(rank)][::-1]
    lengths = [np.linalg.norm(c) for c in columns]
    if placed: case(name, kind, array, lengths, m[:3, 3], [c / n for c, n in zip(columns, lengths)], **(more or {}))
    else: case(name, kind, array, list(header.get_zooms()[:rank])[::-1], **(more or {}))


def save_nifti(name, data, m=None, cls=nib.Nifti1Image, slope=None, endian='<', codes=(1, 1)):
    header = cls.header_class(endianness=endian)
    image = cls(data, affine() if m is None else m, header)
    image.set_sform(image.affine, codes[0])
    image.set_qform(image.affine, codes[1])
    if slope: image.header.set_slope_inter(*slope)
    nib.save(image, path(name))
    return image


for dtype in ('uint8', 'int8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'):
    save_nifti(f'nifti1-{dtype}.nii.gz', samples((7, 6, 5), dtype))
    nifti_case(f'nifti1-{dtype}.nii.gz', f'NIfTI-1, gzipped, {dtype}')
save_nifti('nifti1-int64.nii', samples((5, 4, 3), 'int64'))
nifti_case('nifti1-int64.nii', 'NIfTI-1, int64')
save_nifti('nifti1-big-endian.nii', samples((7, 6, 5), 'int16').astype('>i2'), endian='>')
nifti_case('nifti1-big-endian.nii', 'NIfTI-1, big-endian int16')
save_nifti('nifti1-big-endian-float.nii.gz', samples((7, 6, 5), 'float32').astype('>f4'), endian='>')
nifti_case('nifti1-big-endian-float.nii.gz', 'NIfTI-1, big-endian float32')
save_nifti('nifti2-int16.nii', samples((7, 6, 5), 'int16'), cls=nib.Nifti2Image)
nifti_case('nifti2-int16.nii', 'NIfTI-2')
save_nifti('nifti2-big-endian.nii.gz', samples((7, 6, 5), 'uint16').astype('>u2'), cls=nib.Nifti2Image, endian='>')
nifti_case('nifti2-big-endian.nii.gz', 'NIfTI-2, big-endian, gzipped')
save_nifti('nifti1-4d.nii.gz', samples((6, 5, 4, 3), 'int16'))
nifti_case('nifti1-4d.nii.gz', 'NIfTI-1 of 4 dimensions: channels')
save_nifti('nifti1-5d.nii.gz', samples((4, 5, 3, 1, 2), 'float32'))
nifti_case('nifti1-5d.nii.gz', 'NIfTI-1 of 5 dimensions, one of 1: channels')
save_nifti('nifti1-2d.nii.gz', samples((7, 6), 'uint8'))
nifti_case('nifti1-2d.nii.gz', 'NIfTI-1 of 2 dimensions')
save_nifti('nifti1-rgb.nii', samples((18, 5, 4), 'uint8'))
with open(path('nifti1-rgb.nii'), 'r+b') as f:  # 6 voxels of 3 bytes in place of 18
    f.seek(42); f.write(np.int16(6).tobytes()); f.seek(70); f.write(np.array([128, 24], '<i2').tobytes())
nifti_case('nifti1-rgb.nii', 'NIfTI-1, RGB24')
raw = samples((7, 6, 5), 'int16')
image = nib.Nifti1Image(raw, affine())
nib.save(image, path('nifti1-scaled.nii'))
with open(path('nifti1-scaled.nii'), 'r+b') as f:  # slope 0.5, intercept -1000
    f.seek(112); f.write(np.array([0.5, -1000], '<f4').tobytes())
nifti_case('nifti1-scaled.nii', 'NIfTI-1, scaled by 0.5 and -1000')
nib.save(nib.Nifti1Pair(samples((7, 6, 5), 'int16'), affine()), path('nifti1-pair.hdr'))
nifti_case('nifti1-pair.hdr', 'NIfTI-1, a pair of .hdr and .img')
save_nifti('nifti1-sform-only.nii.gz', samples((6, 5, 4), 'uint8'), codes=(2, 0))
nifti_case('nifti1-sform-only.nii.gz', 'NIfTI-1 with an sform alone')
save_nifti('nifti1-qform-only.nii.gz', samples((6, 5, 4), 'uint8'), codes=(0, 1))
nifti_case('nifti1-qform-only.nii.gz', 'NIfTI-1 with a qform alone')
save_nifti('nifti1-unplaced.nii.gz', samples((6, 5, 4), 'uint8'), codes=(0, 0))
nifti_case('nifti1-unplaced.nii.gz', 'NIfTI-1 with neither')
m = affine()
m[:3, 0] *= -1
save_nifti('nifti1-left-handed.nii.gz', samples((6, 5, 4), 'uint8'), m=m)
nifti_case('nifti1-left-handed.nii.gz', 'NIfTI-1, left-handed (qfac -1)')
image = nib.Nifti1Image(samples((6, 5, 4), 'int16'), affine())
image.set_qform(affine((0.8, 1.2, 2.5), oblique=False), 1)
image.set_sform(affine(), 1)
nib.save(image, path('nifti1-two-placements.nii.gz'))
nifti_case('nifti1-two-placements.nii.gz', 'NIfTI-1 whose sform and qform differ, sform chosen', {'options': {'placement': 'sform'}})
m = image.get_qform()
columns = [m[:3, k] for k in (2, 1, 0)]
lengths = [np.linalg.norm(c) for c in columns]
case('nifti1-two-placements.nii.gz', 'NIfTI-1 whose sform and qform differ, qform chosen', np.asanyarray(image.dataobj).transpose(2, 1, 0)[None],
     lengths, m[:3, 3], [c / n for c, n in zip(columns, lengths)], options={'placement': 'qform'})
image = nib.Nifti1Image(samples((6, 5, 4), 'int16'), affine((800, 1200, 2500), oblique=False))
image.header.set_xyzt_units('micron')
nib.save(image, path('nifti1-micron.nii.gz'))
m = nib.load(path('nifti1-micron.nii.gz')).affine * 0.001
case('nifti1-micron.nii.gz', 'NIfTI-1 in micrometres', np.asanyarray(image.dataobj).transpose(2, 1, 0)[None], [2.5, 1.2, 0.8], m[:3, 3],
     [[0, 0, 1], [0, 1, 0], [1, 0, 0]])


# ---- what ITK writes: MetaImage and NRRD
def itk_image(array, components=False):
    """array [z, y, x] or [z, y, x, c]"""
    image = sitk.GetImageFromArray(array, isVector=components)
    rank = image.GetDimension()
    m = affine()
    if rank == 3:
        direction = m[:3, :3] / np.linalg.norm(m[:3, :3], axis=0)
        image.SetDirection(direction.reshape(-1).tolist())
    else:
        image.SetDirection([np.cos(0.2), -np.sin(0.2), np.sin(0.2), np.cos(0.2)])
    image.SetSpacing([0.8, 1.2, 2.5][:rank])
    image.SetOrigin([10.5, -20.25, 30.0][:rank])
    return image


def itk_case(name, kind, oriented=True, **more):
    image = sitk.ReadImage(path(name))
    array = sitk.GetArrayFromImage(image)
    rank = image.GetDimension()
    if image.GetNumberOfComponentsPerPixel() > 1: array = np.moveaxis(array, -1, 0)
    else: array = array[None]
    direction = np.array(image.GetDirection()).reshape(rank, rank)
    pad = lambda v: np.concatenate([v, np.zeros(3 - rank)])
    columns = [pad(direction[:, k]) * LPS for k in range(rank)][::-1]
    place = dict(origin=pad(np.array(image.GetOrigin())) * LPS, directions=columns) if oriented else {}
    case(name, kind, array, list(image.GetSpacing())[::-1], **place, **more)


for dtype in ('uint8', 'int8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'):
    sitk.WriteImage(itk_image(samples((5, 6, 7), dtype)), path(f'meta-{dtype}.mha'), useCompression=dtype in ('int16', 'float64'))
    itk_case(f'meta-{dtype}.mha', f'MetaImage, {dtype}' + (', compressed' if dtype in ('int16', 'float64') else ''))
sitk.WriteImage(itk_image(samples((4, 5, 6, 3), 'uint8'), True), path('meta-rgb.mha'))
itk_case('meta-rgb.mha', 'MetaImage of 3 channels')
sitk.WriteImage(itk_image(samples((6, 7), 'int16')), path('meta-2d.mha'))
itk_case('meta-2d.mha', 'MetaImage of 2 dimensions')
sitk.WriteImage(itk_image(samples((5, 6, 7), 'int16')), path('meta-detached.mhd'))
itk_case('meta-detached.mhd', 'MetaImage beside a raw file')
sitk.WriteImage(itk_image(samples((5, 6, 7), 'uint16')), path('meta-detached-compressed.mhd'), useCompression=True)
itk_case('meta-detached-compressed.mhd', 'MetaImage beside a compressed raw file')
array = samples((5, 6, 7), 'int16')
with open(path('meta-big-endian.mha'), 'wb') as f:
    f.write(b'ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = True\nCompressedData = False\n'
            b'TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 0.5 0.75 2\nDimSize = 7 6 5\n'
            b'ElementType = MET_SHORT\nElementDataFile = LOCAL\n' + array.astype('>i2').tobytes())
itk_case('meta-big-endian.mha', 'MetaImage, big-endian')

for dtype in ('uint8', 'int8', 'int16', 'uint16', 'int32', 'float32', 'float64'):
    sitk.WriteImage(itk_image(samples((5, 6, 7), dtype)), path(f'nrrd-{dtype}.nrrd'), useCompression=dtype in ('int16', 'float32'))
    itk_case(f'nrrd-{dtype}.nrrd', f'NRRD, {dtype}' + (', gzip' if dtype in ('int16', 'float32') else ''))
sitk.WriteImage(itk_image(samples((4, 5, 6, 3), 'float32'), True), path('nrrd-vector.nrrd'))
itk_case('nrrd-vector.nrrd', 'NRRD of 3 channels, fastest')
sitk.WriteImage(itk_image(samples((6, 7), 'int16')), path('nrrd-2d.nrrd'))
itk_case('nrrd-2d.nrrd', 'NRRD of 2 dimensions', oriented=False)
sitk.WriteImage(itk_image(samples((5, 6, 7), 'int16')), path('nrrd-detached.nhdr'))
itk_case('nrrd-detached.nhdr', 'NRRD header beside its data')
array = samples((5, 6, 7), 'int16')
with open(path('nrrd-ras-big-endian.nrrd'), 'wb') as f:
    f.write(b'NRRD0004\n# a comment\ntype: short\ndimension: 3\nspace: right-anterior-superior\nsizes: 7 6 5\n'
            b'space directions: (0.5,0,0) (0,0.75,0) (0,0,2)\nkinds: domain domain domain\nendian: big\nencoding: raw\n'
            b'space origin: (1,2,3)\nkey:=value\n\n' + array.astype('>i2').tobytes())
itk_case('nrrd-ras-big-endian.nrrd', 'NRRD in RAS, big-endian')
array = samples((2, 5, 6, 7), 'uint8')  # c z y x: channels slowest, as Slicer writes segmentations' layers
with open(path('nrrd-channels-slowest.nrrd'), 'wb') as f:
    f.write(b'NRRD0005\ntype: unsigned char\ndimension: 4\nspace: left-posterior-superior\nsizes: 7 6 5 2\n'
            b'space directions: (0.5,0,0) (0,0.75,0) (0,0,2) none\nkinds: domain domain domain list\nencoding: raw\n'
            b'space origin: (1,2,3)\n\n' + array.tobytes())
case('nrrd-channels-slowest.nrrd', 'NRRD of 2 channels, slowest', array, [2, 0.75, 0.5], [-1, -2, 3], [[0, 0, 1], [0, -1, 0], [-1, 0, 0]])


# ---- TIFF
def tiff_case(name, kind, channel_first=False, spacing=None, **more):
    """array as tifffile reads it: [(c) (z) y x], or with channels last."""
    array = tifffile.imread(path(name))
    moved = array if channel_first else (array[None] if more.pop('grey', True) else np.moveaxis(array, -1, 0))
    case(name, kind, moved, spacing, **more)


big = lambda dtype, *shape: samples(shape, dtype)
for dtype in ('uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float16', 'float32', 'float64'):
    tifffile.imwrite(path(f'tiff-{dtype}.tif'), big(dtype, 9, 7))
    tiff_case(f'tiff-{dtype}.tif', f'TIFF, {dtype}')
for method in ('lzw', 'zstd', 'deflate', 'packbits'):
    tifffile.imwrite(path(f'tiff-{method}.tif'), big('int16' if method != 'packbits' else 'uint8', 19, 17), compression=method, rowsperstrip=5)
    tiff_case(f'tiff-{method}.tif', f'TIFF, {method}, strips of 5 rows')
smooth = (np.add.outer(np.arange(19), np.arange(17)) * 50).astype('uint16')
tifffile.imwrite(path('tiff-predictor.tif'), smooth, compression='zstd', predictor=2)
tiff_case('tiff-predictor.tif', 'TIFF, zstd with the horizontal predictor')
tifffile.imwrite(path('tiff-predictor-float.tif'), smooth.astype('float32') / 3, compression='deflate', predictor=3)
tiff_case('tiff-predictor-float.tif', 'TIFF, deflate with the float predictor')
tifffile.imwrite(path('tiff-tiled.tif'), big('uint16', 30, 37), tile=(16, 16))
tiff_case('tiff-tiled.tif', 'TIFF, tiled, 16 bits')
tifffile.imwrite(path('tiff-tiled-rgb.tif'), big('uint8', 20, 17, 3), tile=(16, 16), photometric='rgb', compression='lzw')
tiff_case('tiff-tiled-rgb.tif', 'TIFF, tiled RGB', grey=False)
tifffile.imwrite(path('tiff-big.tif'), big('int16', 9, 7), bigtiff=True)
tiff_case('tiff-big.tif', 'BigTIFF')
tifffile.imwrite(path('tiff-big-endian.tif'), big('uint16', 9, 7), byteorder='>')
tiff_case('tiff-big-endian.tif', 'TIFF, big-endian')
tifffile.imwrite(path('tiff-big-big-endian.tif'), big('float32', 9, 7), byteorder='>', bigtiff=True, compression='lzw')
tiff_case('tiff-big-big-endian.tif', 'BigTIFF, big-endian, LZW')
tifffile.imwrite(path('tiff-planar.tif'), big('uint16', 3, 9, 7), photometric='rgb', planarconfig='separate')
tiff_case('tiff-planar.tif', 'TIFF, RGB in planes', channel_first=True)
tifffile.imwrite(path('tiff-five-channels.tif'), big('uint16', 9, 7, 5), photometric='minisblack', planarconfig='contig')
tiff_case('tiff-five-channels.tif', 'TIFF of 5 samples a pixel', grey=False)
tifffile.imwrite(path('tiff-rgba.tif'), big('uint8', 9, 7, 4), photometric='rgb', extrasamples=['unassalpha'])
tiff_case('tiff-rgba.tif', 'TIFF, RGB with alpha', grey=False, alpha=True)
tifffile.imwrite(path('tiff-boolean.tif'), big('uint8', 9, 13) > 128)
tiff_case('tiff-boolean.tif', 'TIFF, booleans as tifffile writes them', photometric='black-is-zero' if tifffile.TiffFile(path('tiff-boolean.tif')).pages[0].photometric == 1 else 'white-is-zero')
tifffile.imwrite(path('tiff-white-is-zero.tif'), big('uint8', 9, 7), photometric='miniswhite')
tiff_case('tiff-white-is-zero.tif', 'TIFF, white is zero', photometric='white-is-zero')
tifffile.imwrite(path('tiff-white-is-zero-16.tif'), big('uint16', 9, 7), photometric='miniswhite', compression='deflate')
tiff_case('tiff-white-is-zero-16.tif', 'TIFF, white is zero, 16 bits', photometric='white-is-zero')
Image.fromarray(big('uint8', 9, 13) > 128).save(path('tiff-fax.tif'), compression='group4')
case('tiff-fax.tif', 'TIFF, fax group 4', np.asarray(Image.open(path('tiff-fax.tif'))).astype('uint8')[None],
     photometric={0: 'white-is-zero', 1: 'black-is-zero'}[int(tifffile.TiffFile(path('tiff-fax.tif')).pages[0].photometric)])
palette = Image.fromarray(rng.integers(0, 4, (9, 7)).astype('uint8'), mode='P')
palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 9, 8, 7])
palette.save(path('tiff-palette.tif'))
tiff_case('tiff-palette.tif', 'TIFF with a palette: its indices', photometric='palette')
cases[-1]['palette'] = tifffile.TiffFile(path('tiff-palette.tif')).pages[0].colormap.T.reshape(-1)[:12].tolist()
tifffile.imwrite(path('tiff-ome.ome.tif'), big('uint16', 2, 3, 9, 7), metadata={'UUID': '00000000-0000-0000-0000-000000000001', 'axes': 'CZYX', 'PhysicalSizeX': 0.325, 'PhysicalSizeXUnit': 'µm',
                 'PhysicalSizeY': 0.325, 'PhysicalSizeYUnit': 'µm', 'PhysicalSizeZ': 2.0, 'PhysicalSizeZUnit': 'µm'})
tiff_case('tiff-ome.ome.tif', 'OME-TIFF, CZYX', channel_first=True, spacing=[0.002, 0.000325, 0.000325])
tifffile.imwrite(path('tiff-ome-zcyx.ome.tif'), big('uint8', 3, 2, 9, 7), metadata={'UUID': '00000000-0000-0000-0000-000000000002', 'axes': 'ZCYX', 'PhysicalSizeX': 0.5, 'PhysicalSizeY': 0.5, 'PhysicalSizeZ': 1.0})
array = tifffile.imread(path('tiff-ome-zcyx.ome.tif'))
case('tiff-ome-zcyx.ome.tif', 'OME-TIFF, ZCYX', array.transpose(1, 0, 2, 3), [0.001, 0.0005, 0.0005])
tifffile.imwrite(path('tiff-ome-rgb.ome.tif'), big('uint8', 2, 9, 7, 3), photometric='rgb', metadata={'UUID': '00000000-0000-0000-0000-000000000003', 'axes': 'ZYXS'})
array = tifffile.imread(path('tiff-ome-rgb.ome.tif'))
case('tiff-ome-rgb.ome.tif', 'OME-TIFF of RGB slices', np.moveaxis(array, -1, 0))
tifffile.imwrite(path('tiff-imagej.tif'), big('uint16', 3, 2, 9, 7), imagej=True, resolution=(1 / 0.2, 1 / 0.2), metadata={'spacing': 0.7, 'unit': 'um', 'axes': 'ZCYX'})
array = tifffile.imread(path('tiff-imagej.tif'))
case('tiff-imagej.tif', 'ImageJ hyperstack', array.transpose(1, 0, 2, 3), [0.0007, 0.0002, 0.0002])
tifffile.imwrite(path('tiff-imagej-slices.tif'), big('uint8', 4, 9, 7), imagej=True, metadata={'axes': 'ZYX'})
tiff_case('tiff-imagej-slices.tif', 'ImageJ stack without units')
tifffile.imwrite(path('tiff-axes.tif'), big('int16', 4, 9, 7), metadata={'axes': 'ZYX'}, photometric='minisblack')
tiff_case('tiff-axes.tif', "TIFF of several pages with tifffile's axes")
tifffile.imwrite(path('tiff-pages.tif'), big('uint8', 4, 9, 7), photometric='minisblack', metadata=None)
tiff_case('tiff-pages.tif', 'TIFF of unnamed pages, taken as depth', options={'pages': 'depth'})
tiff_case('tiff-pages.tif', 'TIFF of unnamed pages, taken as channels', channel_first=True, options={'pages': 'channels'})
with tifffile.TiffWriter(path('tiff-pyramid.tif')) as writer:
    writer.write(big('uint8', 20, 16), metadata=None)
    writer.write(big('uint8', 10, 8), subfiletype=1, metadata=None)
case('tiff-pyramid.tif', 'TIFF with a smaller copy: the first page', tifffile.TiffFile(path('tiff-pyramid.tif')).pages[0].asarray()[None])

# ---- pictures
picture = lambda *shape: np.asarray(big('uint8', *shape))
for name, array in (('grey', picture(9, 7)), ('rgb', picture(9, 7, 3)), ('rgba', picture(9, 7, 4))):
    Image.fromarray(array).save(path(f'png-{name}.png'))
    read = np.asarray(Image.open(path(f'png-{name}.png')))
    case(f'png-{name}.png', f'PNG, {name}', read[None] if read.ndim == 2 else np.moveaxis(read, -1, 0), alpha=name == 'rgba')
Image.fromarray(big('uint16', 9, 7)).save(path('png-grey-16.png'))
case('png-grey-16.png', 'PNG, 16 bits', np.asarray(Image.open(path('png-grey-16.png'))).astype('uint16')[None])
Image.fromarray(picture(9, 7, 3)).save(path('webp-lossless.webp'), lossless=True)
case('webp-lossless.webp', 'WebP, lossless', np.moveaxis(np.asarray(Image.open(path('webp-lossless.webp')).convert('RGB')), -1, 0))
Image.fromarray(picture(9, 7)).save(path('gif-grey.gif'))
case('gif-grey.gif', 'GIF', np.moveaxis(np.asarray(Image.open(path('gif-grey.gif')).convert('RGB')), -1, 0))

# ---- DICOM
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (CTImageStorage, DeflatedExplicitVRLittleEndian, EnhancedCTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian,
                         HTJ2KLossless, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless)
import imagecodecs
import pydicom.encaps
ROW, COLUMN = np.array([np.cos(0.2), np.sin(0.2), 0]), np.array([-np.sin(0.2) * np.cos(0.3), np.cos(0.2) * np.cos(0.3), np.sin(0.3)])
NORMAL = np.cross(ROW, COLUMN)
uid = lambda *parts: '1.2.826.0.1.3680043.8.498.' + '.'.join(str(p) for p in parts)


def dicom_slice(name, pixels, position, k=0, series=1, syntax=ExplicitVRLittleEndian, stored=12, slope=1, intercept=-1024, photometric='MONOCHROME2', axes=None, **attributes):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = CTImageStorage, uid(series, k + 1), ExplicitVRLittleEndian
    ds = FileDataset(path(name), {}, file_meta=meta, preamble=b'\0' * 128)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = CTImageStorage, uid(series, k + 1), uid(series), uid(9), uid(8)
    ds.Modality, ds.PatientName, ds.PatientID, ds.InstanceNumber = 'CT', 'A^B', '1', k + 1
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    if pixels.ndim == 3: ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = 8 * pixels.dtype.itemsize
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = stored, stored - 1, int(pixels.dtype.kind == 'i')
    if slope != 1 or intercept != 0: ds.RescaleSlope, ds.RescaleIntercept = slope, intercept
    if position is not None:
        ds.ImagePositionPatient = [f'{v:.6f}' for v in position]
        ds.ImageOrientationPatient = [f'{v:.6f}' for v in (axes if axes is not None else np.concatenate([ROW, COLUMN]))]
        ds.PixelSpacing = ['0.75', '0.5']
    for key, value in attributes.items(): setattr(ds, key, value)
    ds.PixelData = pixels.tobytes()
    encode = {JPEGLSLossless: imagecodecs.jpegls_encode, JPEG2000Lossless: lambda a: imagecodecs.jpeg2k_encode(a, level=0, codecformat='j2k', mct=False),
              JPEGLosslessSV1: lambda a: imagecodecs.ljpeg_encode(a, bitspersample=8 * a.dtype.itemsize),
              HTJ2KLossless: lambda a: b'no codestream'}
    if syntax in encode:
        ds.PixelData = pydicom.encaps.encapsulate([encode[syntax](pixels)])
        ds['PixelData'].VR = 'OB'
        meta.TransferSyntaxUID = syntax
    elif syntax == RLELossless: ds.compress(syntax, generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian:
        ds.PixelData = pixels.astype(pixels.dtype.newbyteorder('>')).tobytes()
        meta.TransferSyntaxUID = syntax
    else: meta.TransferSyntaxUID = syntax
    os.makedirs(os.path.dirname(path(name)) or '.', exist_ok=True)
    pydicom.dcmwrite(path(name), ds, enforce_file_format=True, little_endian=syntax != ExplicitVRBigEndian, implicit_vr=syntax == ImplicitVRLittleEndian)
    return ds


def series_case(name, kind, pydicom_only=False, **more):
    """Expects what SimpleITK makes of the folder; where it can't read it, pydicom's pixels in the order of their positions."""
    files = [os.path.join(path(name), f) for f in os.listdir(path(name))]
    if pydicom_only:
        read = sorted((pydicom.dcmread(f) for f in files), key=lambda d: np.dot([float(v) for v in d.ImagePositionPatient], NORMAL))
        array = np.stack([d.pixel_array * float(d.get('RescaleSlope', 1)) + float(d.get('RescaleIntercept', 0)) for d in read])
        origin = np.array([float(v) for v in read[0].ImagePositionPatient])
        spacing, directions = [2.5, 0.75, 0.5], [NORMAL, COLUMN, ROW]
    else:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(path(name)))
        image = reader.Execute()
        array, origin, spacing = sitk.GetArrayFromImage(image), np.array(image.GetOrigin()), list(image.GetSpacing())[::-1]
        direction = np.array(image.GetDirection()).reshape(3, 3)
        directions = [direction[:, k] for k in (2, 1, 0)]
    case(name, kind, array.astype(more.pop('dtype', 'int16'))[None], spacing, origin * LPS, [d * LPS for d in directions], **more)


def write_series(name, count=4, gap=2.5, **options):
    order = rng.permutation(count)
    for k in range(count):
        pixels = options.get('pixels', lambda: rng.integers(0, 4096, (6, 7)).astype('uint16'))()
        rest = {key: value for key, value in options.items() if key != 'pixels'}
        rest = {key: value(k) if callable(value) else value for key, value in rest.items()}
        dicom_slice(f'{name}/IM{order[k]}.dcm', pixels, np.array([-20.0, 30.0, 5.0]) + gap * k * NORMAL, k, **rest)


write_series('dicom-explicit')
series_case('dicom-explicit', 'DICOM series, explicit, oblique, names shuffled')
write_series('dicom-implicit', syntax=ImplicitVRLittleEndian)
series_case('dicom-implicit', 'DICOM series, implicit')
write_series('dicom-deflated', syntax=DeflatedExplicitVRLittleEndian)
series_case('dicom-deflated', 'DICOM series, deflated')
write_series('dicom-big-endian', syntax=ExplicitVRBigEndian)
series_case('dicom-big-endian', 'DICOM series, big-endian', pydicom_only=True)
write_series('dicom-rle', syntax=RLELossless)
series_case('dicom-rle', 'DICOM series, RLE', pydicom_only=True)
for label, syntax in (('jpeg-ls', JPEGLSLossless), ('jpeg-2000', JPEG2000Lossless), ('lossless-jpeg', JPEGLosslessSV1)):
    write_series(f'dicom-{label}', syntax=syntax)
    series_case(f'dicom-{label}', f'DICOM series, {label}')
write_series('dicom-signed', stored=16, intercept=0, pixels=lambda: rng.integers(-32768, 32768, (6, 7)).astype('int16'))
series_case('dicom-signed', 'DICOM series, signed 16 bits')
write_series('dicom-rescale', slope=lambda k: f'{0.5 + 0.25 * k}', intercept=lambda k: f'{k}')
series_case('dicom-rescale', 'DICOM series whose slices are rescaled each by its own', dtype='float32')
write_series('dicom-monochrome1', photometric='MONOCHROME1', intercept=0)
# SimpleITK turns these greys itself.
series_case('dicom-monochrome1', 'DICOM series, white is zero', pydicom_only=True, dtype='uint16', photometric='white-is-zero')
write_series('dicom-down', gap=-2.5)
series_case('dicom-down', 'DICOM series numbered from the top')
pixels = rng.integers(0, 256, (6, 7, 3)).astype('uint8')
dicom_slice('dicom-rgb.dcm', pixels, None, stored=8, intercept=0, photometric='RGB')
case('dicom-rgb.dcm', 'DICOM, RGB', np.moveaxis(pydicom.dcmread(path('dicom-rgb.dcm')).pixel_array, -1, 0))
dicom_slice('dicom-rgb-rle.dcm', pixels, None, stored=8, intercept=0, photometric='RGB', syntax=RLELossless)
case('dicom-rgb-rle.dcm', 'DICOM, RGB, RLE', np.moveaxis(pydicom.dcmread(path('dicom-rgb-rle.dcm')).pixel_array, -1, 0))
frames = rng.integers(0, 4096, (3, 6, 7)).astype('uint16')
ds = dicom_slice('dicom-enhanced.dcm', frames[0], None, intercept=0)
ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = EnhancedCTImageStorage
ds.NumberOfFrames = 3
nest = lambda **fields: (lambda d: [setattr(d, k, v) for k, v in fields.items()] and d)(Dataset())
ds.SharedFunctionalGroupsSequence = Sequence([nest(
    PlaneOrientationSequence=Sequence([nest(ImageOrientationPatient=[f'{v:.6f}' for v in np.concatenate([ROW, COLUMN])])]),
    PixelMeasuresSequence=Sequence([nest(PixelSpacing=['0.75', '0.5'], SliceThickness='2.5')]),
    PixelValueTransformationSequence=Sequence([nest(RescaleIntercept='-1024', RescaleSlope='1', RescaleType='HU')]))])
ds.PerFrameFunctionalGroupsSequence = Sequence([nest(PlanePositionSequence=Sequence([nest(
    ImagePositionPatient=[f'{v:.6f}' for v in np.array([-20.0, 30.0, 5.0]) + 2.5 * k * NORMAL])])) for k in range(3)])
ds.PixelData = frames.tobytes()
pydicom.dcmwrite(path('dicom-enhanced.dcm'), ds, enforce_file_format=True)
case('dicom-enhanced.dcm', 'DICOM, enhanced multi-frame', (pydicom.dcmread(path('dicom-enhanced.dcm')).pixel_array.astype('int16') - 1024)[None], [2.5, 0.75, 0.5],
     np.array([-20.0, 30.0, 5.0]) * LPS, [d * LPS for d in (NORMAL, COLUMN, ROW)])

# What must be refused.
tifffile.imwrite(path('refused-lerc.tif'), big('uint8', 19, 17), compression='lerc', rowsperstrip=5)
write_series('refused-missing')
os.remove(sorted((os.path.join(path('refused-missing'), f) for f in os.listdir(path('refused-missing'))), key=lambda f: pydicom.dcmread(f).InstanceNumber)[1])
write_series('refused-doubled')
dicom_slice('refused-doubled/more.dcm', frames[0], np.array([-20.0, 30.0, 5.0]) + 2.5 * NORMAL, 7)
write_series('refused-uneven')
dicom_slice('refused-uneven/more.dcm', frames[0], np.array([-20.0, 30.0, 5.0]) + 2.5 * 3.4 * NORMAL, 7)
for k in range(3): dicom_slice(f'refused-tilted/{k}.dcm', frames[k], np.array([-20.0, 30.0, 5.0]) + 2.5 * k * NORMAL + 0.6 * k * COLUMN, k)
write_series('refused-turned')
dicom_slice('refused-turned/scout.dcm', frames[0], np.array([-20.0, 30.0, 5.0]) - 2.5 * NORMAL, 7, axes=[1, 0, 0, 0, 0, -1])
write_series('refused-two-series')
dicom_slice('refused-two-series/more.dcm', frames[0], np.array([-20.0, 30.0, 5.0]) + 10 * NORMAL, 7, series=2)
write_series('refused-size')
dicom_slice('refused-size/more.dcm', frames[0][:5], np.array([-20.0, 30.0, 5.0]) + 10 * NORMAL, 7)
dicom_slice('refused-htj2k.dcm', frames[0], None, syntax=HTJ2KLossless)

with open(os.path.join(out, 'expected.json'), 'w') as f:
    f.write('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
files = [os.path.join(d, f) for d, _, names in os.walk(out) for f in names]
print(len(cases), 'cases,', len(files), 'files,', sum(os.path.getsize(f) for f in files), 'bytes, largest', max((os.path.getsize(f), f) for f in files))
