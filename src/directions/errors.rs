//! What is not known of directions that come from moments.
//!
//! The sums G and c, and the eigenvalues of G, are those of a matrix G + E with ‖E‖ ≤ ε, ε a small multiple of the rounding unit times
//! the trace of G. So an eigenvalue is off by ε at the most (Weyl, 1912), and to first order w = (G + shift)⁻¹c and
//! RSS = ‖y‖² − 2wᵀc + wᵀGw are those of other rows, whose RSS differs by no more than 3·ε·(‖y‖/√tr G + ‖w‖)².

use crate::directions::shrinkage::Directions;
use crate::math::powers::scaled;

/// Eigenvalues with the shift that are less than so many times ε are not told from 0.
const DISTINCT: f64 = 4.0;

impl Directions {
    /// Whether all is known: of rows.
    pub(crate) fn lost_nothing(&self) -> bool {
        self.lost.is_none()
    }

    /// What the residual sum of squares of a target may be off by, in its units.
    pub(crate) fn rss_error(&self, shift: f64, target: usize) -> f64 {
        let Some(lost) = &self.lost else { return 0.0 };
        let (total, root) = (lost.totals[target], self.root(shift));
        let (shift, least) = (root * root, self.sigma.iter().copied().fold(f64::INFINITY, f64::min));
        // Written so that NaN is not told.
        if !(least * least + shift > DISTINCT * lost.of_eigenvalues()) {
            return total;
        }
        let shares = self.kept(scaled(shift, 2 * self.unit));
        let along = self.along.column(target);
        let weight = |((kept, sigma), along): ((f64, &f64), &f64)| match *sigma > 0.0 {
            true => (kept * along / sigma).powi(2),
            false => 0.0,
        };
        let squares: f64 = shares.into_iter().zip(&self.sigma).zip(along.iter()).map(weight).sum();
        let loose = if lost.loose[target] > 0.0 { lost.loose[target] / shift } else { 0.0 };
        let norm = (squares + loose / shift.max(f64::MIN_POSITIVE)).sqrt();
        let size = total.sqrt() + lost.trace.sqrt() * norm;
        (3.0 * lost.rounding * size * size + 2.0 * loose).min(total)
    }

    /// What the degrees of freedom at a shift may be off by.
    pub(crate) fn df_error(&self, shift: f64) -> f64 {
        let Some(lost) = &self.lost else { return 0.0 };
        let (root, off) = (self.root(shift), lost.of_eigenvalues());
        let shift = root * root;
        let kept = |value: f64| if value > 0.0 { value / (value + shift) } else { 0.0 };
        let one = |sigma: &f64| {
            let value = sigma * sigma;
            (kept(value + off) - kept(value)).max(kept(value) - kept(value - off))
        };
        self.sigma.iter().map(one).sum()
    }

    /// What the logarithm of det(G + shift) may be off by.
    pub(crate) fn volume_error(&self, shift: f64) -> f64 {
        let Some(lost) = &self.lost else { return 0.0 };
        let (root, off) = (self.root(shift), lost.of_eigenvalues());
        self.sigma.iter().map(|sigma| off / (sigma * sigma + root * root)).sum()
    }

    /// What a variance of a coefficient, A⁻¹GA⁻¹, may be off by, as a share of it.
    pub(crate) fn spread_error(&self, shift: f64) -> f64 {
        let Some(lost) = &self.lost else { return 0.0 };
        let (root, least) = (self.root(shift), self.sigma.iter().copied().fold(f64::INFINITY, f64::min));
        4.0 * lost.of_eigenvalues() / (least * least + root * root)
    }
}
