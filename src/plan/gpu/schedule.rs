//! What a GPU is told to do for a shape: how the kernels cut it into tiles and panels, and the dispatches of each stage.
//! The backend records these, the plan counts them.

use crate::model::method::Precision;
use crate::plan::Limits;

/// Columns of a panel of L.
pub(crate) const PANEL: usize = 64;
/// Rows and columns of a tile of a product in double precision.
pub(crate) const PRODUCT_TILE: usize = 64;
/// Rows and columns of a tile of rows that are centred and scaled.
pub(crate) const FRAME_TILE: usize = 32;
/// Columns of rows whose means one workgroup sums.
pub(crate) const CENTRE_COLUMNS: usize = 64;
/// Workgroups that every device takes in a dimension.
const WORKGROUPS: usize = 65_535;
/// Rows below a panel that one workgroup takes.
pub(crate) const ROWS: usize = 2 * PANEL;

/// Four right-hand sides at a time read L as often as there are fours: more than so many go together.
pub(crate) const FEW_QUADS: usize = 8;
/// Fours of right-hand sides that one workgroup takes when there are more.
pub(crate) const MANY_QUADS: usize = 16;

/// A dispatch: the entry point, the number of its params, and the workgroups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispatch {
    pub(crate) entry: &'static str,
    pub(crate) params: usize,
    pub(crate) groups: [usize; 3],
}

/// Rows and columns of a tile of the Gram matrix: 64 where that holds all features, else 128.
pub(crate) fn tile(n: usize) -> usize {
    if n <= 64 { 64 } else { 128 }
}

/// Runs of rows that one workgroup sums side by side.
pub(crate) fn runs(n: usize) -> usize {
    if n <= 64 { 4 } else { 1 }
}

/// Columns of [X | Y] in tiles, of q: n where few targets would take a row of tiles to themselves, and are summed apart.
pub(crate) fn tiled(n: usize, q: usize) -> usize {
    let few = q - n <= 16 && q.div_ceil(tile(n)) > n.div_ceil(tile(n));
    if few { n } else { q }
}

/// Quads from one column of a matrix of order n to the next.
pub(crate) fn stride(n: usize) -> usize {
    n.div_ceil(4)
}

/// Columns of the widest diagonal block that fits so many bytes of workgroup memory.
pub(crate) fn widest(workgroup_storage: u32) -> usize {
    (PANEL..=2 * PANEL).step_by(8).filter(|side| 4 * side * side <= workgroup_storage as usize).max().unwrap_or(PANEL)
}

/// How a matrix is cut into panels of columns: of 64, or if the workgroup memory holds them all, one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panels {
    /// n.
    pub(crate) order: usize,
    pub(crate) count: usize,
    /// Rows and columns of the inverse of a diagonal block.
    pub(crate) width: usize,
    /// The side of the square in workgroup memory that holds a diagonal block; 64 / side matrices share a workgroup.
    pub(crate) side: usize,
    /// Workgroups of a dispatch in one dimension, at most.
    most: usize,
}

impl Panels {
    pub(crate) fn new(n: usize, limits: Limits) -> Self {
        let widest = widest(limits.workgroup_storage);
        let (count, width) = if n <= widest { (1, n.next_multiple_of(4)) } else { (n.div_ceil(PANEL), PANEL) };
        let side = if n > PANEL && n <= widest { widest } else { n.next_power_of_two().clamp(16, PANEL) };
        Self { order: n, count, width, side, most: (limits.workgroups as usize).max(1) }
    }

    /// Elements that the inverses of the diagonal blocks of one matrix take.
    pub(crate) fn inverse_elements(self) -> usize {
        self.count * self.width * self.width
    }

    /// Elements that L below its diagonal blocks takes.
    pub(crate) fn lower_elements(self) -> usize {
        PANEL * (self.count - 1) * 4 * stride(self.order)
    }

    /// Whether a matrix is factored and solved by one workgroup, in one dispatch.
    pub(crate) fn fused(self, quads: usize) -> bool {
        self.count == 1 && quads <= FEW_QUADS
    }

    /// So many workgroups in a dimension, and what is more in another, in rows of one length.
    fn folded(self, groups: usize) -> [usize; 2] {
        in_rows(groups, self.most)
    }

    /// The factors of k matrices, and what is [`fused`](Self::fused) solved too.
    pub(crate) fn factor(self, k: usize) -> Vec<Dispatch> {
        let (entry, shared) = match (self.count, self.side) {
            (1, ..=PANEL) => ("factor_solve", PANEL / self.side),
            (1, _) => ("factor_solve_wide", 1),
            _ => ("factor_diagonal", 1),
        };
        let [across, deep] = self.folded(k.div_ceil(shared));
        let first = Dispatch { entry, params: 0, groups: [across, 1, deep] };
        let panel = |panel: usize| Dispatch {
            entry: "factor_panel",
            params: panel,
            groups: [across, (self.order - PANEL * (panel + 1)).div_ceil(ROWS), deep],
        };
        std::iter::once(first).chain((0..self.count - 1).map(panel)).collect()
    }

    /// The solutions for k matrices and `quads` times four right-hand sides each. Workgroups of one matrix side by side, so
    /// that caches keep its L.
    pub(crate) fn solve(self, k: usize, quads: usize) -> Vec<Dispatch> {
        let (entry, side) = match (self.count, quads) {
            (1, _) => ("solve_single", quads),
            (_, ..=FEW_QUADS) => ("solve", quads),
            _ => ("solve_many", quads.div_ceil(MANY_QUADS)),
        };
        let [down, deep] = self.folded(k);
        vec![Dispatch { entry, params: 0, groups: [side, down, deep] }]
    }
}

/// A block of rows of X and Y, as they were given, to rows of n features and `width` elements in all.
pub(crate) fn frame(precision: Precision, [n, width]: [usize; 2], rows: usize) -> Vec<Dispatch> {
    let entry = match precision {
        Precision::Single => "frame",
        Precision::Double => "frame_double",
    };
    let tiles = |size: usize| size.div_ceil(FRAME_TILE);
    let dispatch = |columns| Dispatch { entry, params: 0, groups: [tiles(columns), tiles(rows), 1] };
    vec![dispatch(n), dispatch(width - n)]
}

/// One step of centring q columns, or those of one matrix: of so many runs of rows, or of all together.
pub(crate) fn centre(entry: &'static str, columns: usize, runs: usize) -> Dispatch {
    let across = columns.div_ceil(CENTRE_COLUMNS);
    let groups = match entry {
        "centre_origin" => [1, 1, 1],
        "centre_sums" | "centre_squares" => [across, runs, 1],
        _ => [across, 1, 1],
    };
    Dispatch { entry, params: 0, groups }
}

/// G of order n in units of a diagonal near 1.
pub(crate) fn equations_gram(n: usize) -> Dispatch {
    Dispatch { entry: "equations_gram", params: 0, groups: [(4 * stride(n)).div_ceil(16), n.div_ceil(16), 1] }
}

/// What tells k λs apart.
pub(crate) fn equations_sides(k: usize) -> Dispatch {
    let [across, down] = in_rows(k, WORKGROUPS);
    Dispatch { entry: "equations_sides", params: 0, groups: [across, down, 1] }
}

/// The coefficients of t targets of k λs.
pub(crate) fn coefficients(t: usize, k: usize) -> Dispatch {
    let [down, deep] = in_rows(k, WORKGROUPS);
    Dispatch { entry: "coefficients", params: 0, groups: [t, down, deep] }
}

/// What is said of k λs.
pub(crate) fn report(k: usize) -> Dispatch {
    let [across, down] = in_rows(k, WORKGROUPS);
    Dispatch { entry: "report", params: 0, groups: [across, down, 1] }
}

/// So many workgroups in a dimension of at most `most`, and what is more in another, in rows of one length.
fn in_rows(groups: usize, most: usize) -> [usize; 2] {
    let rows = groups.div_ceil(most).max(1);
    [groups.div_ceil(rows), rows]
}

/// The sums of a block of rows of n features and q columns in all.
pub(crate) fn gram(n: usize, q: usize, splits: usize) -> Vec<Dispatch> {
    let (tile, tiled) = (tile(n), tiled(n, q));
    let [down, across] = [tiled.div_ceil(tile), n.div_ceil(tile)];
    let dispatch = |entry, groups| Dispatch { entry, params: 0, groups };
    let mut dispatches = vec![
        dispatch(if tile == 64 { "gram" } else { "gram_wide" }, [down, across, splits.div_ceil(runs(n))]),
        dispatch("gram_reduce", [down, across, tile * tile / 1024]),
    ];
    if tiled < q {
        let fours = (q - n).div_ceil(4);
        dispatches.push(dispatch("gram_cross", [n.div_ceil(128), fours, splits]));
        dispatches.push(dispatch("gram_cross_reduce", [n.div_ceil(256), fours, 1]));
    }
    dispatches
}

/// How the lower triangle of ZᵀZ, of q columns of which n are those of X, is cut into tiles.
pub(crate) struct TriangleTiles {
    tile: usize,
    pub(crate) down: usize,
    across: usize,
    /// Elements that are summed apart, for few targets.
    cross: usize,
}

impl TriangleTiles {
    pub(crate) fn new(precision: Precision, n: usize, q: usize) -> Self {
        let (tile, tiled) = match precision {
            Precision::Single => (tile(n), tiled(n, q)),
            Precision::Double => (PRODUCT_TILE, q),
        };
        let cross = if tiled < q { 4 * (q - n).div_ceil(4) * n } else { 0 };
        Self { tile, down: tiled.div_ceil(tile), across: n.div_ceil(tile), cross }
    }

    /// Tiles on and below the diagonal.
    pub(crate) fn tiles(&self) -> u128 {
        let [down, across] = [self.down, self.across].map(|tiles| tiles as u128);
        across * down - across * (across - 1) / 2
    }

    /// Elements of the partial sums of one run of rows.
    pub(crate) fn elements(&self) -> u128 {
        self.tiles() * (self.tile * self.tile) as u128 + self.cross as u128
    }
}

/// How residues of Z = [X | Y], whose columns of Y begin at a whole four of columns, are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResidueTiles {
    /// n.
    pub(crate) features: usize,
    /// Fours of columns of Z.
    pub(crate) stride: usize,
    /// Rows and columns of a tile.
    pub(crate) tile: usize,
    /// Fours of columns of Z in tiles; those of few targets are summed apart.
    pub(crate) tiled: usize,
}

impl ResidueTiles {
    pub(crate) fn new(n: usize, t: usize) -> Self {
        let fours = n.div_ceil(4);
        let stride = fours + t.div_ceil(4);
        let apart = tiled(n, 4 * stride) == n;
        Self { features: n, stride, tile: tile(n), tiled: if apart { fours } else { stride } }
    }

    /// Tiles from top to bottom, and from left to right.
    pub(crate) fn sides(self) -> [usize; 2] {
        [4 * self.tiled, self.features].map(|columns| columns.div_ceil(self.tile))
    }

    /// Tiles on and below the diagonal.
    pub(crate) fn tiles(self) -> u128 {
        let [down, across] = self.sides().map(|tiles| tiles as u128);
        across * down - across * (across - 1) / 2
    }

    /// Fours of targets that are summed apart.
    pub(crate) fn fours_apart(self) -> usize {
        self.stride - self.tiled
    }

    /// Bytes of the partial sums of one run of rows by one modulus.
    pub(crate) fn bytes(self) -> u128 {
        self.tiles() * (self.tile * self.tile) as u128 + 4 * (self.fours_apart() * self.features) as u128
    }

    /// The sums of a block of rows by so many moduli.
    pub(crate) fn dispatches(self, rows: usize, splits: usize, moduli: usize) -> Vec<Dispatch> {
        let Self { features, stride, tile, .. } = self;
        let [down, across] = self.sides();
        let dispatch = |entry, groups| Dispatch { entry, params: 0, groups };
        let entry = if tile == 64 { "residues_tile" } else { "residues_tile_wide" };
        let mut dispatches = vec![
            dispatch("residues_split", [(rows.div_ceil(4) * stride).div_ceil(256), 1, 1]),
            dispatch(entry, [down, across, splits.div_ceil(runs(features)) * moduli]),
            dispatch("residues_reduce", [down, across, tile * tile / 1024 * moduli]),
        ];
        if self.fours_apart() > 0 {
            let fours = self.fours_apart();
            dispatches.push(dispatch("residues_cross", [features.div_ceil(128), fours, splits * moduli]));
            dispatches.push(dispatch("residues_cross_reduce", [features.div_ceil(256), fours, moduli]));
        }
        dispatches
    }
}

/// The product AᵀB of a block of rows of `left` and `right` columns.
pub(crate) fn product([left, right]: [usize; 2], splits: usize) -> Vec<Dispatch> {
    let [down, across] = [left, right].map(|columns| columns.div_ceil(PRODUCT_TILE));
    let dispatch = |entry, deep| Dispatch { entry, params: 0, groups: [down, across, deep] };
    vec![dispatch("product_tile", splits), dispatch("product_reduce", PRODUCT_TILE * PRODUCT_TILE / 512)]
}

/// Numbers in 64 bits that are kept of a right-hand side.
pub(crate) const SUMS: usize = 8;

/// Columns on the device of t targets of so many λs of one problem: whole pairs.
pub(crate) fn vectors(lambdas: usize, t: usize) -> usize {
    (lambdas * t).next_multiple_of(2)
}

/// The corrections of k matrices with `quads` times four right-hand sides each.
pub(crate) fn correct(quads: usize, k: usize) -> Vec<Dispatch> {
    vec![Dispatch { entry: "correct", params: 0, groups: [quads, k, 1] }]
}

/// Their residuals.
pub(crate) fn residual(quads: usize, k: usize) -> Vec<Dispatch> {
    vec![Dispatch { entry: "residual", params: 0, groups: [quads, k, 1] }]
}

/// Rows that one workgroup sums when a symmetric matrix of order n is multiplied with vectors: of the order alone, so that the
/// bits of a product do not depend on how many there are.
pub(crate) fn symmetric_split(n: usize) -> usize {
    n.div_ceil(8).next_multiple_of(16).max(64)
}

/// Elements on the device for products of a symmetric matrix with so many vectors: of the matrix, of the vectors (and as
/// many of the products), and of the partial sums.
pub(crate) fn symmetric_elements(n: usize, vectors: usize) -> [usize; 3] {
    let tiles = n.div_ceil(PRODUCT_TILE) * vectors.div_ceil(PRODUCT_TILE);
    let partials = n.div_ceil(symmetric_split(n)) * tiles * PRODUCT_TILE * PRODUCT_TILE;
    [n * n.next_multiple_of(2), n * vectors, partials]
}
