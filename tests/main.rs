//! What Threadkeep promises, shown.
