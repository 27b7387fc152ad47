//! What the core has open of the host's: the resources of the interface `rollouts`. What is in one, its maker alone knows.

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
    /// Is the resource `rollouts.reader`.
    OpenReader
    /// Is the resource `rollouts.walker`.
    OpenWalker
    /// Is the resource `rollouts.heads`.
    OpenHeads
}
