//! Write a ConfigEdge policy in Rust. ABI version 1.
//!
//! The whole of a policy that wants at least two seats in a match:
//!
//! ```
//! #![cfg_attr(target_arch = "wasm32", no_std)]
//!
//! use configedge_policy::{Bundle, Report, format, policy};
//!
//! fn check(bundle: &Bundle, report: &mut Report) {
//!     let Some(found) = bundle.get("match") else { return }; // no such section: nothing to say
//!     match found["seats"].as_i64() {
//!         None => report.deny("match.seats", "seats is no whole number", "write 2 or more"),
//!         Some(seats) if seats < 2 => {
//!             report.deny("match.seats", format!("nobody plays a match of {seats}"), "write 2 or more")
//!         }
//!         Some(_) => {}
//!     }
//! }
//!
//! policy!(check);
//! ```
//!
//! A policy that derives values is `policy!(check, derive)`, where `derive` gives what is to be merged into the values:
//!
//! ```
//! # use configedge_policy::{Bundle, Value, json};
//! fn derive(_: &Bundle) -> Option<Value> {
//!     Some(json!({"match": {"teams": 2}}))
//! }
//! ```

#![no_std]

pub extern crate alloc;

mod find;
#[cfg(all(feature = "runtime", target_arch = "wasm32"))]
mod runtime;

pub use alloc::{borrow::ToOwned, format, string::String, string::ToString, vec, vec::Vec};
use core::cell::Cell;
pub use serde_json::{Map, Value, json};

/// Longest answer of a check that the host reads, in bytes.
const MAX_ANSWER_LEN: usize = 64 << 10;
/// Most messages that the host tells.
const MAX_MESSAGES: usize = 50;

/// What is to be checked.
///
/// Nothing of it is parsed but what is asked for: all values of a large bundle would take more memory than there is.
pub struct Bundle<'a> {
    input: &'a [u8],
    broken: Cell<bool>,
}

impl<'a> Bundle<'a> {
    /// From the host's input; for tests.
    pub fn new(input: &'a [u8]) -> Self {
        Self { input, broken: Cell::new(false) }
    }

    pub fn name(&self) -> String {
        self.text("name")
    }

    pub fn namespace(&self) -> String {
        self.text("namespace")
    }

    /// The value at a dotted path below the bundle's values, such as `modes.ranked`; `None` if there is none.
    ///
    /// Each call goes through the input anew: ask once for a section, and then look into it.
    pub fn get(&self, path: &str) -> Option<Value> {
        self.read(&mut core::iter::once("values").chain(path.split('.')))
    }

    fn text(&self, name: &str) -> String {
        match self.read(&mut core::iter::once(name)) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    fn read(&self, path: &mut dyn Iterator<Item = &str>) -> Option<Value> {
        let found = find::find(self.input, path)
            .and_then(|found| found.map(serde_json::from_slice).transpose().map_err(|_| find::Malformed));
        self.broken.set(self.broken.get() || found.is_err());
        found.unwrap_or_default()
    }
}

/// What a check has to say. Saying nothing accepts the bundle.
#[derive(Default)]
pub struct Report {
    messages: String,
    count: usize,
    refused: bool,
    more: bool,
}

impl Report {
    /// Refuses the bundle. `key` is the dotted path of what is wrong, below the values; empty for all of them.
    pub fn deny(&mut self, key: impl AsRef<str>, message: impl AsRef<str>, hint: impl AsRef<str>) {
        if !self.refused {
            // All messages of a refusal are taken for its reasons, so warnings go.
            *self = Self { refused: true, ..Self::default() };
        }
        self.say(key.as_ref(), message.as_ref(), hint.as_ref());
    }

    /// Says something to whoever wrote the bundle, and accepts it.
    pub fn warn(&mut self, key: impl AsRef<str>, message: impl AsRef<str>, hint: impl AsRef<str>) {
        if !self.refused {
            self.say(key.as_ref(), message.as_ref(), hint.as_ref());
        }
    }

    /// Whether nothing was denied so far.
    pub fn accepts(&self) -> bool {
        !self.refused
    }

    fn say(&mut self, key: &str, message: &str, hint: &str) {
        let text = text_of(&json!({"key": key, "message": message, "hint": hint}));
        self.more |= self.count + 1 == MAX_MESSAGES || self.messages.len() + text.len() > MAX_ANSWER_LEN - 256;
        if !self.more {
            self.push(&text);
        }
    }

    fn push(&mut self, message: &str) {
        if self.count > 0 {
            self.messages.push(',');
        }
        self.messages.push_str(message);
        self.count += 1;
    }

    /// The JSON for the host; empty if there is nothing to say.
    pub fn answer(mut self) -> String {
        if self.more {
            self.push(
                r#"{"key":"","message":"there is more, which is left out here","hint":"begin with what is named"}"#,
            );
        }
        if self.count == 0 {
            return String::new();
        }
        let accept = if self.refused { "false" } else { "true" };
        ["{\"accept\":", accept, ",\"messages\":[", &self.messages, "]}"].concat()
    }
}

/// Not by `to_string`, which brings code for indented JSON, too.
fn text_of(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// For messages: "a string".
pub fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}

/// Makes a module of `fn check(&Bundle, &mut Report)` and, if there is one, of `fn derive(&Bundle) -> Option<Value>`.
#[macro_export]
macro_rules! policy {
    ($check:path $(, $derive:path)?) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn configedge_abi() -> i32 {
                1
            }

            #[unsafe(no_mangle)]
            extern "C" fn configedge_alloc(len: u32) -> *mut u8 {
                $crate::abi::alloc(len)
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn configedge_check(at: *const u8, len: u32) -> u64 {
                // SAFETY: the host wrote `len` bytes at `at`, which `configedge_alloc` gave it.
                $crate::abi::answer($crate::abi::check(unsafe { $crate::abi::input(at, len) }, $check))
            }

            $(
                #[unsafe(no_mangle)]
                unsafe extern "C" fn configedge_derive(at: *const u8, len: u32) -> u64 {
                    // SAFETY: as above.
                    $crate::abi::answer($crate::abi::derive(unsafe { $crate::abi::input(at, len) }, $derive))
                }
            )?
        };
    };
}

/// What [`policy!`] calls.
#[doc(hidden)]
pub mod abi {
    use super::{Bundle, Report, String, Value, Vec, text_of};

    /// Room that is never given back, for an instance lives for one bundle; null if there is none.
    pub fn alloc(len: u32) -> *mut u8 {
        let mut room = Vec::new();
        match room.try_reserve_exact(len.max(1) as usize) {
            Ok(()) => Vec::leak(room).as_mut_ptr(),
            Err(_) => core::ptr::null_mut(),
        }
    }

    /// # Safety
    /// `len` initialized bytes are at `at`, and nobody writes there any more.
    pub unsafe fn input(at: *const u8, len: u32) -> &'static [u8] {
        // SAFETY: the caller's.
        unsafe { core::slice::from_raw_parts(at, len as usize) }
    }

    pub fn check(input: &[u8], check: fn(&Bundle, &mut Report)) -> String {
        let (bundle, mut report) = (Bundle::new(input), Report::default());
        check(&bundle, &mut report);
        if bundle.broken.get() {
            report = Report::default();
            let message = "the policy cannot read the values: no JSON, too deep, or with a number of over 308 digits";
            report.deny("", message, "shorten such a number; if there is none, report this to whoever runs the relay");
        }
        report.answer()
    }

    pub fn derive(input: &[u8], derive: fn(&Bundle) -> Option<Value>) -> String {
        let bundle = Bundle::new(input);
        let derived = derive(&bundle);
        assert!(!bundle.broken.get());
        derived.as_ref().map_or(String::new(), text_of)
    }

    /// Address and length, in one number.
    pub fn answer(text: String) -> u64 {
        let text = text.leak();
        if text.is_empty() { 0 } else { (text.as_ptr() as u64) << 32 | text.len() as u64 }
    }
}

#[cfg(test)]
mod tests;
