//! Giving up all rights that the relay does not need, once it has opened what it needs.
//!
//! A fault in what reads untrusted documents then meets a process that can read what lies beside its spool and its list of signers,
//! and write what lies beside its snapshots and their durable copy, and nothing else. So each wants a directory above it that has
//! nothing else in it.

use configrelay::relay::Options;
use configrelay::status::Sandbox;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
};
use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities, set_no_new_privs};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use std::path::{Path, PathBuf};

/// Does what this kernel can do; says what that was, and why the rest was not.
pub(crate) fn enter(options: &Options) -> (Sandbox, Vec<String>) {
    let (mut sandbox, mut missing) = (Sandbox::default(), Vec::new());
    let mut note = |what: &str, done: Result<(), String>| match done {
        Ok(()) => true,
        Err(why) => {
            missing.push(format!("{what}: {why}"));
            false
        }
    };
    sandbox.capabilities_dropped = note("capabilities", drop_capabilities().map_err(|error| error.to_string()));
    sandbox.no_new_privileges = note("no new privileges", set_no_new_privs(true).map_err(|error| error.to_string()));
    let landlock = restrict_files(options).map_err(|error| error.to_string()).and_then(|status| match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => Ok(effective_abi as u8),
        LandlockStatus::NotEnabled => Err("not enabled in this kernel".to_owned()),
        LandlockStatus::NotImplemented => Err("not in this kernel".to_owned()),
    });
    sandbox.landlock = *landlock.as_ref().unwrap_or(&0);
    note("landlock", landlock.map(drop));
    sandbox.seccomp = note("seccomp", restrict_calls());
    (sandbox, missing)
}

fn drop_capabilities() -> rustix::io::Result<()> {
    // Kernels before 4.3 have no ambient set.
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}

/// Rules are of a directory's parent, so that a directory that is deleted and made anew is within them; a mount point, such as one
/// directly below the root, cannot be deleted.
fn parent_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match path.parent() {
        Some(parent) if parent.parent().is_some() => parent.to_owned(),
        _ => path,
    }
}

fn restrict_files(options: &Options) -> Result<RestrictionStatus, RulesetError> {
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = read | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::MakeDir;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    let spool = (parent_of(&options.spool), read);
    let out = (parent_of(&options.out), write);
    let durable = options.durable.as_deref().map(|file| (parent_of(file), write));
    // Also the directory of the signers, because a file is replaced by another of its name.
    let signers = options.allowed_signers.as_deref().map(|file| (parent_of(file), AccessFs::ReadFile.into()));
    for (path, access) in [spool, out].into_iter().chain(durable).chain(signers) {
        // What does not exist cannot be allowed, and will be reported as not readable.
        if let Ok(opened) = PathFd::new(&path) {
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    rules.restrict_self()
}

fn restrict_calls() -> Result<(), String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| "not for this processor".to_owned())?;
    let rules = CALLS.iter().chain(LEGACY_CALLS).map(|&call| (call, Vec::new())).collect();
    // An error, not death: what a library may call on another machine then fails as it does on a full one.
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch).map_err(|error| error.to_string())?;
    let program: BpfProgram = filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())?;
    apply_filter(&program).map_err(|error| error.to_string())
}

/// What an open relay does: files, memory, time, its signals, its events, its connections.
#[rustfmt::skip]
const CALLS: &[i64] = &[
    libc::SYS_openat, libc::SYS_close, libc::SYS_read, libc::SYS_write, libc::SYS_pread64, libc::SYS_pwrite64, libc::SYS_readv,
    libc::SYS_writev, libc::SYS_lseek, libc::SYS_fstat, libc::SYS_newfstatat, libc::SYS_statx, libc::SYS_statfs, libc::SYS_fstatfs,
    libc::SYS_getdents64, libc::SYS_readlinkat, libc::SYS_faccessat, libc::SYS_fcntl, libc::SYS_flock, libc::SYS_fchmod,
    libc::SYS_fsync, libc::SYS_renameat, libc::SYS_renameat2, libc::SYS_unlinkat, libc::SYS_mkdirat, libc::SYS_umask, libc::SYS_getcwd,
    libc::SYS_mmap, libc::SYS_munmap, libc::SYS_mremap, libc::SYS_mprotect, libc::SYS_madvise, libc::SYS_brk,
    libc::SYS_clock_gettime, libc::SYS_clock_nanosleep, libc::SYS_nanosleep, libc::SYS_gettimeofday, libc::SYS_restart_syscall,
    libc::SYS_futex, libc::SYS_getrandom, libc::SYS_ppoll, libc::SYS_sched_yield,
    libc::SYS_rt_sigreturn, libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_sigaltstack,
    libc::SYS_inotify_init1, libc::SYS_inotify_add_watch, libc::SYS_inotify_rm_watch,
    libc::SYS_accept4, libc::SYS_recvfrom, libc::SYS_sendto, libc::SYS_recvmsg, libc::SYS_sendmsg, libc::SYS_shutdown,
    libc::SYS_getpid, libc::SYS_gettid, libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_tgkill,
    libc::SYS_exit, libc::SYS_exit_group,
];

/// What this processor's first system calls were called, which libraries may still use.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const LEGACY_CALLS: &[i64] = &[
    libc::SYS_open, libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink, libc::SYS_rename, libc::SYS_unlink,
    libc::SYS_mkdir, libc::SYS_poll, libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const LEGACY_CALLS: &[i64] = &[];
