//! Facts that some containers record and some cannot.

/// A fact that a container records, cannot record, or leaves to a convention.
///
/// A recorded "none" is `Known<Option<T>>` with `Value(None)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Known<T> {
    /// The container has no word for it.
    #[default]
    Unrecorded,
    /// The container says so, or it was measured.
    Value(T),
    /// Nobody says so, but a drive must act on something.
    Assumed(T, Why),
}

/// Why a value is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Why {
    /// It follows from the layout of the disk.
    Layout,
    /// The format has one meaning only and does not write it down.
    Format,
    /// Encoding had to choose something.
    Encoder,
    /// A person said so.
    Person,
}

impl<T> Known<T> {
    /// The value, recorded or assumed.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Unrecorded => None,
            Self::Value(v) | Self::Assumed(v, _) => Some(v),
        }
    }

    /// The value if it is recorded or measured.
    pub fn recorded(&self) -> Option<&T> {
        match self {
            Self::Value(v) => Some(v),
            _ => None,
        }
    }

    /// True when a container or a measurement says so.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// The same knowledge of another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Unrecorded => Known::Unrecorded,
            Self::Value(v) => Known::Value(f(v)),
            Self::Assumed(v, why) => Known::Assumed(f(v), why),
        }
    }
}

impl<T: Copy> Known<T> {
    /// The value, recorded or assumed, by copy.
    pub fn copied(&self) -> Option<T> {
        self.get().copied()
    }
}
