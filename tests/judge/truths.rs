//! Every figure of a case, exactly, with how far off it may be.

use num_bigint::BigInt;

use crate::big::{Big, parts};
use crate::cases::Case;
use crate::figures::{Figure, Key, Truth, Truths, WAYS};
use crate::tolerance::{
    CERTAIN, CORRECTED, Digits, ROUNDING, ROWS, SINGLE_INTERCEPT, Sizes, coefficients, decomposed, squares,
};
use crate::twin::{Data, Dyadic, Penalty, Solved, Sums, Unpenalised};

/// Fractions of the norm that are asked for.
pub(crate) const FRACTIONS: [f64; 3] = [0.9, 0.5, 0.1];

pub(crate) const CRITERIA: [Figure; 6] =
    [Figure::Gcv, Figure::Aic, Figure::Aicc, Figure::Bic, Figure::Cp, Figure::Evidence];

pub(crate) struct Twin {
    pub(crate) truths: Truths,
    /// Exact coefficients of every λ and target, in the case's units: `None` when singular.
    pub(crate) coefficients: Vec<Option<Vec<Vec<Big>>>>,
    /// Units in which a bound holds, of the primal and of the dual form, for every λ.
    pub(crate) units: Vec<[Vec<Big>; 2]>,
    pub(crate) conditions: Vec<f64>,
    /// What ‖w‖² of each target may be asked to be.
    pub(crate) limits: Vec<Option<f64>>,
    data: Data,
    all: Sums,
    /// D without the factors.
    plain: Penalty,
    sizes: Sizes,
    /// ‖w‖² without a penalty.
    free: Vec<Option<(Big, Option<Big>)>>,
}

/// A fit to rows, with what its predictions may be off by.
struct Fit {
    solved: Solved,
    sums: Sums,
}

fn exactly(value: f64) -> Dyadic {
    parts(value)
}

fn times(a: &Big, b: f64) -> Big {
    a * &Big::of(b)
}

/// The greatest distance from an exact value to the ends of its range.
fn reach(exact: &Big, low: &Big, high: &Big) -> Big {
    let (down, up) = (exact - low, high - exact);
    if up > down { up } else { down }
}

/// a/b where a may be off by δa and b by δb: `None` where b may be 0.
fn quotient(a: &Big, da: &Big, b: &Big, db: &Big) -> Option<Big> {
    let low = b - db;
    low.is_positive().then(|| &(&(a + da) / &low) - &(a / b))
}

fn least(a: Big, b: Big) -> Big {
    if a < b { a } else { b }
}

impl Fit {
    /// What is left of a row that was not fitted, and how far off that may be: by what a decomposition of the rows fitted
    /// leaves of the coefficients, and where a prediction is made of coefficients in doubles by what these round.
    fn deleted(&self, data: &Data, target: usize, row: usize, rounded: bool) -> (Big, Option<Big>) {
        let Self { solved, sums } = self;
        let error = solved.residual(data, sums, target, row);
        if solved.condition > CORRECTED {
            return (error, None);
        }
        let norm = solved.norm(target);
        let mut far = error.clone().abs();
        if data.intercept {
            far = far + (&Big::new(data.y[row][target].clone(), 0) - &sums.mean(&sums.sy[target])).abs();
        }
        let mut size = solved.intercept_size(data, sums, target);
        for j in 0..solved.roots.len() {
            let x = Big::new(data.x[row][j].clone(), 0);
            let mean = if data.intercept { sums.mean(&sums.sx[j]) } else { Big::zero() };
            far = far + &(&x - &mean).abs() * &(&norm / &solved.roots[j]);
            size = size + (&x * &solved.coefficient(target, j)).abs();
        }
        let slack = times(&far, decomposed(solved.condition));
        (error, Some(if rounded { slack + times(&size, ROUNDING) } else { slack }))
    }
}

/// Σ s·d² / Σ s of some rows, d each with its slack.
fn mean_square(data: &Data, rows: &[(usize, (Big, Option<Big>))]) -> (Big, Option<Big>) {
    let s = |row: usize| Big::new(data.s[row].clone(), 0);
    let total: Big = rows.iter().map(|(row, _)| s(*row)).sum();
    let sum: Big = rows.iter().map(|(row, (d, _))| &s(*row) * &d.squared()).sum();
    let slack: Option<Big> = rows
        .iter()
        .map(|(row, (d, slack))| {
            let slack = slack.as_ref()?;
            Some(&s(*row) * &(&(times(&d.clone().abs(), 2.0) + slack.clone()) * slack))
        })
        .collect::<Option<Vec<Big>>>()
        .map(|all| all.into_iter().sum());
    let mean = sum / total.clone();
    let slack = slack.map(|slack| slack / total + times(&mean, ROUNDING));
    (mean, slack)
}

impl Twin {
    pub(crate) fn new(case: &Case) -> Self {
        let data = Data::new(case);
        let all = Sums::new(&data, |_| true);
        let plain = Penalty::new(&data, &all, None);
        let (k, t) = (case.grid.len(), case.targets());
        let sizes = Sizes { m: case.rows() as f64, n: case.features() as f64, kt: (k * t) as f64 };
        let mut own = Self {
            truths: Truths::new(),
            coefficients: Vec::new(),
            units: Vec::new(),
            conditions: Vec::new(),
            limits: vec![None; t],
            data,
            all,
            plain,
            sizes,
            free: Vec::new(),
        };
        let penalty = Penalty::new(&own.data, &own.all, case.factors.as_deref());
        let unpenalised = Unpenalised::new(&own.data, &own.all);
        for index in 0..k {
            own.lambda(case, &penalty, &unpenalised, index);
            own.folds(case, index);
        }
        if case.factors.is_none() {
            own.norms(case);
        }
        own
    }

    /// 2Wλ, or alpha, exactly.
    fn shift(&self, case: &Case, sums: &Sums, index: usize) -> Dyadic {
        let (mantissa, e) = exactly(case.grid[index]);
        if case.alphas { (mantissa, e) } else { (mantissa * &sums.w, e + 1 + self.data.es) }
    }

    fn say(&mut self, figure: Figure, (k, target, item): (usize, usize, usize), truth: Truth) {
        self.truths.insert(Key::new(figure, k, target, item), truth);
    }

    fn lambda(&mut self, case: &Case, penalty: &Penalty, unpenalised: &Unpenalised, k: usize) {
        let (n, t) = (case.features(), case.targets());
        let shift = self.shift(case, &self.all, k);
        let natural = Big::new(shift.0.clone(), shift.1);
        let rounded = times(&natural, 2.0 * ROUNDING);
        self.say(Figure::Shift, (k, 0, 0), Truth::new(natural.clone(), Some(rounded), 1.0));
        let Some(solved) = Solved::new(&self.data, &self.all, penalty, &shift) else {
            return self.singular(case, k);
        };
        self.conditions.push(solved.condition);
        let ex = self.data.ex.clone();
        let power = |j: usize| -ex[j];
        // At most 1 + tr K/shift.
        let share =
            |j: usize| &self.all.natural(&self.all.gram[j][j]).times_power(self.data.es) / &(&natural * &penalty.of(j));
        let possible = natural.is_positive() && (0..n).all(|j| penalty.of(j).is_positive());
        let dual_condition = match possible {
            true => solved.condition.max(1.0 + (0..n).map(share).sum::<Big>().to_f64()),
            false => f64::INFINITY,
        };
        let dual = (0..n).map(|j| penalty.of(j).sqrt().times_power(-power(j))).collect();
        let primal = (0..n).map(|j| solved.roots[j].clone().times_power(-power(j))).collect();
        self.units.push([primal, dual]);
        let mut every = Vec::new();
        for target in 0..t {
            let ey = self.data.ey[target];
            every.push((0..n).map(|j| solved.coefficient(target, j).times_power(ey + power(j))).collect());
            self.target(case, &solved, dual_condition, (k, target));
        }
        self.coefficients.push(Some(every));
        self.spectrum(case, penalty, unpenalised, &solved, (k, &natural));
    }

    fn singular(&mut self, case: &Case, k: usize) {
        let (n, t) = (case.features(), case.targets());
        self.conditions.push(f64::INFINITY);
        self.units.push([Vec::new(), Vec::new()]);
        self.coefficients.push(None);
        for target in 0..t {
            (0..n).for_each(|j| self.say(Figure::Coefficient, (k, target, j), Truth::nothing(1.0)));
            (0..n).for_each(|j| self.say(Figure::StandardError, (k, target, j), Truth::nothing(1.0)));
            for figure in [Figure::Rss, Figure::SquaredNorm] {
                self.say(figure, (k, target, 0), Truth::nothing(1.0));
            }
            if case.intercept {
                self.say(Figure::Intercept, (k, target, 0), Truth::nothing(1.0));
            }
        }
    }

    /// What is printed of one λ and target beside the coefficients.
    fn target(&mut self, case: &Case, solved: &Solved, dual: f64, (k, target): (usize, usize)) {
        let (data, all) = (&self.data, &self.all);
        let n = case.features();
        let condition = solved.condition;
        let (ey, es) = (data.ey[target], data.es);
        let w: Vec<Big> = (0..n).map(|j| solved.coefficient(target, j)).collect();
        let norm = solved.norm(target);
        let y = all.natural(&all.squares[target]).sqrt();
        let x: Vec<Big> = (0..n).map(|j| all.natural(&all.gram[j][j]).sqrt()).collect();
        // ‖w − w*‖ in scaled units, and of each coefficient in its own.
        let off = [(Digits::Double, condition), (Digits::Single, condition), (Digits::Single, dual)];
        let off = off.map(|(digits, condition)| coefficients(digits, self.sizes, condition, &norm, &y));
        let each = |off: &Option<Big>, j: usize| off.as_ref().map(|off| off / &solved.roots[j]);
        let mut said = Vec::new();
        for j in 0..n {
            let e = ey - data.ex[j];
            let slack = off.each_ref().map(|off| each(off, j).map(|slack| slack.times_power(e)));
            said.push((Figure::Coefficient, j, Truth { exact: Some(w[j].clone().times_power(e)), slack, condition }));
        }
        let means: Vec<Big> = all.sx.iter().map(|sum| all.mean(sum)).collect();
        let b = solved.intercept(data, all, target);
        // From here to the mean of X, in coefficients.
        let lever = |off: &Option<Big>, from: &dyn Fn(usize) -> Big| -> Option<Big> {
            (0..n)
                .map(|j| each(off, j).map(|slack| &slack * &from(j).abs()))
                .collect::<Option<Vec<Big>>>()
                .map(|all| all.into_iter().sum())
        };
        if case.intercept {
            let rounding = times(&solved.intercept_size(data, all, target), ROUNDING);
            let own = |off: &Option<Big>| lever(off, &|j| means[j].clone()).map(|slack| slack + rounding.clone());
            let deviation = &y / &Big::new(all.w.clone(), 0).sqrt();
            let most = times(&deviation, SINGLE_INTERCEPT) + rounding.clone();
            let single = |off| own(off).map(|slack| least(slack, most.clone()));
            let slack = [own(&off[0]), single(&off[1]), single(&off[2])];
            let slack = slack.map(|slack| slack.map(|slack| slack.times_power(ey)));
            said.push((Figure::Intercept, 0, Truth { exact: Some(b.clone().times_power(ey)), slack, condition }));
        }
        let rss = solved.rss(data, all, target);
        let fitted: Big = (0..n).map(|j| &x[j] * &w[j].clone().abs()).sum();
        // Residuals of coefficients that are off, in doubles.
        let rows = times(&(y.clone() + fitted.clone()), ROWS);
        let rss_slack =
            off.clone().map(|off| off.map(|off| squares(&rss, &(times(&off, self.sizes.n.sqrt()) + rows.clone()))));
        let e = 2 * ey + es;
        let slack = rss_slack.clone().map(|slack| slack.map(|slack| slack.times_power(e)));
        said.push((Figure::Rss, 0, Truth { exact: Some(rss.clone().times_power(e)), slack, condition }));
        let square = |j: usize, value: &Big| value.squared().times_power(2 * (ey - data.ex[j]));
        let norm2: Big = (0..n).map(|j| square(j, &w[j])).sum();
        let slack = off.clone().map(|off| {
            let away: Option<Vec<Big>> = (0..n).map(|j| each(&off, j).map(|slack| square(j, &slack))).collect();
            away.map(|away| squares(&norm2, &away.into_iter().sum::<Big>().sqrt()))
        });
        said.push((Figure::SquaredNorm, 0, Truth { exact: Some(norm2), slack, condition }));
        for row in 0..case.new.len() {
            let at = data.rows + row;
            let value = |j: usize| Big::new(data.x[at][j].clone(), 0);
            let size =
                solved.intercept_size(data, all, target) + (0..n).map(|j| (&value(j) * &w[j]).abs()).sum::<Big>();
            let mean = |j: usize| if case.intercept { means[j].clone() } else { Big::zero() };
            let rounding = times(&size, ROUNDING);
            let slack = off.each_ref().map(|off| {
                let own = lever(off, &|j| &value(j) - &mean(j)).map(|slack| slack + rounding.clone());
                own.map(|slack| slack.times_power(ey))
            });
            let exact = solved.predicted(data, all, target, at).times_power(ey);
            said.push((Figure::Prediction, row, Truth { exact: Some(exact), slack, condition }));
        }
        said.extend(self.uncertainty(case, solved, target, &rss, &rss_slack));
        for (figure, item, truth) in said {
            self.say(figure, (k, target, item), truth);
        }
    }

    /// Standard errors and variance inflation: √(rss/(m − df)·(A⁻¹GA⁻¹)_jj).
    fn uncertainty(
        &self,
        case: &Case,
        solved: &Solved,
        target: usize,
        rss: &Big,
        rss_slack: &[Option<Big>; WAYS],
    ) -> Vec<(Figure, usize, Truth)> {
        let (data, all, n) = (&self.data, &self.all, case.features());
        let (ey, condition) = (data.ey[target], solved.condition);
        let spread = solved.spread(all);
        let g: Vec<Big> = (0..n).map(|j| spread[j][j].sqrt()).collect();
        // A change δ of the rows changes XA⁻¹e by δA⁻¹e − XA⁻¹(δᵀX + Xᵀδ)A⁻¹e: ‖XA⁻¹‖ is √κ/2 at most, ‖XA⁻¹Xᵀ‖ is 1.
        let g_slack: Vec<Big> = (0..n)
            .map(|j| {
                let column: Big = (0..n).map(|i| solved.inverted(all, i, j).squared()).sum::<Big>().sqrt();
                let own = &times(&column, 2.0 * self.sizes.n) / &solved.roots[j];
                times(&(own + times(&g[j], 1.0 + condition.sqrt())), ROWS)
            })
            .collect();
        let mut said = Vec::new();
        for j in 0..n {
            let square = all.natural(&all.gram[j][j]);
            let vif = &square * &spread[j][j];
            let slack = &square * &squares(&spread[j][j], &g_slack[j]);
            said.push((Figure::VarianceInflation, j, Truth::new(vif, Some(slack), condition)));
        }
        let (_, left) = solved.df(all, (all.count).saturating_sub(usize::from(case.intercept)));
        let figures = |said: &mut Vec<_>, figure: Figure, item: usize, size: &Big, size_slack: &Big, e: i64| {
            if !left.is_positive() {
                said.push((figure, item, Truth::nothing(condition)));
                return;
            }
            let exact = &(rss / &left).sqrt() * size;
            let slack = rss_slack.each_ref().map(|off| {
                let off = off.as_ref()?;
                let relative = Big::of(decomposed(condition));
                let (down, up) = (&Big::of(1.0) - &relative, &Big::of(1.0) + &relative);
                if !down.is_positive() {
                    return None;
                }
                let high = &(&(rss + off) / &(&left * &down)).sqrt() * &(size + size_slack);
                let less = rss - off;
                let smaller = size - size_slack;
                let low = match less.is_positive() && smaller.is_positive() {
                    true => &(&less / &(&left * &up)).sqrt() * &smaller,
                    false => Big::zero(),
                };
                Some((reach(&exact, &low, &high) + times(&exact, ROUNDING)).times_power(e))
            });
            said.push((figure, item, Truth { exact: Some(exact.times_power(e)), slack, condition }));
        };
        for j in 0..n {
            figures(&mut said, Figure::StandardError, j, &g[j], &g_slack[j], ey - data.ex[j]);
        }
        if case.intercept {
            let mean: Vec<Big> = all.sx.iter().map(|sum| all.mean(sum)).collect();
            let h: Big = (0..n).map(|i| (0..n).map(|j| &(&mean[i] * &spread[i][j]) * &mean[j]).sum::<Big>()).sum();
            let h = h.sqrt();
            let h_slack: Big = (0..n).map(|j| &mean[j].clone().abs() * &g_slack[j]).sum();
            let whole = |h: &Big| (Big::ratio(&BigInt::from(1), &all.w) + h.squared()).sqrt();
            let size = whole(&h);
            let slack = &whole(&(&h + &h_slack)) - &size;
            figures(&mut said, Figure::InterceptStandardError, 0, &size, &slack, ey);
        }
        said
    }

    /// What singular values of the rows tell of one λ.
    fn spectrum(
        &mut self,
        case: &Case,
        penalty: &Penalty,
        unpenalised: &Unpenalised,
        solved: &Solved,
        (k, shift): (usize, &Big),
    ) {
        let (data, all) = (&self.data, &self.all);
        let (n, condition) = (case.features(), solved.condition);
        let constant = usize::from(case.intercept);
        let m = all.count;
        let relative = decomposed(condition);
        let (df, left) = solved.df(all, m.saturating_sub(constant));
        let df_slack = times(&df, relative);
        let with = &df + &Big::of(constant as f64);
        let with_slack = df_slack.clone() + times(&with, ROUNDING);
        let mut said = vec![
            (Figure::DfWithoutIntercept, 0, 0, Truth::new(df.clone(), Some(df_slack), condition)),
            (Figure::Df, 0, 0, Truth::new(with.clone(), Some(with_slack.clone()), condition)),
            (Figure::DegreesOfFreedom, 0, 0, Truth::new(with.clone(), Some(with_slack.clone()), condition)),
        ];
        let rows: Vec<usize> = (0..data.rows).filter(|row| data.s[*row] != BigInt::ZERO).collect();
        for row in &rows {
            let (h, _) = solved.leverage(data, all, *row);
            let slack = Big::of(relative) + Big::of(ROUNDING);
            said.push((Figure::Leverage, 0, *row, Truth::new(h, Some(slack), condition)));
        }
        // Fits without one row, at the shift and scale of all.
        let exact_shift = self.shift(case, all, k);
        let without: Vec<Option<Fit>> = rows
            .iter()
            .map(|row| {
                let sums = Sums::new(data, |other| other != *row);
                if sums.count == 0 && data.intercept {
                    return None;
                }
                Solved::new(data, &sums, penalty, &exact_shift).map(|solved| Fit { solved, sums })
            })
            .collect();
        // How much of anything is left at most: a change of what is fitted does not show where all is explained.
        let most = least(Big::of(1.0), left.clone());
        let count = m as f64;
        for target in 0..case.targets() {
            let ey = data.ey[target];
            let e = 2 * ey + data.es;
            let loo = without.iter().all(Option::is_some).then(|| {
                let one =
                    |(row, fit): (&usize, &Option<Fit>)| Some((*row, fit.as_ref()?.deleted(data, target, *row, false)));
                mean_square(data, &rows.iter().zip(&without).filter_map(one).collect::<Vec<_>>())
            });
            let loo = loo.map_or_else(
                || Truth::nothing(condition),
                |(mean, slack)| {
                    let worst = without.iter().flatten().map(|fit| fit.solved.condition).fold(condition, f64::max);
                    Truth::new(mean.times_power(2 * ey), slack.map(|slack| slack.times_power(2 * ey)), worst)
                },
            );
            said.push((Figure::LooScore, target, 0, loo.clone()));
            said.push((Figure::LooMse, target, 0, loo));

            let y = all.natural(&all.squares[target]).sqrt();
            let fitted: Big =
                (0..n).map(|j| &all.natural(&all.gram[j][j]).sqrt() * &solved.coefficient(target, j).abs()).sum();
            let rss = solved.rss(data, all, target);
            let off = times(&rss.sqrt(), relative) + &times(&(y.clone() + fitted), ROWS) * &most;
            let rss_slack = squares(&rss, &off);
            let natural = |value: &Big| value.clone().times_power(e);
            said.push((
                Figure::SpectrumRss,
                target,
                0,
                Truth::new(natural(&rss), Some(natural(&rss_slack)), condition),
            ));

            // m·RSS/(m − df)²
            let gcv = left.is_positive().then(|| {
                let room = left.squared();
                let exact = times(&(&rss / &room), count);
                let slack = quotient(&rss, &rss_slack, &room, &times(&room, 2.0 * relative));
                Truth::new(
                    natural(&exact),
                    slack.map(|slack| natural(&(times(&slack, count) + times(&exact, ROUNDING)))),
                    condition,
                )
            });
            said.push((Figure::Gcv, target, 0, gcv.unwrap_or_else(|| Truth::nothing(condition))));

            // m·ln(RSS/m) and what is added to it.
            let positive = rss.is_positive();
            let likelihood = positive.then(|| times(&(natural(&rss) / Big::of(count)).ln(), count));
            let low = &rss - &rss_slack;
            let log_slack = low.is_positive().then(|| times(&(&rss / &low).ln(), count));
            let criterion = |more: &Big, more_slack: Option<Big>| match &likelihood {
                None => Truth::nothing(condition),
                Some(own) => {
                    let exact = own + more;
                    let size = own.clone().abs() + more.clone().abs();
                    let slack = log_slack.clone().zip(more_slack);
                    Truth::new(exact, slack.map(|(a, b)| a + b + times(&size, ROUNDING)), condition)
                }
            };
            let twice = times(&with, 2.0);
            let twice_slack = times(&with_slack, 2.0);
            said.push((Figure::Aic, target, 0, criterion(&twice, Some(twice_slack.clone()))));
            let ln = Big::of(count).ln();
            said.push((Figure::Bic, target, 0, criterion(&(&with * &ln), Some(&with_slack * &ln))));
            let room = &left - &Big::of(1.0);
            let aicc = room.is_positive().then(|| {
                let top = times(&(&with * &(&with + &Big::of(1.0))), 2.0);
                let top_slack = times(&(&with_slack * &(times(&with, 2.0) + Big::of(2.0))), 2.0);
                let room_slack = times(&left, relative) + Big::of(count * ROUNDING);
                let slack = quotient(&top, &top_slack, &room, &room_slack);
                criterion(&(twice.clone() + (&top / &room)), slack.map(|slack| slack + twice_slack.clone()))
            });
            said.push((Figure::Aicc, target, 0, aicc.unwrap_or_else(|| Truth::nothing(condition))));

            let free = m.saturating_sub(constant + unpenalised.rank);
            let noise = &unpenalised.rss[target];
            let cp = (free > 0 && noise.is_positive()).then(|| {
                let own = decomposed(unpenalised.condition);
                let off = times(&noise.sqrt(), own) + times(&unpenalised.sizes[target], ROWS);
                let ratio = &rss / noise;
                let slack = match unpenalised.condition < CORRECTED {
                    true => quotient(&rss, &rss_slack, noise, &squares(noise, &off)),
                    false => None,
                };
                let exact = times(&ratio, free as f64) - Big::of(count) + twice.clone();
                let size = times(&ratio, free as f64) + Big::of(count);
                let slack =
                    slack.map(|slack| times(&slack, free as f64) + twice_slack.clone() + times(&size, ROUNDING));
                Truth::new(exact, slack, condition.max(unpenalised.condition))
            });
            said.push((Figure::Cp, target, 0, cp.unwrap_or_else(|| Truth::nothing(condition))));

            let nu = m as f64 - (constant + solved.free) as f64;
            let evidence = solved.volume.as_ref().filter(|_| shift.is_positive()).and_then(|volume| {
                // RSS + shift·wᵀDw, in the units of the weights and y.
                let shrunk: Big = (0..n).map(|j| &solved.coefficient(target, j).squared() * &penalty.of(j)).sum();
                let q = &rss + &(&shrunk * &shift.clone().times_power(-data.es));
                if !q.is_positive() || nu <= 0.0 {
                    return None;
                }
                let pi = Big::of(std::f64::consts::PI);
                let log = (times(&(&natural(&q) * &pi), 2.0) / Big::of(nu)).ln() + Big::of(1.0);
                let exact = times(&(times(&log, nu) + volume.clone()), -0.5);
                let size = times(&log.abs(), nu) + volume.clone().abs() + Big::of(1.0);
                let slack = Big::of((nu + n as f64) * relative) + times(&size, ROUNDING);
                Some(Truth::new(exact, Some(slack), condition))
            });
            said.push((Figure::Evidence, target, 0, evidence.unwrap_or_else(|| Truth::nothing(condition))));
        }
        for (figure, target, item, truth) in said {
            self.say(figure, (k, target, item), truth);
        }
    }

    /// Scores of consecutive folds, the first m mod folds a row longer.
    fn folds(&mut self, case: &Case, k: usize) {
        let data = &self.data;
        let (m, folds) = (data.rows, case.folds);
        let start = |fold: usize| fold * (m / folds) + fold.min(m % folds);
        let counts = |row: usize| data.s[row] != BigInt::ZERO;
        let trained = |fold: usize, row: usize| !(start(fold)..start(fold + 1)).contains(&row);
        let usable = |fold: usize| {
            (0..m).any(|row| counts(row) && trained(fold, row)) && (0..m).any(|row| counts(row) && !trained(fold, row))
        };
        if folds < 2 || !(0..folds).all(usable) {
            return; // refused
        }
        let fit = |fold: usize| {
            let sums = Sums::new(data, |row| trained(fold, row));
            let penalty = Penalty::new(data, &sums, case.factors.as_deref());
            Solved::new(data, &sums, &penalty, &self.shift(case, &sums, k)).map(|solved| Fit { solved, sums })
        };
        let fits: Vec<Option<Fit>> = (0..folds).map(fit).collect();
        let worst = fits.iter().flatten().map(|fit| fit.solved.condition).fold(1.0, f64::max);
        let mut said = Vec::new();
        for target in 0..case.targets() {
            let e = 2 * data.ey[target];
            let score = |(fold, fit): (usize, &Option<Fit>)| {
                let fit = fit.as_ref()?;
                let held: Vec<usize> = (start(fold)..start(fold + 1)).filter(|row| counts(*row)).collect();
                let one = |row: &usize| (*row, fit.deleted(data, target, *row, true));
                let (mean, slack) = mean_square(data, &held.iter().map(one).collect::<Vec<_>>());
                Some((mean.times_power(e), slack.map(|slack| slack.times_power(e))))
            };
            let scores: Vec<Option<(Big, Option<Big>)>> = fits.iter().enumerate().map(score).collect();
            for (fold, (score, fit)) in scores.iter().zip(&fits).enumerate() {
                let truth = score.clone().map_or_else(
                    || Truth::nothing(1.0),
                    |(exact, slack)| Truth::new(exact, slack, fit.as_ref().map_or(1.0, |fit| fit.solved.condition)),
                );
                said.push((Figure::FoldScore, target, fold, truth));
            }
            let known: Option<Vec<(Big, Option<Big>)>> = scores.into_iter().collect();
            let Some(known) = known else {
                said.push((Figure::FoldMean, target, 0, Truth::nothing(worst)));
                said.push((Figure::FoldStandardError, target, 0, Truth::nothing(worst)));
                continue;
            };
            let count = Big::of(folds as f64);
            let mean = &known.iter().map(|(own, _)| own.clone()).sum::<Big>() / &count;
            let slacks: Option<Vec<Big>> = known.iter().map(|(_, slack)| slack.clone()).collect();
            let rounding = times(&mean, ROUNDING);
            let slack = slacks.clone().map(|all| &all.into_iter().sum::<Big>() / &count + rounding.clone());
            said.push((Figure::FoldMean, target, 0, Truth::new(mean.clone(), slack, worst)));
            let over = times(&(&count - &Big::of(1.0)), folds as f64);
            let spread: Big = known.iter().map(|(own, _)| (own - &mean).squared()).sum();
            let slack =
                slacks.map(|all| (&all.into_iter().map(|own| own.squared()).sum::<Big>() / &over).sqrt() + rounding);
            said.push((Figure::FoldStandardError, target, 0, Truth::new((&spread / &over).sqrt(), slack, worst)));
        }
        for (figure, target, item, truth) in said {
            self.say(figure, (k, target, item), truth);
        }
    }

    /// ‖w(λ)‖² on the penalised scale without factors, in the case's units; `None` where λ = 0 has no unique answer.
    pub(crate) fn norm_at(&self, target: usize, lambda: f64) -> Option<(Big, Option<Big>, f64)> {
        let (mantissa, e) = exactly(lambda);
        let shift = (mantissa * &self.all.w, e + 1 + self.data.es);
        let solved = Solved::new(&self.data, &self.all, &self.plain, &shift)?;
        let n = self.data.ex.len();
        let ey = 2 * self.data.ey[target];
        let square = |j: usize, value: &Big| &value.squared() * &self.plain.of(j);
        let own: Big = (0..n).map(|j| square(j, &solved.coefficient(target, j))).sum();
        // A change δ of the rows changes w by A⁻¹(δᵀe − Xᵀδw): relatively by κ·‖e‖/‖Xw‖ and by √κ.
        let norm = solved.norm(target);
        let misfit = solved.rss(&self.data, &self.all, target).sqrt();
        let kappa = solved.condition;
        let off = times(&norm, decomposed(kappa)) + times(&misfit, kappa.min(1e300) * ROWS);
        let away: Big = (0..n).map(|j| square(j, &(&off / &solved.roots[j]))).sum::<Big>().sqrt();
        let slack = (away.clone() < times(&own.sqrt(), CERTAIN)).then(|| squares(&own, &away).times_power(ey));
        Some((own.times_power(ey), slack, kappa))
    }

    fn norms(&mut self, case: &Case) {
        for target in 0..case.targets() {
            self.free.push(self.norm_at(target, 0.0).map(|(value, slack, _)| (value, slack)));
            for (k, value) in case.grid.iter().enumerate() {
                if case.alphas {
                    break;
                }
                let truth = self.norm_at(target, *value);
                if let Some((value, slack, condition)) = truth {
                    self.say(Figure::NormAt, (k, target, 0), Truth::new(value, slack, condition));
                }
            }
            // Half of what the first λ leaves.
            let lambda = if case.alphas { 1.0 } else { case.grid[0] };
            let (value, _, _) = match self.norm_at(target, lambda) {
                Some(own) => own,
                None => continue,
            };
            let half = times(&value, 0.5).to_f64();
            self.limits[target] = (half.is_normal()).then_some(half);
        }
    }

    /// ‖w‖² without a penalty, if that is unique and known.
    pub(crate) fn free(&self, target: usize) -> Option<&(Big, Option<Big>)> {
        self.free.get(target)?.as_ref()
    }
}
