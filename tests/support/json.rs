//! JSON text with its keys in the order they are written. Codex writes them in a fixed order, which a reader may well
//! profit from and a sorted map would lose.

/// Text that already is JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raw(pub(crate) String);

/// A value that leaves its key out when there is none, where a plain `Option` says `null`.
pub(crate) struct Absent<T>(pub(crate) Option<T>);

pub(crate) trait ToJson {
    fn append_to(&self, out: &mut String);
    fn is_absent(&self) -> bool {
        false
    }
}

impl ToJson for Raw {
    fn append_to(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

impl ToJson for str {
    fn append_to(&self, out: &mut String) {
        out.push_str(&serde_json::to_string(self).unwrap());
    }
}

impl ToJson for String {
    fn append_to(&self, out: &mut String) {
        self.as_str().append_to(out);
    }
}

impl ToJson for bool {
    fn append_to(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl ToJson for $number {
            fn append_to(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        }
    )*};
}
numbers!(i32, i64, u64, usize);

impl<T: ToJson + ?Sized> ToJson for &T {
    fn append_to(&self, out: &mut String) {
        (**self).append_to(out);
    }
    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn append_to(&self, out: &mut String) {
        match self {
            Some(value) => value.append_to(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: ToJson> ToJson for Absent<T> {
    fn append_to(&self, out: &mut String) {
        self.0.append_to(out);
    }
    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: ToJson> ToJson for [T] {
    fn append_to(&self, out: &mut String) {
        out.push('[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            value.append_to(out);
        }
        out.push(']');
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn append_to(&self, out: &mut String) {
        self.as_slice().append_to(out);
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn append_to(&self, out: &mut String) {
        self.as_slice().append_to(out);
    }
}

pub(crate) fn field(out: &mut String, key: &str, value: &(impl ToJson + ?Sized)) {
    if value.is_absent() {
        return;
    }
    if out.len() > 1 {
        out.push(',');
    }
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
    value.append_to(out);
}

/// A value whose key is there only on a condition.
pub(crate) fn when<T>(condition: bool, value: T) -> Absent<T> {
    Absent(condition.then_some(value))
}

/// An object, its keys in the given order.
macro_rules! obj {
    ($($key:literal: $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an object may have no keys")]
        let mut out = String::from("{");
        $( $crate::json::field(&mut out, $key, &$value); )*
        out.push('}');
        $crate::json::Raw(out)
    }};
}
