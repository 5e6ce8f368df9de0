//! Signals that end the program: they take its temporary files with them.

/// From now on `say` is told what an interrupt has put an end to, which then is exit code 130; and a file that grows beyond the limit of
/// its size is an error of writing.
#[cfg(unix)]
pub(crate) fn watch(say: fn(&str)) {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::{emulate_default_handler, exit};

    use crate::machine::{output, progress, temporary};

    let own = if ignores_interrupts() { vec![SIGTERM, SIGXFSZ] } else { vec![SIGINT, SIGTERM, SIGXFSZ] };
    // Where signals cannot be had, all else still can.
    let Ok(mut signals) = Signals::new(own) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever().filter(|signal| *signal != SIGXFSZ) {
            let held = temporary::remove_all();
            if signal == SIGINT {
                let done = progress::interrupted().map(|done| format!(" after {done}")).unwrap_or_default();
                say(&format!("interrupted{done}: {}", output::so_far()));
                // Without what runs at the end of a program: other threads are at work still.
                exit(130);
            }
            let _ = emulate_default_handler(signal);
            drop(held);
        }
    });
}

/// Whether who started the program has turned interrupts off for it, as shells do for what runs in the background.
#[cfg(unix)]
fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal_hook::consts::SIGINT - 1)) != 0)
}

#[cfg(not(unix))]
pub(crate) fn watch(_: fn(&str)) {}
