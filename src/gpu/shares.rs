//! Work in parts that several devices do at the same time: each its share by its rates, and of what is left over then by who is
//! done. Of one device it is the work as it is.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::plan::gpu::shares::allotted;
use crate::plan::{DeviceRates, GramPlan};

/// The parts of rows that are summed on their own: one on one device.
pub(crate) fn parts_of_rows(gpu: &Gpu, plan: &GramPlan, rows: usize) -> Vec<Range<usize>> {
    match gpu.shares() {
        true => plan.parts(rows),
        false => Vec::from_iter((rows > 0).then_some(0..rows)),
    }
}

/// Parts of some work, with the devices that do them and what was found for each.
pub(crate) struct Shares<T> {
    gpu: Gpu,
    devices: Vec<Gpu>,
    book: Mutex<Book<T>>,
}

/// What one of the devices is to do.
pub(crate) struct Share<'a, T> {
    shares: &'a Shares<T>,
    /// Of the device.
    number: usize,
}

impl<T> Shares<T> {
    /// So many parts, shared by the speeds at which the devices do them.
    pub(crate) fn new(gpu: &Gpu, parts: usize, speed: impl Fn(&DeviceRates) -> f64) -> Self {
        let (devices, rates): (Vec<Gpu>, Vec<Option<DeviceRates>>) = gpu.devices().into_iter().unzip();
        let speed = |(number, rates): (usize, &Option<DeviceRates>)| match gpu.failure(number) {
            Some(_) => None,
            None => Some(rates.as_ref().map_or(1.0, &speed)),
        };
        let speeds = rates.iter().enumerate().map(speed).collect();
        Self { gpu: gpu.clone(), devices, book: Mutex::new(Book::new(parts, speeds)) }
    }

    /// Has all parts done: `work` is called for each device that is to do some, and all go on at the same time. The parts of a device
    /// that fails are done by the others.
    ///
    /// # Errors
    /// The device's, where there is no other left.
    pub(crate) async fn done<'a, F: Future<Output = Result<()>>>(
        &'a self,
        work: impl Fn(Share<'a, T>) -> F,
    ) -> Result<()> {
        loop {
            let given = self.book().allot();
            if given.is_empty() {
                // All is done, or nobody is left to do it.
                return if self.book().is_done() { Ok(()) } else { self.gpu.alive() };
            }
            let own = |number: usize| {
                let working = work(Share { shares: self, number });
                async move {
                    let outcome = working.await;
                    if outcome.is_err() {
                        self.book().leave_out(number);
                    }
                    (number, outcome)
                }
            };
            for (number, outcome) in together(given.into_iter().map(own).collect()).await {
                match outcome {
                    Err(error) if error.is_device() && self.gpu.shares() => self.gpu.leave_out(number, error),
                    outcome => outcome?,
                }
            }
        }
    }

    /// What was found, in the order of the parts.
    pub(crate) fn found(self) -> Vec<T> {
        let book = self.book.into_inner().unwrap_or_else(PoisonError::into_inner);
        book.found.into_iter().flatten().collect()
    }

    fn book(&self) -> MutexGuard<'_, Book<T>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a, T> Share<'a, T> {
    /// The device.
    pub(crate) fn gpu(&self) -> &'a Gpu {
        &self.shares.devices[self.number]
    }

    /// Parts that it is to do.
    pub(crate) fn len(&self) -> usize {
        self.shares.book().left[self.number].len()
    }

    /// The next parts to do, so many at most.
    pub(crate) fn next(&self, most: usize) -> Option<Range<usize>> {
        self.shares.book().next(self.number, most)
    }

    /// Takes what was found for parts from number `first` on, and tells how many are done, by all devices.
    pub(crate) fn found(&self, first: usize, found: impl IntoIterator<Item = T>) -> usize {
        self.shares.book().note(first, found)
    }
}

/// Which parts are left to whom, and what was found for those that are done.
struct Book<T> {
    /// Of each device; `None` of one that is left out.
    speeds: Vec<Option<f64>>,
    left: Vec<Range<usize>>,
    found: Vec<Option<T>>,
}

impl<T> Book<T> {
    fn new(parts: usize, speeds: Vec<Option<f64>>) -> Self {
        Self { left: vec![0..0; speeds.len()], speeds, found: (0..parts).map(|_| None).collect() }
    }

    fn is_done(&self) -> bool {
        self.found.iter().all(Option::is_some)
    }

    /// Shares out the first run of parts that are not done, and tells the devices that have some of them.
    fn allot(&mut self) -> Vec<usize> {
        let start = self.found.iter().position(Option::is_none).unwrap_or(self.found.len());
        let count = self.found[start..].iter().take_while(|part| part.is_none()).count();
        let (numbers, speeds): (Vec<usize>, Vec<f64>) =
            self.speeds.iter().enumerate().filter_map(|(number, speed)| Some((number, (*speed)?))).unzip();
        let (mut start, mut given) = (start, Vec::new());
        self.left.fill(0..0);
        for (number, count) in numbers.into_iter().zip(allotted(count, &speeds)) {
            self.left[number] = start..start + count;
            start += count;
            given.extend((count > 0).then_some(number));
        }
        given
    }

    /// The next parts of a device: of its own, or of what those who are slower than they were taken to be have left.
    fn next(&mut self, own: usize, most: usize) -> Option<Range<usize>> {
        if self.left[own].is_empty() {
            self.take_over(own);
        }
        let left = &mut self.left[own];
        let taken = left.start..left.end.min(left.start.saturating_add(most.max(1)));
        left.start = taken.end;
        (!taken.is_empty()).then_some(taken)
    }

    /// Takes from the end of what another has left, whoever has the most, as much as brings both to an end at the same time; all of
    /// one that is left out.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
    fn take_over(&mut self, own: usize) {
        let Some(other) = (0..self.left.len()).max_by_key(|other| self.left[*other].len()) else { return };
        let left = self.left[other].clone();
        let count = match (self.speeds[own], self.speeds[other]) {
            (_, None) => left.len(),
            (speed, Some(slower)) => {
                let speed = speed.unwrap_or(0.0);
                (left.len() as f64 * (speed / (speed + slower))) as usize
            }
        };
        let from = left.end - count.min(left.len());
        self.left[other].end = from;
        self.left[own] = from..left.end;
    }

    fn note(&mut self, first: usize, found: impl IntoIterator<Item = T>) -> usize {
        for (to, found) in self.found[first..].iter_mut().zip(found) {
            *to = Some(found);
        }
        self.found.iter().flatten().count()
    }

    fn leave_out(&mut self, number: usize) {
        self.speeds[number] = None;
    }
}

/// Waits for all of some futures, each of which goes on while others wait.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        for (future, output) in &mut running {
            if output.is_none()
                && let Poll::Ready(found) = future.as_mut().poll(context)
            {
                *output = Some(found);
            }
        }
        match running.iter().all(|(_, output)| output.is_some()) {
            true => Poll::Ready(running.iter_mut().filter_map(|(_, output)| output.take()).collect()),
            false => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::{Book, together};

    fn book(parts: usize, speeds: &[f64]) -> Book<usize> {
        Book::new(parts, speeds.iter().map(|speed| Some(*speed)).collect())
    }

    #[test]
    fn parts_are_shared_by_speed_and_each_is_done_once() {
        let mut book = book(100, &[3.0, 1.0]);
        assert_eq!(book.allot(), [0, 1]);
        assert_eq!(book.left, [0..75, 75..100]);
        let mut done = 0;
        while let Some(parts) = book.next(0, 10).or_else(|| book.next(1, 10)) {
            done = book.note(parts.start, parts);
        }
        assert_eq!(done, 100);
        assert!(book.is_done() && book.allot().is_empty());
        assert!(book.found.into_iter().map(Option::unwrap).eq(0..100));
    }

    #[test]
    fn who_is_done_takes_of_what_another_has_left() {
        let mut book = book(100, &[1.0, 3.0]);
        book.allot();
        // The first turns out to be no slower.
        assert_eq!(book.next(0, 5), Some(0..5));
        assert_eq!(book.next(1, 75), Some(25..100));
        assert_eq!(book.next(1, 99), Some(10..25), "three quarters of 20");
        assert_eq!((book.next(0, 99), book.next(0, 9), book.next(1, 9)), (Some(5..10), None, None));
    }

    #[test]
    fn what_a_device_leaves_is_done_by_the_others() {
        let mut book = book(10, &[1.0, 1.0]);
        book.allot();
        let (of_first, of_other) = (book.next(0, 2).unwrap(), book.next(1, 5).unwrap());
        book.leave_out(0);
        book.note(of_other.start, of_other);
        // What it had not begun at once, what it had begun once all are done.
        assert_eq!(book.next(1, 9), Some(2..5));
        assert_eq!(book.note(2, 2..5), 8);
        assert_eq!(book.next(1, 9), None);
        assert_eq!(book.allot(), [1]);
        assert_eq!(book.next(1, 9), Some(of_first));
        book.note(0, 0..2);
        assert!(book.is_done());
        book.leave_out(1);
        assert!(book.allot().is_empty());
    }

    #[test]
    fn futures_go_on_while_others_wait() {
        let turns = std::cell::RefCell::new(Vec::new());
        let worker = async |number: usize| {
            for _ in 0..3 {
                turns.borrow_mut().push(number);
                let mut waited = false;
                std::future::poll_fn(|context| {
                    context.waker().wake_by_ref();
                    if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
            }
            number
        };
        let found = pollster::block_on(together(vec![worker(0), worker(1)]));
        assert_eq!((found, turns.into_inner()), (vec![0, 1], vec![0, 1, 0, 1, 0, 1]));
    }
}
