//! Finding one value in JSON text without parsing the rest. The host counts instructions: parsing with serde_json took
//! 62 a byte of a list of numbers and 145 of small objects, this takes 7 and 31, for it looks at strings and brackets.

/// The text is no JSON, as far as it was looked at.
#[derive(Debug, PartialEq)]
pub struct Malformed;

/// The text of the value that a path of member names leads to, from the object that `text` is.
pub fn find<'a>(text: &'a [u8], path: &mut dyn Iterator<Item = &str>) -> Result<Option<&'a [u8]>, Malformed> {
    let mut at = behind_space(text, 0);
    if text.get(at) != Some(&b'{') {
        return Err(Malformed);
    }
    for name in path {
        match member(text, at, name.as_bytes())? {
            Some(value) => at = value,
            None => return Ok(None),
        }
    }
    Ok(text.get(at..behind(text, at)?))
}

/// Where the member's value begins in the object that begins at `at`; `None` also if that is no object.
fn member(text: &[u8], mut at: usize, name: &[u8]) -> Result<Option<usize>, Malformed> {
    if text.get(at) != Some(&b'{') {
        return if at < text.len() { Ok(None) } else { Err(Malformed) };
    }
    at = behind_space(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return Ok(None);
    }
    loop {
        let colon = behind_space(text, behind_string(text, at)?);
        let value = behind_space(text, colon + 1);
        if text.get(colon) != Some(&b':') || value >= text.len() {
            return Err(Malformed);
        }
        if is_name(&text[at..colon], name) {
            return Ok(Some(value));
        }
        at = behind_space(text, behind(text, value)?);
        match text.get(at) {
            Some(b',') => at = behind_space(text, at + 1),
            Some(b'}') => return Ok(None),
            _ => return Err(Malformed),
        }
    }
}

/// Whether the string in JSON is `name`. The names in a bundle have no character that is ever escaped.
fn is_name(quoted: &[u8], name: &[u8]) -> bool {
    quoted.get(1..name.len() + 1) == Some(name) && quoted.get(name.len() + 1) == Some(&b'"')
}

/// Behind the value that begins at `at`.
fn behind(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    match text.get(at) {
        Some(b'"') => return behind_string(text, at),
        Some(b'{' | b'[') => {}
        _ => return Ok(behind_word(text, at)),
    }
    let mut depth = 0;
    loop {
        at = next(text, at, |word| {
            zeros(word ^ all(b'"')) | zeros(low(word) ^ all(b'{')) | zeros(low(word) ^ all(b'}'))
        });
        match text.get(at) {
            Some(b'"') => {
                at = behind_string(text, at)?;
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(_) => depth -= 1,
            None => return Err(Malformed),
        }
        at += 1;
        if depth == 0 {
            return Ok(at);
        }
    }
}

/// Behind the string that begins at `at`.
fn behind_string(text: &[u8], mut at: usize) -> Result<usize, Malformed> {
    if text.get(at) != Some(&b'"') {
        return Err(Malformed);
    }
    loop {
        at = next(text, at + 1, |word| zeros(word ^ all(b'"')) | zeros(word ^ all(b'\\')));
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(_) => at += 1,
            None => return Err(Malformed),
        }
    }
}

fn behind_word(text: &[u8], mut at: usize) -> usize {
    while !matches!(text.get(at), None | Some(b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

fn behind_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// The first byte from `at` on that `marks` marks, given eight of them. Not inlined, and in two parts: the host counts
/// each piece of code whole, branches not taken too.
#[inline(never)]
fn next(text: &[u8], mut at: usize, marks: impl Fn(u64) -> u64) -> usize {
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = marks(u64::from_le_bytes(*eight)) & all(0x80);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    next_in_rest(text, at, marks)
}

#[inline(never)]
fn next_in_rest(text: &[u8], at: usize, marks: impl Fn(u64) -> u64) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let mut eight = [b' '; 8];
    eight[..rest.len()].copy_from_slice(rest);
    let marks = marks(u64::from_le_bytes(eight)) & all(0x80);
    text.len().min(at + marks.trailing_zeros() as usize / 8)
}

/// The same byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Has the high bit of the first byte that is zero, and of none before that.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(all(1)) & !word
}

/// With `[` as `{` and `]` as `}`.
fn low(word: u64) -> u64 {
    word | all(0x20)
}
