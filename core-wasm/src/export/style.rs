//! The looks of HTML documents: light and dark, for large screens and small ones. Colours of text keep a contrast of 4.5 to 1 or more.

/// What stands at the beginning of a page, before its title.
pub(super) const BEFORE_TITLE: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>"
);

/// What stands between a page's title and its body.
pub(super) const AFTER_TITLE: &str =
    concat!("</title>\n<style>\n", include_str!("style.css"), "</style>\n</head>\n<body>\n");

/// What stands at the end of a page.
pub(super) const END: &str = "</body>\n</html>\n";
