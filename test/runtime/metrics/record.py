"""Writes expected.json: small random masks and what MONAI, scikit-learn, SimpleITK and SciPy say of them.

    python test/runtime/metrics/record.py

metrics.test.ts holds runtime/evaluation/metrics against the file, without Python. null: the library gives NaN; "inf": infinity.
Needs numpy, scipy, scikit-learn, SimpleITK, torch and monai; their versions are in the file.
"""
import json
import math
import pathlib
import warnings

import monai
import numpy as np
import scipy
import scipy.ndimage as ndi
import scipy.optimize
import scipy.stats
import SimpleITK as sitk
import sklearn
import sklearn.metrics as skm
import torch
from monai.metrics import (
    CalibrationErrorMetric, DiceMetric, MeanIoU, compute_average_surface_distance, compute_hausdorff_distance,
    compute_panoptic_quality, compute_surface_dice,
)

warnings.filterwarnings('ignore')
rng = np.random.default_rng(15)


def number(x):
    x = float(x)
    return None if math.isnan(x) else 'inf' if math.isinf(x) else round(x, 10)


def bits(mask):
    return ''.join('1' if v else '0' for v in mask.ravel())


def blobs(shape, count, radius):
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing='ij'), -1)
    out = np.zeros(shape, bool)
    for _ in range(count):
        out |= ((grid - rng.uniform(0, shape)) ** 2).sum(-1) < rng.uniform(1, radius) ** 2
    return out


def one(shape):
    out = np.zeros(shape, bool)
    out[tuple(rng.integers(0, n) for n in shape)] = True
    return out


def edges(mask):
    """A voxel with a face neighbour outside; outside the image is outside the mask."""
    return mask & ~ndi.binary_erosion(mask, ndi.generate_binary_structure(mask.ndim, 1), border_value=0)


def surface(a, b, spacing, tolerance):
    """By SciPy's exact distance transform; None where a mask is empty."""
    if not a.any() or not b.any():
        return None
    ea, eb = edges(a), edges(b)
    there = ndi.distance_transform_edt(~eb, sampling=spacing)[ea]
    back = ndi.distance_transform_edt(~ea, sampling=spacing)[eb]
    both = np.concatenate([there, back])
    return {'hd': number(max(there.max(), back.max())), 'hd95': number(max(np.percentile(there, 95), np.percentile(back, 95))),
            'assd': number(both.mean()), 'nsd': number((both <= tolerance).mean())}


def onehot(mask):
    return torch.tensor(np.stack([~mask, mask])[None]).float()


def monai_surface(p, t, spacing, tolerance):
    a, b = onehot(p), onehot(t)
    return {
        'hd95': number(compute_hausdorff_distance(a, b, percentile=95, spacing=spacing)[0, 0]),
        'assd': number(compute_average_surface_distance(a, b, symmetric=True, spacing=spacing)[0, 0]),
        'nsd': number(compute_surface_dice(a, b, [tolerance], spacing=spacing)[0, 0]),
    }


def image(mask, spacing):
    out = sitk.GetImageFromArray(mask.astype(np.uint8))
    out.SetSpacing([float(s) for s in spacing[::-1]])
    return out


def sitk_of(p, t, spacing):
    if not p.any() or not t.any():
        return None
    f = sitk.LabelOverlapMeasuresImageFilter()
    f.Execute(image(t, spacing), image(p, spacing))
    h = sitk.HausdorffDistanceImageFilter()
    h.Execute(image(edges(p), spacing), image(edges(t), spacing))  # its distance is between sets: here of boundaries
    return {'dice': number(f.GetDiceCoefficient()), 'iou': number(f.GetJaccardCoefficient()), 'hd': number(h.GetHausdorffDistance())}


def binary_case(name, p, t, spacing, tolerance):
    y, x = t.ravel(), p.ravel()
    kw = dict(zero_division=np.nan)
    full = ndi.generate_binary_structure(p.ndim, p.ndim)
    lp, np_ = ndi.label(p, full)
    lt, nt = ndi.label(t, full)
    tp = sum(p[lt == k].any() for k in range(1, nt + 1))
    fp = sum(not t[lp == k].any() for k in range(1, np_ + 1))
    return {
        'name': name, 'shape': p.shape, 'spacing': spacing, 'tolerance': tolerance, 'predicted': bits(p), 'truth': bits(t),
        'sklearn': {'iou': number(skm.jaccard_score(y, x) if x.any() or y.any() else np.nan), 'dice': number(skm.f1_score(y, x, **kw)),
                    'precision': number(skm.precision_score(y, x, zero_division=0)), 'recall': number(skm.recall_score(y, x, zero_division=0)),
                    'accuracy': number(skm.accuracy_score(y, x))},
        'scipy': surface(p, t, spacing, tolerance), 'monai': monai_surface(p, t, spacing, tolerance), 'sitk': sitk_of(p, t, spacing),
        'faces': int(ndi.label(p)[1]), 'full': int(np_),
        'sitkFull': int(sitk.GetArrayFromImage(sitk.ConnectedComponent(image(p, spacing), True)).max()),
        'lesions': {'tp': int(tp), 'fp': int(fp), 'fn': int(nt - tp)},
    }


def binary_cases():
    out = []
    for shape, spacings in [((11, 13), [(1, 1), (0.7, 2.5)]), ((5, 7, 6), [(1, 1, 1), (3.0, 0.8, 1.25)])]:
        empty, full = np.zeros(shape, bool), np.ones(shape, bool)
        for spacing in spacings:
            kinds = [('both empty', empty, empty), ('nothing predicted', empty, blobs(shape, 2, 3)), ('nothing true', one(shape), empty),
                     ('both full', full, full), ('full against some', full, blobs(shape, 1, 3)), ('one voxel each', one(shape), one(shape)),
                     ('one voxel against some', one(shape), blobs(shape, 2, 3))]
            same = blobs(shape, 2, 3)
            kinds.append(('equal', same, same))
            moved = blobs(shape, 2, 3)
            kinds.append(('moved by one', np.roll(moved, 1, 0), moved))
            kinds += [('blobs', blobs(shape, int(rng.integers(1, 4)), 4), blobs(shape, int(rng.integers(1, 4)), 4)) for _ in range(6)]
            kinds += [('noise', rng.random(shape) < 0.4, rng.random(shape) < 0.4) for _ in range(3)]
            out += [binary_case(name, p, t, spacing, float(rng.choice([0.5, 1, 2]))) for name, p, t in kinds]
    return out


def class_cases():
    """Label maps in which classes are absent here and there, and means over classes by each library's rule."""
    out = []
    for k in range(8):
        classes, shape = 4, (3, 6, 7)  # three images
        t = rng.integers(0, classes - (k % 2), shape)
        p = np.where(rng.random(shape) < 0.6, t, rng.integers(0, classes, shape))
        if k % 3 == 0:
            p[0], t[0] = 0, 0
        if k % 3 == 1:
            p[p == 2] = 0
        hot = lambda a: torch.nn.functional.one_hot(torch.tensor(a), classes).permute(0, 3, 1, 2)
        def monai_of(metric, ignore):
            m = metric(ignore_empty=ignore)
            m(hot(p), hot(t))
            table = m.get_buffer().numpy()
            return number(np.nanmean([np.nanmean(row) for row in table]))
        names = {'iou': MeanIoU, 'dice': DiceMetric}
        def sk(f):
            return number(np.mean([f(t[i].ravel(), p[i].ravel(), average='macro', zero_division=np.nan) for i in range(len(t))]))
        # By scikit-learn's default the classes are those of truth or prediction: those in neither are left out.
        out.append({
            'classes': classes, 'shape': shape, 'predicted': ''.join(map(str, p.ravel())), 'truth': ''.join(map(str, t.ravel())),
            'leaveOut': {'iou': number(np.mean([skm.jaccard_score(t[i].ravel(), p[i].ravel(), average='macro') for i in range(len(t))])),
                         'dice': sk(skm.f1_score),
                         'iouPooled': number(skm.jaccard_score(t.ravel(), p.ravel(), average='macro')),
                         'accuracy': number(np.mean([skm.accuracy_score(t[i].ravel(), p[i].ravel()) for i in range(len(t))]))},
            'leaveOutTruth': {n: monai_of(m, True) for n, m in names.items()},
            'one': {n: monai_of(m, False) for n, m in names.items()},
        })
    return out


def instance_cases():
    out = []
    for k in range(10):
        shape = (24, 24)
        t, p = np.zeros(shape, int), np.zeros(shape, int)
        for i in range(int(rng.integers(0 if k == 0 else 2, 7))):
            y, x = rng.integers(0, 19, 2)
            h, w = rng.integers(3, 6, 2)
            t[y:y + h, x:x + w] = i + 1
            if rng.random() < 0.85:
                dy, dx = rng.integers(-1, 2, 2)
                p[max(0, y + dy):y + dy + h, max(0, x + dx):x + dx + w] = i + 1
        if k == 1:
            p[:] = 0
        ids = lambda m: [v for v in np.unique(m) if v]
        iou = np.array([[((p == a) & (t == b)).sum() / ((p == a) | (t == b)).sum() for b in ids(t)] for a in ids(p)]).reshape(len(ids(p)), len(ids(t)))
        ap = []
        for threshold in (np.arange(50, 100, 5) / 100):
            fits = iou > threshold
            rows, cols = scipy.optimize.linear_sum_assignment(-fits.astype(float)) if fits.size else ([], [])
            tp = int(sum(fits[r, c] for r, c in zip(rows, cols)))
            ap.append(number(tp / (len(ids(p)) + len(ids(t)) - tp)) if ids(p) or ids(t) else None)
        seq = lambda m: torch.tensor(np.searchsorted(np.unique(np.append(m, 0)), m))
        pq = compute_panoptic_quality(seq(p), seq(t), metric_name='pq', smooth_numerator=0) if ids(t) and ids(p) else None
        digits = lambda m: ''.join(map(str, m.ravel()))
        out.append({'shape': shape, 'predicted': digits(p), 'truth': digits(t), 'ap': ap, 'pq': None if pq is None else number(pq)})
    return out


def calibration_case():
    """MONAI's binned calibration error of one class is of p against the class; ours is of the decision: numpy says both."""
    p = rng.random((1, 1, 20, 20)).astype(np.float32)
    t = (rng.random((1, 1, 20, 20)) < p ** 2).astype(np.float32)
    m = CalibrationErrorMetric(num_bins=15, right=True, include_background=True)
    m(torch.tensor(np.concatenate([1 - p, p], 1)), torch.tensor(np.concatenate([1 - t, t], 1)))

    def ece(confidence, correct):
        total = 0.0
        for lo, hi in zip(np.linspace(0, 1, 16)[:-1], np.linspace(0, 1, 16)[1:]):
            inside = (confidence > lo) & (confidence <= hi)
            if inside.any():
                total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
        return number(total)
    q = p.astype(np.float64).ravel()
    y = t.ravel()
    return {'probability': [round(float(v), 9) for v in q], 'truth': ''.join(str(int(v)) for v in y),
            'ece': ece(np.maximum(q, 1 - q), ((q > 0.5) == (y > 0.5)).astype(float)), 'classwise': ece(q, y), 'monai': number(m.aggregate())}


def bootstrap_case():
    values = np.round(rng.beta(8, 2, 40), 6)
    r = scipy.stats.bootstrap((values,), np.mean, n_resamples=50000, method='percentile', rng=1)
    return {'values': values.tolist(), 'low': number(r.confidence_interval.low), 'high': number(r.confidence_interval.high), 'error': number(r.standard_error)}


expected = {
    'versions': {'monai': monai.__version__, 'scikit-learn': sklearn.__version__, 'SimpleITK': sitk.Version.VersionString(), 'scipy': scipy.__version__, 'numpy': np.__version__},
    'binary': binary_cases(), 'classes': class_cases(), 'instances': instance_cases(), 'calibration': calibration_case(), 'bootstrap': bootstrap_case(),
}
path = pathlib.Path(__file__).parent / 'recorded' / 'expected.json'
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(expected, separators=(',', ':')) + '\n')
print(path, path.stat().st_size, 'bytes')
