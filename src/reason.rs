//! Close reasons, as long as they may be.

/// A close frame's payload is at most 125 bytes, two of them the code (RFC 6455, section 5.5).
pub(crate) const REASON_MAX: usize = 123;

/// Cuts a reason to the 123 bytes of UTF-8 that fit in a close frame, on a character boundary.
pub fn cut_reason(reason: &str) -> &str {
    let mut end = reason.len().min(REASON_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::cut_reason;

    #[test]
    fn a_reason_is_cut_at_123_bytes_on_a_character_boundary() {
        assert_eq!(cut_reason(&"x".repeat(200)).len(), 123);
        let cut = cut_reason("ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé");
        assert_eq!(cut.len(), 122);
        assert!(cut.chars().all(|c| c == 'é'));
        assert_eq!(cut_reason("short"), "short");
    }
}
