//! Signed commits: SSH signatures (OpenSSH's PROTOCOL.sshsig) by Ed25519 keys, as Git makes them.
//!
//! `configedge.signing` is the Python twin, which also signs. Whatever is not understood is refused.

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Most bytes of a signed commit.
pub const MAX_COMMIT_LEN: usize = 64 << 10;
/// Most bytes of a file of allowed signers.
pub const MAX_SIGNERS_LEN: usize = 256 << 10;

const FIELD: &[u8] = b"gpgsig";
const NAMESPACE: &str = "git";
const KEY_TYPE: &str = "ssh-ed25519";
const HASH: &[u8] = b"sha512";
const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAX_ARMOR_LEN: usize = 4 << 10;

/// The keys whose signatures count.
#[derive(Debug)]
pub struct Signers(Vec<Allowed>);

/// One line of the file.
#[derive(Debug)]
struct Allowed {
    principals: String,
    key: [u8; 32],
    /// Unix seconds.
    valid: RangeInclusive<i64>,
    /// Whether it may sign commits; a list can be shared with other uses of SSH signatures.
    for_git: bool,
}

/// A commit whose signature is good.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed {
    /// What was signed: the commit without its signature.
    pub payload: Vec<u8>,
    /// The principals of the key's line.
    pub by: String,
    /// The key, in hexadecimal.
    pub key: String,
    /// The committer's, Unix seconds.
    pub time: i64,
}

impl Signers {
    /// From a file as Git's `gpg.ssh.allowedSignersFile` has it: `principals [options] ssh-ed25519 AAAA... [comment]` on each line.
    ///
    /// # Errors
    /// A line is not understood, and which. The whole is refused then, so that none is taken for less strict than it was meant.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() > MAX_SIGNERS_LEN {
            return Err(format!("it has more than {MAX_SIGNERS_LEN} bytes, the limit"));
        }
        let mut allowed = Vec::new();
        for (at, line) in text.split(|&c| c == b'\n').enumerate() {
            let place = |why: String| format!("line {}: {why}", at + 1);
            let line = std::str::from_utf8(line).map_err(|_| place("not UTF-8".to_owned()))?;
            let line = line.trim_matches([' ', '\t', '\r']);
            if !line.is_empty() && !line.starts_with('#') {
                allowed.push(Allowed::parse(line).map_err(place)?);
            }
        }
        if allowed.is_empty() { Err("it has no signer".to_owned()) } else { Ok(Self(allowed)) }
    }

    /// Whether a signature counts that this key, in hexadecimal, made at that moment.
    pub(crate) fn count(&self, key: &str, at: i64) -> bool {
        self.0.iter().any(|line| HEXLOWER.encode(&line.key) == key && line.objection(at).is_none())
    }

    /// Checks a raw commit object's content. The key must have been valid at the committer's time, as Git has it.
    ///
    /// # Errors
    /// It is not signed by one of these, and why not.
    pub fn verify(&self, commit: &[u8]) -> Result<Signed, String> {
        let (payload, armor) = split(commit)?;
        let time = committer_time(&payload).ok_or("the commit has no committer with a time")?;
        let (key, signature) = parse_signature(&armor)?;
        let mine = || self.0.iter().filter(|line| line.key == key);
        let known = mine().next().ok_or_else(|| format!("its key {} is not there", fingerprint(&key)))?;
        let valid = mine().find(|line| line.objection(time).is_none());
        let by = valid.ok_or_else(|| format!("the key of {} {}", known.principals, known.objection(time).unwrap_or_default()))?;
        let verifying = VerifyingKey::from_bytes(&key).map_err(|_| "its key is no point on the curve")?;
        verifying
            .verify_strict(&signed(&payload), &Signature::from_bytes(&signature))
            .map_err(|_| format!("the signature is not of this commit, though by the name of {}", by.principals))?;
        Ok(Signed { payload, by: by.principals.clone(), key: HEXLOWER.encode(&key), time })
    }
}

impl Allowed {
    fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty()).peekable();
        let principals = words.next().unwrap_or_default();
        if !principals.bytes().all(|c| matches!(c, b'#'..=b'~')) {
            return Err("the principals are not plain; use ASCII without quotes and negations".to_owned());
        }
        let options = words.next_if(|word| *word != KEY_TYPE && word.contains('=')).unwrap_or_default();
        if words.next() != Some(KEY_TYPE) {
            return Err(format!("there is no key type where it should be; keys are {KEY_TYPE}, and options have no space"));
        }
        let key = words.next().ok_or_else(|| format!("no key after {KEY_TYPE}"))?;
        let blob = BASE64.decode(key.as_bytes()).map_err(|_| "the key is not base64")?;
        let (valid, for_git) = parse_options(options)?;
        Ok(Self { principals: principals.to_owned(), key: public_key(&blob)?, valid, for_git })
    }

    /// Why a signature that it made at that moment does not count.
    fn objection(&self, at: i64) -> Option<&'static str> {
        if !self.for_git {
            Some("is not for the namespace git")
        } else if at < *self.valid.start() {
            Some("was not valid yet at the time of the commit")
        } else if at > *self.valid.end() {
            Some("was not valid any more at the time of the commit")
        } else {
            None
        }
    }
}

/// From when until when the key is valid, and whether it may sign commits.
fn parse_options(mut text: &str) -> Result<(RangeInclusive<i64>, bool), String> {
    let mut values = BTreeMap::new();
    while !text.is_empty() {
        let read = text.split_once("=\"").and_then(|(name, rest)| rest.split_once('"').map(|(value, rest)| (name, value, rest)));
        let (name, value, rest) = read.ok_or("an option is not NAME=\"VALUE\"")?;
        text = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err("there is no comma between two options".to_owned()),
        };
        let name = name.to_ascii_lowercase();
        if !matches!(name.as_str(), "namespaces" | "valid-after" | "valid-before") || value.contains('\\') {
            return Err("an option is not namespaces=\"...\", valid-after=\"...\" or valid-before=\"...\"".to_owned());
        }
        if values.insert(name, value).is_some() {
            return Err("an option is there twice".to_owned());
        }
    }
    let namespaces = values.get("namespaces").unwrap_or(&NAMESPACE);
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"@._-".contains(&c));
    if !namespaces.split(',').all(plain) {
        return Err("namespaces are not plain names; write git, or more with commas".to_owned());
    }
    let date = |name, otherwise| values.get(name).map_or(Ok(otherwise), |text| parse_date(text));
    let (after, before) = (date("valid-after", i64::MIN)?, date("valid-before", i64::MAX)?);
    if after >= before {
        return Err("valid-after is not before valid-before".to_owned());
    }
    Ok((after..=before, namespaces.split(',').any(|name| name == NAMESPACE)))
}

/// Unix seconds. Local time would not be the same moment on each node.
fn parse_date(text: &str) -> Result<i64, String> {
    let wrong = || "a date is not one in UTC: YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ".to_owned();
    let digits = text.strip_suffix('Z').ok_or_else(wrong)?.as_bytes();
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    let number = |from: usize, to: usize| {
        digits.get(from..to).unwrap_or_default().iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let (hour, minute, second) = (number(8, 10), number(10, 12), number(12, 14));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    };
    if year == 0 || !(1..=12).contains(&month) || !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(wrong());
    }
    // Years that begin in March have their odd day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let since_0000_03_01 = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Ok((since_0000_03_01 - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// What was signed, and the armored signature: Git adds it as a header, its further lines behind a space.
fn split(commit: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    if commit.len() > MAX_COMMIT_LEN {
        return Err(format!("the commit has more than {MAX_COMMIT_LEN} bytes, the limit"));
    }
    let (header, message) = commit.split_at(header_len(commit));
    let (mut payload, mut armor): (Vec<&[u8]>, Option<Vec<u8>>) = (Vec::new(), None);
    let mut within = false;
    for line in header.split(|&c| c == b'\n') {
        if let (true, Some((b' ', rest)), Some(armor)) = (within, line.split_first(), &mut armor) {
            armor.push(b'\n');
            armor.extend_from_slice(rest);
            continue;
        }
        let name = line.split(|&c| c == b' ').next().unwrap_or_default();
        within = name == FIELD;
        if within {
            let first = line.get(FIELD.len() + 1..).unwrap_or_default().to_vec();
            if armor.replace(first).is_some() {
                return Err("the commit has more than one signature".to_owned());
            }
        } else if name.starts_with(FIELD) {
            return Err("the commit has a signature of another kind".to_owned());
        } else {
            payload.push(line);
        }
    }
    let armor = armor.ok_or("the commit has no signature")?;
    let mut payload = payload.join(&b'\n');
    payload.extend_from_slice(message);
    Ok((payload, armor))
}

/// Where a commit's header ends and the blank line begins.
fn header_len(commit: &[u8]) -> usize {
    commit.windows(2).position(|two| two == b"\n\n").unwrap_or(commit.len())
}

fn committer_time(payload: &[u8]) -> Option<i64> {
    let time = |line: &[u8]| {
        let line = line.strip_prefix(b"committer ")?;
        let mut from_end = line.rsplitn(3, |&c| c == b' ');
        let (zone, time, who) = (from_end.next()?, from_end.next()?, from_end.next()?);
        let (sign, digits) = zone.split_first()?;
        let number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        let formed = matches!(sign, b'+' | b'-') && digits.len() == 4 && number(digits) && who.ends_with(b">");
        let time = (formed && (1..=12).contains(&time.len()) && number(time)).then_some(time)?;
        std::str::from_utf8(time).ok()?.parse().ok()
    };
    let header = payload.get(..header_len(payload))?;
    let mut found = header.split(|&c| c == b'\n').filter_map(time);
    found.next().filter(|_| found.next().is_none())
}

/// Public key and signature.
fn parse_signature(armor: &[u8]) -> Result<([u8; 32], [u8; 64]), String> {
    let foreign = || format!("its signature is not one by SSH, from {BEGIN} to {END}");
    let text = std::str::from_utf8(armor).ok().filter(|text| text.len() <= MAX_ARMOR_LEN).ok_or_else(foreign)?;
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    let [BEGIN, inner @ .., END] = lines.as_slice() else { return Err(foreign()) };
    let blob = BASE64.decode(inner.concat().as_bytes()).map_err(|_| "its signature is not base64")?;
    let cut = || "its signature is cut off".to_owned();
    let mut wire = Wire(&blob);
    if wire.take(MAGIC.len()) != Some(MAGIC) || wire.number() != Some(1) {
        return Err("its signature is not of version 1 of SSH signatures".to_owned());
    }
    let mut string = || wire.string().ok_or_else(cut);
    let (key, namespace, reserved, hash, signature) = (string()?, string()?, string()?, string()?, string()?);
    if !wire.0.is_empty() {
        return Err("its signature has bytes after its end".to_owned());
    }
    if namespace != NAMESPACE.as_bytes() {
        return Err("its signature is not for the namespace git".to_owned());
    }
    if !reserved.is_empty() {
        return Err("its signature has a reserved field that is not empty".to_owned());
    }
    if hash != HASH {
        return Err("its signature is over another hash than sha512".to_owned());
    }
    let key = public_key(key)?;
    let mut wire = Wire(signature);
    let (kind, raw) = (wire.string().ok_or_else(cut)?, wire.string().ok_or_else(cut)?);
    match raw.try_into() {
        Ok(raw) if kind == KEY_TYPE.as_bytes() && wire.0.is_empty() => Ok((key, raw)),
        _ => Err("its signature is not by an Ed25519 key".to_owned()),
    }
}

fn public_key(blob: &[u8]) -> Result<[u8; 32], String> {
    let mut wire = Wire(blob);
    let (kind, key) = (wire.string(), wire.string());
    match key.and_then(|key| key.try_into().ok()) {
        Some(key) if kind == Some(KEY_TYPE.as_bytes()) && wire.0.is_empty() => Ok(key),
        _ => Err("the public key is not an Ed25519 key".to_owned()),
    }
}

/// SSH's wire format: big-endian numbers, and strings behind their length.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }
}

fn put(into: &mut Vec<u8>, string: &[u8]) {
    into.extend_from_slice(&(string.len() as u32).to_be_bytes());
    into.extend_from_slice(string);
}

/// What the key signs.
fn signed(payload: &[u8]) -> Vec<u8> {
    let mut text = MAGIC.to_vec();
    for part in [NAMESPACE.as_bytes(), b"", HASH, &Sha512::digest(payload)] {
        put(&mut text, part);
    }
    text
}

/// As `ssh-keygen -l` shows it.
fn fingerprint(key: &[u8; 32]) -> String {
    let mut blob = Vec::new();
    put(&mut blob, KEY_TYPE.as_bytes());
    put(&mut blob, key);
    format!("SHA256:{}", BASE64.encode(&Sha256::digest(&blob)).trim_end_matches('='))
}

#[cfg(test)]
mod tests {
    use super::parse_date;

    #[test]
    fn dates_are_moments_in_utc() {
        for (text, expected) in [
            ("19700101Z", 0),
            ("20000229Z", 951_782_400),
            ("20240229235959Z", 1_709_251_199),
            ("202603010000Z", 1_772_323_200),
            ("19691231Z", -86_400),
        ] {
            assert_eq!(parse_date(text), Ok(expected), "{text}");
        }
        for text in
            ["", "Z", "20240101", "20230229Z", "20241301Z", "20240100Z", "2024010124Z", "202401012400Z", "0x1Z", "00000101Z"]
        {
            assert!(parse_date(text).is_err(), "{text}");
        }
    }
}
