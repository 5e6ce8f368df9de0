//! How much memory is left, where the system tells.

use std::fs;

/// Bytes that can still be had without swapping: what Linux calls available, or what the process's control group leaves of its limit,
/// the less of both. `None` where neither is told.
pub(crate) fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| of_meminfo(&text));
    let groups = [
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ];
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let left =
        |(limit, used): (&str, &str)| number(limit).zip(number(used)).map(|(all, used)| all.saturating_sub(used));
    groups.into_iter().filter_map(left).chain(system).min()
}

/// `MemAvailable` of /proc/meminfo, there in units of 1024 bytes.
fn of_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::{available, of_meminfo};

    #[test]
    fn what_linux_says_is_read() {
        let text = "MemTotal:       16384000 kB\nMemFree:  2 kB\nMemAvailable:    8192 kB\nBuffers: 1 kB\n";
        assert_eq!(of_meminfo(text), Some(8192 * 1024));
        assert_eq!(of_meminfo("MemAvailable: many kB\n"), None);
        if cfg!(target_os = "linux") {
            assert!(available().is_some_and(|bytes| bytes > 0));
        }
    }
}
