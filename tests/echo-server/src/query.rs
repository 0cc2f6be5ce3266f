use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::reply::Reply;

/// The decoded query of a URL: names and values in their order.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// `None` if an escape is broken or does not decode to UTF-8.
    pub(crate) fn parse(raw: &str) -> Option<Self> {
        raw.split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name, Plus::Space)?, decode(value, Plus::Space)?))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn first(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.first(name).is_some()
    }

    /// The number called `name`, if given; a 400 if it is none or out of `range`.
    pub(crate) fn number<T>(&self, name: &'static str, range: RangeInclusive<T>) -> Result<Option<T>, Reply>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(value) = self.first(name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(Reply::bad_request(format!(
                "{name} must be a whole number from {} to {}.",
                range.start(),
                range.end()
            ))),
        }
    }

    /// The time called `name`, given in milliseconds up to one day.
    pub(crate) fn millis(&self, name: &'static str) -> Result<Option<Duration>, Reply> {
        Ok(self.number(name, 0..=DAY_IN_MILLIS)?.map(Duration::from_millis))
    }
}

/// What `+` stands for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Plus {
    /// A space, as in a query.
    Space,
    /// Itself, as in a path.
    Plus,
}

/// Undoes percent-encoding; `None` if an escape is broken or the result is no UTF-8.
pub(crate) fn decode(raw: &str, plus: Plus) -> Option<String> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high << 4 | low).ok()?
            }
            b'+' if plus == Plus::Space => b' ',
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

const DAY_IN_MILLIS: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_in_their_order() {
        let query = Query::parse("say=a%20b&say=c+d&&hang&x=%C3%A9=1").unwrap();
        assert_eq!(query.all("say").collect::<Vec<_>>(), ["a b", "c d"]);
        assert_eq!(query.first("hang"), Some(""));
        assert_eq!(query.first("x"), Some("é=1"));
        assert!(!query.has("y"));
    }

    #[test]
    fn broken_escapes_are_refused() {
        for raw in ["a=%", "a=%2", "a=%zz", "a=%ff", "%c3=1"] {
            assert!(Query::parse(raw).is_none(), "{raw}");
        }
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        let query = Query::parse("a=5&b=-1&c=x&d=99999999999999999999").unwrap();
        assert_eq!(query.number("a", 1..=5).unwrap(), Some(5));
        assert_eq!(query.number("none", 1..=5).unwrap(), None);
        assert!(query.number("a", 6..=9).is_err());
        for name in ["b", "c", "d"] {
            assert!(query.number::<u64>(name, 0..=u64::MAX).is_err(), "{name}");
        }
    }

    #[test]
    fn a_plus_in_a_path_is_a_plus() {
        assert_eq!(decode("a+b%2B", Plus::Plus).unwrap(), "a+b+");
    }
}
