//! The library, asked for everything that it prints. All calls into it are here.

use std::collections::BTreeMap;
use std::fmt;

use nalgebra::DMatrix;
use ridgepath::choose::Criterion;
use ridgepath::{
    Backend, CrossValidation, Error, Folds, Form, Gpu, Inference, Outcome, Precision, Problem, Ridge, RidgePath,
    Selection, Standardize, Strategy, Unscored,
};

use crate::cases::{Case, Random, Scaling};
use crate::figures::{Figure, Key};
use crate::tolerance::Digits;
use crate::truths::FRACTIONS;

/// How a case is solved.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) form: Option<Form>,
    pub(crate) strategy: Option<Strategy>,
    pub(crate) digits: Digits,
    pub(crate) gpu: Option<Gpu>,
    /// Whether all is asked for, also what no way of solving has a part in.
    pub(crate) everything: bool,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = self.form.map_or("auto".into(), |form| format!("{form:?}"));
        let strategy = self.strategy.map_or("auto".into(), |strategy| format!("{strategy:?}"));
        let backend = if self.gpu.is_some() { "gpu" } else { "cpu" };
        write!(f, "{form}, {strategy}, {:?}, {backend}", self.digits)
    }
}

impl Way {
    /// Its kind in a few words.
    pub(crate) fn kind(&self) -> &'static str {
        match (self.digits, self.everything) {
            (Digits::Single, _) => "single precision",
            (_, true) => "nothing asked for",
            (_, false) => "form or strategy asked for",
        }
    }

    /// What a user gets who asks for nothing, and some others.
    pub(crate) fn of(case: &Case, gpu: Option<&Gpu>) -> Vec<Self> {
        let mut random = Random::new(case.seed);
        let forms = [None, Some(Form::Primal), Some(Form::Dual)];
        let strategies = [None, Some(Strategy::Cholesky), Some(Strategy::Spectral), Some(Strategy::Nodes)];
        let plain = Self { form: None, strategy: None, digits: Digits::Double, gpu: None, everything: true };
        if let Some(gpu) = gpu {
            let strategy = [None, Some(Strategy::Nodes)][random.below(2)];
            let on =
                Self { gpu: Some(gpu.clone()), everything: false, form: forms[random.below(3)], strategy, ..plain };
            return vec![on.clone(), Self { digits: Digits::Single, ..on }];
        }
        let mut other = |digits| Self {
            form: forms[random.below(3)],
            strategy: strategies[random.below(4)],
            digits,
            gpu: None,
            everything: false,
        };
        vec![plain, other(Digits::Double), other(Digits::Double), other(Digits::Single)]
    }
}

/// What the library says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// NaN is not kept: what is not here is said to be unknown.
    pub(crate) found: BTreeMap<Key, f64>,
    /// Figures that are refused with a reason, as a prior's leave-one-out is.
    pub(crate) refused: Vec<(Figure, String)>,
    /// λs and targets that have no answer.
    pub(crate) singular: Vec<(usize, usize)>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) dual: bool,
    /// What was used, in words.
    pub(crate) used: String,
    /// λs and targets solved.
    pub(crate) solves: usize,
    /// An error where an answer was wanted.
    pub(crate) error: Option<String>,
}

fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

fn standardize(case: &Case) -> Standardize {
    match case.scaling {
        Scaling::No => Standardize::No,
        Scaling::Population => Standardize::Population,
        Scaling::Sample => Standardize::Sample,
    }
}

fn ridge(case: &Case, way: &Way) -> Ridge {
    let precision = if way.digits == Digits::Single { Precision::Single } else { Precision::Double };
    let ridge = Ridge::new().intercept(case.intercept).standardize(standardize(case)).precision(precision);
    let ridge = if case.alphas { ridge.alphas(case.grid.clone()) } else { ridge.lambdas(case.grid.clone()) };
    let ridge = match &way.gpu {
        Some(gpu) => ridge.backend(Backend::Gpu).gpu(gpu.clone()),
        None => ridge.backend(Backend::Cpu),
    };
    let ridge = way.form.map_or(ridge.clone(), |form| ridge.form(form));
    let ridge = way.strategy.map_or(ridge.clone(), |strategy| ridge.strategy(strategy));
    let ridge = case.weights.clone().map_or(ridge.clone(), |weights| ridge.weights(weights));
    case.factors.clone().map_or(ridge.clone(), |factors| ridge.penalty_factors(factors))
}

impl Answer {
    fn say(&mut self, figure: Figure, (k, target, item): (usize, usize, usize), value: f64) {
        if !value.is_nan() {
            self.found.insert(Key::new(figure, k, target, item), value);
        }
    }

    fn refuse(&mut self, figures: &[Figure], error: &Error) {
        self.refused.extend(figures.iter().map(|figure| (*figure, error.to_string())));
    }

    /// Everything that the library prints of a case; `limits` are norms that targets may be asked to have.
    pub(crate) fn new(case: &Case, way: &Way, limits: &[Option<f64>]) -> Self {
        let mut own = Self::default();
        let (x, y) = (matrix(&case.x), matrix(&case.y));
        let ridge = ridge(case, way);
        let path = match ridge.fit(&x, &y) {
            Ok(path) => path,
            Err(error) => {
                own.error = Some(error.to_string());
                return own;
            }
        };
        own.path(case, &path);
        own.inference(case, &x, &y, &path);
        if way.everything {
            own.spectrum(case, &ridge, &x, &y);
            own.choices(case, &ridge, &x, &y);
            own.norms(case, &ridge, &x, &y, limits);
        }
        own
    }

    fn path(&mut self, case: &Case, path: &RidgePath) {
        self.solves = path.len() * path.targets();
        self.dual = path.backend().form == Form::Dual;
        self.used = format!("{} {}", path.backend().name, path.backend().method());
        let new = matrix(&case.new);
        for k in 0..path.len() {
            self.say(Figure::Shift, (k, 0, 0), path.shifts()[k]);
            let predicted = path.predict(k, &new).expect("as many columns as features");
            for target in 0..path.targets() {
                let outcome = path.outcome(k, target);
                self.outcomes.push(outcome);
                if matches!(outcome, Outcome::Singular { .. }) {
                    self.singular.push((k, target));
                }
                let w = path.coefficients(k, target);
                w.iter().enumerate().for_each(|(j, w)| self.say(Figure::Coefficient, (k, target, j), *w));
                self.say(Figure::ErrorBound, (k, target, 0), path.error_bound(k, target));
                if case.intercept {
                    self.say(Figure::Intercept, (k, target, 0), path.intercept(k, target));
                }
                self.say(Figure::Rss, (k, target, 0), path.rss(k, target));
                self.say(Figure::SquaredNorm, (k, target, 0), path.squared_norm(k, target));
                for row in 0..case.new.len() {
                    self.say(Figure::Prediction, (k, target, row), predicted[(row, target)]);
                }
            }
        }
    }

    fn inference(&mut self, case: &Case, x: &DMatrix<f64>, y: &DMatrix<f64>, path: &RidgePath) {
        let problem = Problem::new(x, y).expect("the data were fitted");
        let problem = match &case.weights {
            Some(weights) => problem.with_weights(weights).expect("the data were fitted"),
            None => problem,
        };
        let inference = match Inference::new(&problem, path) {
            Ok(inference) => inference,
            Err(error) => {
                let all = [Figure::StandardError, Figure::InterceptStandardError];
                return self
                    .refuse(&[&all[..], &[Figure::VarianceInflation, Figure::DegreesOfFreedom]].concat(), &error);
            }
        };
        for k in 0..path.len() {
            let Some(at) = inference.at(k).expect("a λ of the path") else { continue };
            self.say(Figure::DegreesOfFreedom, (k, 0, 0), at.degrees_of_freedom());
            for target in 0..path.targets() {
                let (errors, vif) = (at.standard_errors(target), at.variance_inflation());
                for j in 0..path.features() {
                    self.say(Figure::StandardError, (k, target, j), errors[j]);
                    self.say(Figure::VarianceInflation, (k, target, j), vif[j]);
                }
                if case.intercept {
                    self.say(Figure::InterceptStandardError, (k, target, 0), at.intercept_standard_error(target));
                }
            }
        }
    }

    fn spectrum(&mut self, case: &Case, ridge: &Ridge, x: &DMatrix<f64>, y: &DMatrix<f64>) {
        let spectrum = match ridge.spectrum(x, y) {
            Ok(spectrum) => spectrum,
            Err(error) => {
                let all =
                    [Figure::Df, Figure::DfWithoutIntercept, Figure::Leverage, Figure::SpectrumRss, Figure::LooMse];
                return self.refuse(&[&all[..], &crate::truths::CRITERIA].concat(), &error);
            }
        };
        let t = case.targets();
        let (loo, rss) = (spectrum.loo_mse(), spectrum.rss());
        for k in 0..spectrum.len() {
            self.say(Figure::Df, (k, 0, 0), spectrum.df(k));
            self.say(Figure::DfWithoutIntercept, (k, 0, 0), spectrum.df_without_intercept(k));
            for (row, h) in spectrum.leverages(k).into_iter().enumerate() {
                self.say(Figure::Leverage, (k, 0, row), h);
            }
            for target in 0..t {
                self.say(Figure::LooMse, (k, target, 0), loo[k * t + target]);
                self.say(Figure::SpectrumRss, (k, target, 0), rss[k * t + target]);
            }
        }
        for (figure, criterion) in criteria() {
            for (at, value) in spectrum.criterion(criterion).into_iter().enumerate() {
                self.say(figure, (at / t, at % t, 0), value);
            }
        }
    }

    fn choices(&mut self, case: &Case, ridge: &Ridge, x: &DMatrix<f64>, y: &DMatrix<f64>) {
        let choose = CrossValidation::new(ridge.clone());
        match choose.clone().folds(Folds::Contiguous(case.folds)).fit(x, y) {
            Ok(selection) => {
                self.scores(case, &selection);
                self.say(Figure::FoldChoice, (0, 0, 0), selection.choice(0).index as f64);
            }
            Err(error) => {
                // Without a score for any λ, one mean that exists is a report.
                let means = [Figure::FoldMean, Figure::FoldStandardError];
                let means = if matches!(error, Error::NoScore { .. }) { &[][..] } else { &means };
                self.refuse(&[means, &[Figure::FoldScore, Figure::FoldChoice]].concat(), &error);
            }
        }
        match choose.clone().leave_one_out().fit(x, y) {
            Ok(selection) => {
                for k in 0..selection.path().len() {
                    for target in 0..case.targets() {
                        self.say(Figure::LooScore, (k, target, 0), selection.mean(k, target));
                    }
                }
                self.say(Figure::LooChoice, (0, 0, 0), selection.choice(0).index as f64);
            }
            Err(error) => {
                // Without its only row there is nothing to be trained on.
                let unknown = matches!(&error, Error::NoScore { reason, .. } if *reason != Unscored::OneRow);
                let scores = if unknown { &[][..] } else { &[Figure::LooScore] };
                self.refuse(&[scores, &[Figure::LooChoice]].concat(), &error);
            }
        }
        for (item, (_, criterion)) in criteria().into_iter().enumerate() {
            match choose.clone().criterion(criterion).fit(x, y) {
                Ok(selection) => self.say(Figure::CriterionChoice, (0, 0, item), selection.choice(0).index as f64),
                Err(error) => self.refuse(&[Figure::CriterionChoice], &error),
            }
        }
    }

    fn scores(&mut self, case: &Case, selection: &Selection) {
        for k in 0..selection.path().len() {
            for target in 0..case.targets() {
                for fold in 0..selection.folds() {
                    self.say(Figure::FoldScore, (k, target, fold), selection.fold_score(k, target, fold));
                }
                self.say(Figure::FoldMean, (k, target, 0), selection.mean(k, target));
                self.say(Figure::FoldStandardError, (k, target, 0), selection.standard_error(k, target));
            }
        }
    }

    /// λs by their norms; what a norm comes to be is asked of those λs.
    fn norms(&mut self, case: &Case, ridge: &Ridge, x: &DMatrix<f64>, y: &DMatrix<f64>, limits: &[Option<f64>]) {
        if case.factors.is_some() {
            return;
        }
        let norms = match ridge.norms(x, y) {
            Ok(norms) => norms,
            Err(error) => return self.refuse(&[Figure::NormAt, Figure::NormLimit, Figure::NormFraction], &error),
        };
        for target in 0..case.targets() {
            for (item, fraction) in FRACTIONS.into_iter().enumerate() {
                if let Ok(lambda) = norms.lambda_at_fraction(target, fraction) {
                    self.say(Figure::NormFraction, (0, target, item), lambda);
                }
            }
            if let Some(lambda) = limits[target].and_then(|limit| norms.lambda_within(target, limit).ok()) {
                self.say(Figure::NormLimit, (0, target, 0), lambda);
            }
            for (k, lambda) in case.grid.iter().enumerate().filter(|_| !case.alphas) {
                self.say(Figure::NormAt, (k, target, 0), norms.squared_norm(target, *lambda).unwrap_or(f64::NAN));
            }
        }
    }
}

/// In the order of [`CRITERIA`](crate::truths::CRITERIA).
fn criteria() -> [(Figure, Criterion); 6] {
    [
        (Figure::Gcv, Criterion::Gcv),
        (Figure::Aic, Criterion::Aic),
        (Figure::Aicc, Criterion::Aicc),
        (Figure::Bic, Criterion::Bic),
        (Figure::Cp, Criterion::Cp),
        (Figure::Evidence, Criterion::Evidence),
    ]
}
