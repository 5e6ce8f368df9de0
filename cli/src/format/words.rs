//! Words: what a terminal and a picture can show of them, and how wide they are.

use console::measure_text_width;

/// The text with what cannot be seen, or turns what can be, written as `\u{…}`: control characters, which could steer a
/// terminal and have no place in XML, marks of direction, and characters of no width.
pub(crate) fn escaped(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// How many characters wide a terminal shows the text.
pub(crate) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// A count with the word for what is counted.
pub(crate) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
