"""X, y and weights as the core takes them: NumPy arrays of 32 or 64 bits, checked as scikit-learn checks them."""

import numpy as np
from scipy import sparse
from sklearn.utils._array_api import _convert_to_numpy, get_namespace_and_device
from sklearn.utils.validation import _check_sample_weight, validate_data

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def is_plain(X, y, sample_weight):
    """Whether the core can take the data as they are, and finds by itself what may be wrong with the numbers."""
    return (
        type(X) is np.ndarray
        and X.dtype in FLOATS
        and X.ndim == 2
        and X.shape[0] > 1
        and X.shape[1] > 0
        and type(y) is np.ndarray
        and y.dtype in FLOATS
        and (y.ndim == 1 or (y.ndim == 2 and y.shape[1] > 0))
        and y.shape[0] == X.shape[0]
        and (
            sample_weight is None
            or (type(sample_weight) is np.ndarray and sample_weight.dtype == FLOATS[0] and sample_weight.shape == y.shape[:1])
        )
    )


def set_features(estimator, X):
    """What scikit-learn's `validate_data` sets of an array without names."""
    estimator.n_features_in_ = X.shape[1]
    if hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def checked(estimator, X, y, sample_weight, rows=1):
    """X, y and weights after scikit-learn's checks, and what turns arrays into those of the namespace and device of X; so
    many rows are needed.

    Frames of pandas and polars, lists, integers, and arrays of other namespaces become arrays of floats.
    """
    refuse_sparse(estimator, X)
    X, y, sample_weight, back = from_namespace(X, y, sample_weight)
    floats = [np.float64, np.float32]
    X, y = validate_data(estimator, X, y, dtype=floats, multi_output=True, y_numeric=True, ensure_min_samples=rows)
    if y.dtype not in FLOATS:
        y = y.astype(X.dtype)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
    return aligned(X), aligned(y), sample_weight, back


def aligned(array):
    """The array, copied where it does not lie as the processor reads it, or the other end first."""
    return np.require(array, dtype=array.dtype.newbyteorder("="), requirements="A")


def refuse_sparse(estimator, X):
    """Refuses sparse X by name."""
    if sparse.issparse(X):
        raise TypeError(
            f"Sparse data was passed to {type(estimator).__name__}, which takes dense X alone so far; X.toarray() makes it dense, and "
            "scikit-learn's Ridge takes it as it is"
        )


def from_namespace(X, y, sample_weight):
    """NumPy arrays of those of another namespace, and what takes arrays back to it and its device.

    Tensors of torch, CuPy and others are shared where they lie in the memory of the host, and copied to it where they do not.
    """
    xp, is_array_api, device = get_namespace_and_device(X)
    if is_array_api and xp.__name__.rpartition(".")[2] != "numpy":
        x_dtype = X.dtype
        X, y = _convert_to_numpy(X, xp), to_numpy(y)
        sample_weight = sample_weight if np.isscalar(sample_weight) else to_numpy(sample_weight)

        def back(array):
            floats = xp.isdtype(x_dtype, "real floating") and np.asarray(array).dtype.kind == "f"
            dtype = x_dtype if floats else None
            return xp.asarray(array, dtype=dtype, device=device)

        return X, y, sample_weight, back
    return shared(X), shared(y), shared(sample_weight), None


def to_numpy(array):
    """A NumPy array of an array of any namespace."""
    if array is None or isinstance(array, (list, tuple)) or np.isscalar(array):
        return array
    xp, is_array_api, _ = get_namespace_and_device(array)
    return _convert_to_numpy(array, xp) if is_array_api else shared(array)


def shared(array):
    """A tensor in the memory of the host as an array, without a copy; anything else as it is."""
    if type(array) is np.ndarray or not hasattr(array, "__dlpack__") or hasattr(array, "iloc") or isinstance(array, np.generic):
        return array
    if getattr(array, "requires_grad", False):
        array = array.detach()
    try:
        return np.from_dlpack(array)
    except (BufferError, RuntimeError, TypeError, AttributeError):
        # On a device: by way of the host, as its library has it.
        return array.cpu().numpy() if hasattr(array, "cpu") else array.get() if hasattr(array, "get") else array
