//! Weight decay: ridge regression by gradient steps, as neural networks are trained, to be held against the closed form.
//!
//! The loss is half the mean squared error, L = 1/(2W) Σ sᵢ (yᵢ − xᵢᵀw − b)², whose gradient is (Gw − c)/W for centred rows. With a
//! decay d of the weights and a learning rate η, t targets at once, each on its own:
//!
//! - [`Optimizer::GradientDescent`], w ← w − η(∇L + d∘w) = (1 − ηd)∘w − η∇L: weights shrink by 1 − ηd at each step. It rests where
//!   ∇L + d∘w = 0, at ridge with **λ = d/2**. So does [`Optimizer::Adam`], which has d∘w in its gradient too.
//! - [`Optimizer::AdamW`], w ← w − η(m̂/(√v̂ + ε) + d∘w): decay beside the adaptive step (Loshchilov and Hutter, *Decoupled weight
//!   decay regularization*, 2019). It is not ridge. Where it rests, ∇L = −d∘w(|∇L| + ε) for each weight: with ε → 0 that is
//!   least squares within |w| ≤ 1/d (Xie and Li, *Implicit bias of AdamW*, 2024), so that small weights are not shrunk at all.

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::moments::Moments;

/// Which step follows from a gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// Along the gradient, decay in it: PyTorch's `SGD` over all rows at once, without momentum.
    GradientDescent,
    /// Kingma and Ba (2015), decay in the gradient: PyTorch's `Adam` with `weight_decay`.
    Adam(Adam),
    /// Adam with the decay beside the step: PyTorch's `AdamW`.
    AdamW(Adam),
}

/// How Adam averages; PyTorch's defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// β₁ of the mean of the gradients, in [0, 1).
    pub beta1: f64,
    /// β₂ of the mean of their squares, in [0, 1).
    pub beta2: f64,
    /// ε, which is added to the root of the latter; > 0.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

/// Training with weight decay, from w = 0 and b = 0.
///
/// ```
/// use ridgepath::decay::{Decay, Optimizer};
/// use ridgepath::{Moments, Problem, Ridge};
///
/// let (x, y) = ([-1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 2.0, 4.0]);
/// let mut moments = Moments::new(1, 1);
/// moments.push(&Problem::new(&x, &y)?)?;
/// let trained = Decay::new(Optimizer::GradientDescent, 0.1).weight_decay(0.5).steps(1000).run(&moments)?;
/// let ridge = Ridge::new().lambdas([0.25]).fit(&x, &y)?; // λ = decay/2
/// assert!((trained.weights[(0, 0)] - ridge.coefficients(0, 0)[0]).abs() < 1e-12);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Decay {
    optimizer: Optimizer,
    learning_rate: f64,
    decay: Rates,
    intercept: bool,
    steps: usize,
    every: usize,
}

/// The decay of each weight.
#[derive(Debug, Clone, PartialEq)]
enum Rates {
    Same(f64),
    Groups { group: Vec<usize>, decay: Vec<f64> },
}

/// Where training went.
#[derive(Debug, Clone, PartialEq)]
pub struct Descent {
    /// w after the last step, n × t.
    pub weights: DMatrix<f64>,
    /// b of each target; 0 where none was fitted.
    pub intercepts: Vec<f64>,
    /// Before the first step, then every so many, and after the last.
    pub history: Vec<Record>,
}

/// The state after some steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How many steps.
    pub step: usize,
    /// L of each target, without the penalty.
    pub loss: Vec<f64>,
    /// ‖w‖₂ of each target.
    pub norm: Vec<f64>,
}

impl Decay {
    /// Steps of this learning rate η, 1,000 of them, every tenth recorded, without decay, and with an intercept, which is
    /// never decayed.
    #[must_use]
    pub fn new(optimizer: Optimizer, learning_rate: f64) -> Self {
        Self { optimizer, learning_rate, decay: Rates::Same(0.0), intercept: true, steps: 1000, every: 10 }
    }

    /// The decay d of all weights: PyTorch's `weight_decay`.
    #[must_use]
    pub fn weight_decay(self, decay: f64) -> Self {
        Self { decay: Rates::Same(decay), ..self }
    }

    /// A decay for each group: weight j has `decay[group[j]]`, as PyTorch's parameter groups do.
    #[must_use]
    pub fn group_decay(self, group: impl Into<Vec<usize>>, decay: impl Into<Vec<f64>>) -> Self {
        Self { decay: Rates::Groups { group: group.into(), decay: decay.into() }, ..self }
    }

    /// Whether to fit an intercept.
    #[must_use]
    pub fn intercept(self, intercept: bool) -> Self {
        Self { intercept, ..self }
    }

    /// How many steps to take.
    #[must_use]
    pub fn steps(self, steps: usize) -> Self {
        Self { steps, ..self }
    }

    /// How many steps from one record to the next.
    #[must_use]
    pub fn record_every(self, steps: usize) -> Self {
        Self { every: steps.max(1), ..self }
    }

    /// Trains on all the rows that were summed; a step costs t·n², whatever their number.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`], [`Error::InvalidPenalty`], [`Error::Shape`] when not every weight has a group,
    /// [`Error::OutOfRange`] for a group without a decay, [`Error::ZeroWeights`] for moments of no rows, and
    /// [`Error::Diverged`] when the learning rate is too large.
    pub fn run(&self, moments: &Moments) -> Result<Descent> {
        let (n, t) = (moments.features(), moments.targets());
        self.check()?;
        let decay = self.decays(n)?;
        if moments.weight_sum() == 0.0 {
            return Err(Error::ZeroWeights { rows: moments.rows() });
        }
        let loss = Loss::new(moments, self.intercept);
        // The intercept is one more row, without decay.
        let mut w = DMatrix::zeros(n + 1, t);
        let mut state = State::new(n + 1, t);
        let mut history = vec![loss.record(0, &w)];
        for step in 1..=self.steps {
            let mut gradient = loss.gradient(&w);
            match self.optimizer {
                Optimizer::GradientDescent => {
                    add_decay(&mut gradient, &decay, &w);
                    w -= gradient * self.learning_rate;
                }
                Optimizer::Adam(adam) => {
                    add_decay(&mut gradient, &decay, &w);
                    w -= state.step(adam, &gradient) * self.learning_rate;
                }
                Optimizer::AdamW(adam) => {
                    let mut moved = state.step(adam, &gradient);
                    add_decay(&mut moved, &decay, &w);
                    w -= moved * self.learning_rate;
                }
            }
            if !w.iter().all(|value| value.is_finite()) {
                return Err(Error::Diverged { step, learning_rate: self.learning_rate });
            }
            if step % self.every == 0 || step == self.steps {
                history.push(loss.record(step, &w));
            }
        }
        let intercepts = w.row(n).iter().copied().collect();
        Ok(Descent { weights: w.remove_row(n), intercepts, history })
    }

    fn check(&self) -> Result<()> {
        let positive = |what, value: f64| match value.is_finite() && value > 0.0 {
            true => Ok(()),
            false => Err(Error::InvalidSetting { what, value, wanted: "a finite number > 0" }),
        };
        let share = |what, value: f64| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(Error::InvalidSetting { what, value, wanted: "a number from 0 on, below 1" }),
        };
        positive("the learning rate", self.learning_rate)?;
        if let Optimizer::Adam(adam) | Optimizer::AdamW(adam) = self.optimizer {
            share("β₁ of Adam", adam.beta1)?;
            share("β₂ of Adam", adam.beta2)?;
            positive("ε of Adam", adam.epsilon)?;
        }
        Ok(())
    }

    /// d of each weight.
    fn decays(&self, n: usize) -> Result<Vec<f64>> {
        let rates: &[f64] = match &self.decay {
            Rates::Same(decay) => &[*decay],
            Rates::Groups { decay, .. } => decay,
        };
        if let Some(index) = rates.iter().position(|d| !(d.is_finite() && *d >= 0.0)) {
            return Err(Error::InvalidPenalty { name: "weight_decay", index, value: rates[index] });
        }
        let Rates::Groups { group, decay } = &self.decay else { return Ok(vec![rates[0]; n]) };
        if group.len() != n {
            return Err(Error::Shape { what: "groups against features", found: group.len(), wanted: n });
        }
        let rate = |group: &usize| {
            let none = Error::OutOfRange { what: "the decay of group", index: *group, count: decay.len() };
            decay.get(*group).copied().ok_or(none)
        };
        group.iter().map(rate).collect()
    }
}

/// += d∘w; the rows beyond d have none.
fn add_decay(to: &mut DMatrix<f64>, decay: &[f64], w: &DMatrix<f64>) {
    for (j, d) in decay.iter().enumerate() {
        (0..w.ncols()).for_each(|target| to[(j, target)] += d * w[(j, target)]);
    }
}

/// Half the mean squared error of [w; b], from sums over the rows.
struct Loss {
    /// G/W, the upper triangle too.
    gram: DMatrix<f64>,
    /// c/W.
    cross: DMatrix<f64>,
    /// Σ s(y−ȳ)²/W.
    squares: Vec<f64>,
    means: Vec<f64>,
    intercept: bool,
}

impl Loss {
    fn new(moments: &Moments, intercept: bool) -> Self {
        let (n, t, w) = (moments.features(), moments.targets(), moments.weight_sum());
        Self {
            gram: DMatrix::from_fn(n, n, |i, j| moments.gram(i, j) / w),
            cross: DMatrix::from_fn(n, t, |i, target| moments.cross(i, target) / w),
            squares: (0..t).map(|target| moments.sum_of_squares(target) / w).collect(),
            means: (0..n).map(|j| moments.mean_x(j)).chain((0..t).map(|target| moments.mean_y(target))).collect(),
            intercept,
        }
    }

    /// What the mean row lacks: x̄ᵀw + b − ȳ.
    fn offset(&self, w: &DMatrix<f64>, target: usize) -> f64 {
        let n = self.gram.nrows();
        let fitted: f64 = (0..n).map(|j| self.means[j] * w[(j, target)]).sum();
        fitted + w[(n, target)] - self.means[n + target]
    }

    /// ∇L: Gw − c of centred rows, and what the mean adds; 0 for an intercept that is not fitted.
    fn gradient(&self, w: &DMatrix<f64>) -> DMatrix<f64> {
        let n = self.gram.nrows();
        let mut gradient = (&self.gram * w.rows(0, n) - &self.cross).insert_row(n, 0.0);
        for target in 0..w.ncols() {
            let offset = self.offset(w, target);
            (0..n).for_each(|j| gradient[(j, target)] += self.means[j] * offset);
            gradient[(n, target)] = if self.intercept { offset } else { 0.0 };
        }
        gradient
    }

    fn record(&self, step: usize, w: &DMatrix<f64>) -> Record {
        let n = self.gram.nrows();
        let slopes = w.rows(0, n);
        let left = &self.cross - &self.gram * slopes;
        let loss = |target: usize| {
            let explained = slopes.column(target).dot(&(self.cross.column(target) + left.column(target)));
            let centred = (self.squares[target] - explained).max(0.0); // rounding, where all is explained
            (centred + self.offset(w, target).powi(2)) / 2.0
        };
        let norm = |target: usize| slopes.column(target).norm();
        Record { step, loss: (0..w.ncols()).map(loss).collect(), norm: (0..w.ncols()).map(norm).collect() }
    }
}

/// Adam's running means of the gradient and of its squares.
struct State {
    mean: DMatrix<f64>,
    square: DMatrix<f64>,
    /// β₁ and β₂ to the power of the steps so far: what the means lack for having begun at 0.
    powers: (f64, f64),
}

impl State {
    fn new(rows: usize, columns: usize) -> Self {
        Self { mean: DMatrix::zeros(rows, columns), square: DMatrix::zeros(rows, columns), powers: (1.0, 1.0) }
    }

    /// m̂/(√v̂ + ε) after one more gradient.
    fn step(&mut self, Adam { beta1, beta2, epsilon }: Adam, gradient: &DMatrix<f64>) -> DMatrix<f64> {
        self.powers = (self.powers.0 * beta1, self.powers.1 * beta2);
        self.mean.zip_apply(gradient, |mean, g| *mean = beta1 * *mean + (1.0 - beta1) * g);
        self.square.zip_apply(gradient, |square, g| *square = beta2 * *square + (1.0 - beta2) * g * g);
        let (first, second) = (1.0 - self.powers.0, 1.0 - self.powers.1);
        self.mean.zip_map(&self.square, |mean, square| mean / first / ((square / second).sqrt() + epsilon))
    }
}
