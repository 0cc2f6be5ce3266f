//! A file of entries, each with checksums, the last of which may be torn.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Length, its checksum, and that of what follows.
const HEAD: usize = 12;

/// What a file holds.
pub(super) struct Read<'a> {
    /// The entries in their order.
    pub(super) entries: Vec<&'a [u8]>,
    /// Where the last whole one ends. What follows was never finished, and so was never relied on.
    pub(super) end: usize,
}

/// Takes a file apart; none if it is damaged anywhere but at its torn end.
pub(super) fn read(bytes: &[u8]) -> Option<Read<'_>> {
    let mut read = Read { entries: Vec::new(), end: 0 };
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((head, body)) = rest.split_first_chunk::<HEAD>() else { break };
        let (len, check, sum) = split(head);
        if check != crc32fast::hash(&len.to_le_bytes()) {
            // A file system may leave zeros where data never came.
            if rest.iter().all(|byte| *byte == 0) {
                break;
            }
            return None;
        }
        let Some((entry, after)) = body.split_at_checked(len as usize) else { break };
        if sum != crc32fast::hash(entry) {
            if after.is_empty() {
                break;
            }
            return None;
        }
        read.entries.push(entry);
        read.end += HEAD + entry.len();
        rest = after;
    }
    Some(read)
}

fn split(head: &[u8; HEAD]) -> (u32, u32, u32) {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *head;
    let number = u32::from_le_bytes;
    (number([a, b, c, d]), number([e, f, g, h]), number([i, j, k, l]))
}

/// An entry as it stands in a file.
///
/// # Errors
/// If it is longer than 4 GiB.
pub(super) fn entry(parts: &[&[u8]]) -> io::Result<Vec<u8>> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let len = u32::try_from(len).map_err(|_| io::Error::other("an entry longer than 4 GiB"))?;
    let mut sum = crc32fast::Hasher::new();
    parts.iter().for_each(|part| sum.update(part));
    let mut out = Vec::with_capacity(HEAD + len as usize);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&len.to_le_bytes()).to_le_bytes());
    out.extend_from_slice(&sum.finalize().to_le_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
    Ok(out)
}

/// Writes entries at the end of a file that is there.
pub(super) fn append(path: &Path, entries: &[u8], sync: bool) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(entries)?;
    if sync { file.sync_data() } else { Ok(()) }
}

/// Puts a file in place of the one that is there, or of none: the whole of it or nothing.
pub(super) fn replace(path: &Path, entries: &[u8], sync: bool) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = File::create(&draft)?;
    file.write_all(entries)?;
    if sync {
        file.sync_all()?;
    }
    std::fs::rename(&draft, path)?;
    sync_directory(path, sync)
}

/// What happened to names in a file's directory lasts.
pub(super) fn sync_directory(path: &Path, sync: bool) -> io::Result<()> {
    match path.parent() {
        Some(directory) if sync => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        [&b"one"[..], b"", b"three"].iter().flat_map(|text| entry(&[text]).unwrap()).collect()
    }

    #[test]
    fn whatever_is_cut_off_at_the_end_leaves_the_entries_before_it() {
        let whole = three();
        let ends = [HEAD + 3, 2 * HEAD + 3, 3 * HEAD + 8];
        for len in 0..=whole.len() {
            let read = read(&whole[..len]).unwrap();
            let count = ends.iter().filter(|end| **end <= len).count();
            assert_eq!(read.entries, [&b"one"[..], b"", b"three"][..count], "cut at {len}");
        }
    }

    #[test]
    fn zeros_that_follow_are_no_entries() {
        let mut bytes = three();
        let end = bytes.len();
        bytes.resize(end + 100, 0);
        assert_eq!(read(&bytes).unwrap().end, end);
    }

    #[test]
    fn a_bit_that_flips_is_noticed_wherever_it_is() {
        let whole = three();
        let last = 2 * HEAD + 3;
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            match read(&bytes) {
                None => {}
                // At the end it cannot be told from an entry that was never finished.
                Some(read) => {
                    assert!(bit / 8 >= last, "bit {bit}");
                    assert_eq!(read.entries.len(), 2);
                }
            }
        }
    }
}
