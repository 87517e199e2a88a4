"""What nibabel reads from real volumes, into real.json: hashes only, the volumes stay where they are.

    python test/data/formats/record_real.py ../shared/data
"""
import glob, hashlib, json, os, sys
import nibabel as nib
import numpy as np

root = sys.argv[1]
rows = []
for folder, count in (('hippocampus/images', 6), ('hippocampus/masks', 3), ('lung-nodule/images', 4), ('lung-nodule/masks', 2), ('ct-example/images', 1), ('ct-example/masks', 1)):
    files = sorted(glob.glob(os.path.join(root, folder, '*.nii.gz')))
    for file in files[::max(1, len(files) // count)][:count]:
        image = nib.load(file)
        array = np.asanyarray(image.dataobj)
        array = array.transpose(2, 1, 0)[None]
        kept = array if array.dtype in (np.uint8, np.uint16, np.int16, np.float32) else array.astype(np.float32)
        kept = np.ascontiguousarray(kept).astype(kept.dtype.newbyteorder('<'))
        columns = [image.affine[:3, k] for k in (2, 1, 0)]
        rows.append({'file': f'{folder}/{os.path.basename(file)}', 'shape': list(array.shape[1:]), 'sha256': hashlib.sha256(kept.tobytes()).hexdigest(),
                     'spacing': [float(np.linalg.norm(c)) for c in columns], 'origin': [float(v) for v in image.affine[:3, 3]],
                     'directions': [[float(v) for v in c / np.linalg.norm(c)] for c in columns]})
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'recorded', 'real.json'), 'w') as f:
    f.write('[\n' + ',\n'.join(json.dumps(r) for r in rows) + '\n]\n')
print(len(rows))
