//! Orders in messages: for who measures a client and has nothing but its connection.

/// What a connection that is drilled has heard.
#[derive(Clone, Debug, Default)]
pub struct Drill {
    heard: u64,
}

/// What an order asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So many messages came since this was last asked.
    Count(u64),
    /// So many messages of so many bytes.
    Flood {
        /// How many.
        copies: u64,
        /// Bytes in each.
        size: usize,
        /// Whether they are text.
        is_text: bool,
    },
}

impl Drill {
    /// The answer, if the message is an order; else it is counted.
    pub fn hear(&mut self, text: Option<&str>) -> Option<Answer> {
        let answer = text.filter(|text| text.len() <= LONGEST).and_then(|text| self.order(text));
        if answer.is_none() {
            self.heard = self.heard.saturating_add(1);
        }
        answer
    }

    fn order(&mut self, text: &str) -> Option<Answer> {
        if text == "count" {
            return Some(Answer::Count(std::mem::take(&mut self.heard)));
        }
        let mut words = text.strip_prefix("flood ")?.split(' ');
        let (copies, size) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let is_text = match words.next()? {
            "text" => true,
            "binary" => false,
            _ => return None,
        };
        let is_bounded = copies <= MAX_COPIES && (size as u64).checked_mul(copies)? <= MAX_BYTES;
        (is_bounded && words.next().is_none()).then_some(Answer::Flood { copies, size, is_text })
    }
}

const LONGEST: usize = 64;
const MAX_COPIES: u64 = 10_000_000;
const MAX_BYTES: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_order_is_counted_until_asked_for() {
        let mut drill = Drill::default();
        for text in [Some("hello"), None, Some("flood"), Some("flood 1 2"), Some("flood 1 2 other")] {
            assert_eq!(drill.hear(text), None, "{text:?}");
        }
        assert_eq!(drill.hear(Some("count")), Some(Answer::Count(5)));
        assert_eq!(drill.hear(Some("count")), Some(Answer::Count(0)));
    }

    #[test]
    fn floods_are_bounded() {
        let mut drill = Drill::default();
        let flood = Answer::Flood { copies: 3, size: 16, is_text: true };
        assert_eq!(drill.hear(Some("flood 3 16 text")), Some(flood));
        for text in ["flood 10000001 0 text", "flood 1025 1048576 binary", "flood -1 1 text"] {
            assert_eq!(drill.hear(Some(text)), None, "{text}");
        }
    }
}
