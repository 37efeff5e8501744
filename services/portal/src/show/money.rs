//! Amounts of money.

use super::number;

/// Whole cents as dollars: `$12,345.67`.
pub(crate) fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}${}.{:02}", number(cents / 100), cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_never_lost() {
        assert_eq!([0, 5, 123_456_789, -120].map(dollars), ["$0.00", "$0.05", "$1,234,567.89", "−$1.20"]);
        assert_eq!(dollars(i64::MIN), "−$92,233,720,368,547,758.08");
    }
}
