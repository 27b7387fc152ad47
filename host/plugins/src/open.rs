//! What a plugin has open of the host's. What is in one, its maker alone knows.

use std::any::Any;

macro_rules! open {
    ($($(#[$doc:meta])* $Open:ident)*) => {$(
        $(#[$doc])*
        #[expect(unreachable_pub, reason = "the bindings re-export it")]
        pub struct $Open(Box<dyn Any + Send>);

        impl $Open {
            /// Wraps what is open.
            pub(crate) fn new(open: impl Any + Send) -> $Open {
                $Open(Box::new(open))
            }

            /// Gives what is open, if it is of this type.
            pub(crate) fn get<T: Any>(&mut self) -> Option<&mut T> {
                self.0.downcast_mut()
            }
        }
    )*};
}

open! {
    /// Is the resource `threads.history`.
    OpenHistory
    /// Is the resource `source.reader`.
    OpenFile
    /// Is the resource `source.rows`.
    OpenRows
}
