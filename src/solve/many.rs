//! Many problems of the same features, targets and λs in one call: groups, windows, replicates.

use std::hash::Hash;

use crate::answer::paths::Paths;
use crate::data::gathered::run;
use crate::data::groups::Groups;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::data::windows::Windows;
use crate::error::{Error, Result};
use crate::math::random::SplitMix64;
use crate::model::method::Backend;
use crate::plan::Shape;
use crate::solve::each::{Part, Reweighted, alike};
use crate::solve::ridge::Ridge;

/// Replicates beyond which nobody learns more.
const MOST_REPLICATES: usize = 10_000_000;

impl Ridge {
    /// Fits the rows of each label alone: X (m × n) and Y (m × t) with a label for each row, in any order. The paths are those of the
    /// groups in the order in which their labels first appear; each is, bit for bit, what [`fit`](Self::fit) makes of its rows. A grid
    /// that is scaled from the data is scaled for each group; weights are those of the rows. Blocking.
    ///
    /// A group that cannot be fitted, such as one that holds NaN, is [refused](Paths::refused), and does not disturb the others.
    ///
    /// ```
    /// use ridgepath::{Groups, Ridge};
    /// let (x, y) = ([1.0, 1.0, 2.0, 2.0, 4.0], [1.0, 5.0, 2.0, 5.0, f64::NAN]);
    /// let groups = Groups::new(&["a", "b", "a", "b", "c"]);
    /// let paths = Ridge::new().lambdas([0.0]).fit_groups(&x, &y, &groups)?;
    /// assert_eq!((paths.coefficients(0, 0, 0), paths.coefficients(1, 0, 0)), (&[1.0][..], &[0.0][..]));
    /// let (group, why) = paths.refused().next().ok_or("all have a path")?;
    /// assert_eq!(groups.labels()[group], "c");
    /// assert_eq!(why.to_string(), "Y[row 4, column 0] is NaN; a finite number is needed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where there are not as many labels or weights as rows, [`Error::Empty`]; those of [`Penalty`](crate::Penalty);
    /// [`Error::Memory`] where there are more coefficients than memory has room for; with [`Backend::Gpu`] those of the device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_groups<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<Paths> {
        pollster::block_on(self.fit_groups_async(x, y, groups))
    }

    /// [`fit_groups`](Self::fit_groups) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups).
    pub async fn fit_groups_async<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        self.check_groups(x, y, groups)?;
        let rows: Vec<&[usize]> = (0..groups.len()).map(|group| groups.rows(group)).collect();
        // What threads share, which in a browser may hold no device.
        let weights = self.weights.as_deref();
        let part = |group: usize| Part::of_rows(x, y, weights, rows[group]);
        let longest = rows.iter().map(|rows| rows.len()).max().unwrap_or(0);
        self.each(Shape { rows: longest, problems: rows.len(), ..self.shape(x, y) }, part).await
    }

    /// Fits each window of rows alone, as [`fit_groups`](Self::fit_groups) does groups. Blocking.
    ///
    /// ```
    /// use ridgepath::{Ridge, Windows};
    /// let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 6.0, 9.0, 12.0]);
    /// let paths = Ridge::new().lambdas([0.0]).fit_windows(&x, &y, &Windows::rolling(3, 3))?;
    /// assert_eq!((paths.coefficients(0, 0, 0), paths.coefficients(1, 0, 0)), (&[1.0][..], &[3.0][..]));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Windows::ranges`], and as [`fit_groups`](Self::fit_groups). A window without rows is refused.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_windows<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<Paths> {
        pollster::block_on(self.fit_windows_async(x, y, windows))
    }

    /// [`fit_windows`](Self::fit_windows) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_windows`](Self::fit_windows).
    pub async fn fit_windows_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        self.check_shapes(x, y)?;
        let ranges = windows.ranges(x.rows())?;
        // What threads share, which in a browser may hold no device.
        let weights = self.weights.as_deref();
        let part = |window: usize| Part::of_run(x, y, weights, ranges[window].clone());
        let longest = ranges.iter().map(std::ops::Range::len).max().unwrap_or(0);
        self.each(Shape { rows: longest, problems: ranges.len(), ..self.shape(x, y) }, part).await
    }

    /// Fits replicates of the rows: in each, m rows drawn with replacement, that is, every row with its weight times the number of its
    /// draws (Efron, 1979). The draws depend on the seed and the number of the replicate alone, and are those of every machine and
    /// version. A grid that is scaled from the data is that of all rows. Blocking.
    ///
    /// ```
    /// use ridgepath::Ridge;
    /// let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.2, 3.9]);
    /// let replicates = Ridge::new().lambdas([0.1]).bootstrap(&x, &y, 200, 1)?;
    /// let slopes = (0..replicates.len()).map(|own| replicates.coefficients(own, 0, 0)[0]);
    /// assert!(slopes.filter(|slope| (0.5..1.2).contains(slope)).count() > 150);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Count`] for no replicates or more than 10⁷, those of [`Problem`], and as [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn bootstrap<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        replicates: usize,
        seed: u64,
    ) -> Result<Paths> {
        pollster::block_on(self.bootstrap_async(x, y, replicates, seed))
    }

    /// [`bootstrap`](Self::bootstrap) for async code and browsers.
    ///
    /// # Errors
    /// As [`bootstrap`](Self::bootstrap).
    pub async fn bootstrap_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        replicates: usize,
        seed: u64,
    ) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        if !(1..=MOST_REPLICATES).contains(&replicates) {
            let what = "replicates of a bootstrap";
            return Err(Error::Count { what, found: replicates, least: 1, most: MOST_REPLICATES });
        }
        let all = self.problem(x, y)?;
        let grid = match self.penalty.is_scaled() {
            true => self.penalty.at(self.clone().backend(Backend::Cpu).solve(&all, None).await?.lambdas()),
            false => self.penalty.clone(),
        };
        let weights: Vec<f64> = (0..all.rows()).map(|row| all.weight(row)).collect();
        let shape = Shape { problems: replicates, ..self.shape(x, y) };
        // Copied once, column after column; and checked once.
        let [x, y] = [x, y].map(|view| run(view, 0..all.rows()));
        let all = Problem::new(&x, &y)?;
        let part = |replicate: usize| {
            let counts = SplitMix64::stream(seed, replicate as u64).counts(weights.len());
            let weights = counts.into_iter().zip(&weights).map(|(count, weight)| f64::from(count) * weight);
            Reweighted { problem: &all, weights: weights.collect() }
        };
        self.clone().penalty(grid).each(shape, part).await
    }

    /// Fits problems of the same features and targets, each of any number of rows and with its own weights; those of this solver are
    /// not used. Blocking.
    ///
    /// ```
    /// use ridgepath::{Problem, Ridge};
    /// let (x, y) = ([1.0, 2.0, 4.0], [[1.0, 2.0, 4.0], [3.0, 6.0, 12.0]]);
    /// let problems = [Problem::new(&x, &y[0])?, Problem::new(&x, &y[1])?];
    /// let paths = Ridge::new().lambdas([0.0]).fit_many(&problems)?;
    /// assert_eq!((paths.coefficients(0, 0, 0), paths.coefficients(1, 0, 0)), (&[1.0][..], &[3.0][..]));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where features or targets differ, [`Error::Count`] of no problems, and as [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_many(&self, problems: &[Problem<'_>]) -> Result<Paths> {
        pollster::block_on(self.fit_many_async(problems))
    }

    /// [`fit_many`](Self::fit_many) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_many`](Self::fit_many).
    pub async fn fit_many_async(&self, problems: &[Problem<'_>]) -> Result<Paths> {
        let first = alike(problems)?;
        let longest = problems.iter().map(Problem::rows).max().unwrap_or(0);
        let shape = Shape { rows: longest, problems: problems.len(), ..self.shape(first.x(), first.y()) };
        self.each(shape, |number| problems[number].clone()).await
    }

    /// Refuses rows, weights and labels that do not belong together.
    pub(crate) fn check_groups<L>(&self, x: View<'_>, y: View<'_>, groups: &Groups<L>) -> Result<()> {
        self.check_shapes(x, y)?;
        match ("labels of groups against rows of X", groups.total_rows(), x.rows()) {
            (what, found, wanted) if found != wanted => Err(Error::Shape { what, found, wanted }),
            _ => Ok(()),
        }
    }

    /// Refuses rows that do not belong together.
    pub(crate) fn check_shapes(&self, x: View<'_>, y: View<'_>) -> Result<()> {
        for (what, view) in [("X", x), ("Y", y)] {
            let (rows, columns) = (view.rows(), view.columns());
            if rows == 0 || columns == 0 {
                return Err(Error::Empty { what, rows, columns });
            }
        }
        let weights = self.weights.as_ref().map(|weights| ("weights against rows of X", weights.len()));
        for (what, found) in weights.into_iter().chain([("rows of Y against rows of X", y.rows())]) {
            if found != x.rows() {
                return Err(Error::Shape { what, found, wanted: x.rows() });
            }
        }
        Ok(())
    }
}
