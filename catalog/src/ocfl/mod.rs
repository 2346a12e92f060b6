//! The Oxford Common File Layout 1.1: how objects lie on a disk so that other
//! programs, and people without any, can read them.
//!
//! Sources: OCFL specification 1.1 (ocfl.io/1.1/spec), its implementation notes
//! and validation codes; extension 0004-hashed-n-tuple-storage-layout.
//!
//! A vault writes one object for a carrier, `sha512` as the digest of its
//! content, MD5, SHA-1 and SHA-256 in the fixity block. Objects of others are
//! read in every form that 1.0 and 1.1 allow.

mod check;
mod inventory;

pub use check::{Fault, Told, check};
pub use inventory::{Inventory, Paths, User, Version, parse};

use sha2::{Digest, Sha256};

use crate::fixity::hex;

/// Name of the layout extension that vaults use.
pub const LAYOUT: &str = "0004-hashed-n-tuple-storage-layout";

/// The files of a storage root beside its objects: path and content. There is no
/// `ocfl_layout.json`, which is optional: ocfl-py refuses a root whose layout it
/// does not implement; the configuration of the extension says what it would.
pub const ROOT_FILES: &[(&str, &str)] = &[
    ("0=ocfl_1.1", "ocfl_1.1\n"),
    (
        "extensions/0004-hashed-n-tuple-storage-layout/config.json",
        "{\n  \"extensionName\": \"0004-hashed-n-tuple-storage-layout\",\n  \"digestAlgorithm\": \"sha256\",\n  \
         \"tupleSize\": 3,\n  \"numberOfTuples\": 3,\n  \"shortObjectRoot\": false\n}\n",
    ),
];

/// The declaration of an object: name and content.
pub const OBJECT_FILE: (&str, &str) = ("0=ocfl_object_1.1", "ocfl_object_1.1\n");

/// Name of an inventory.
pub const INVENTORY: &str = "inventory.json";

/// Name of the file with the digest of an inventory.
pub const SIDECAR: &str = "inventory.json.sha512";

/// The content of a sidecar.
pub fn sidecar(digest: &str) -> String {
    format!("{digest} {INVENTORY}\n")
}

/// Where an object lies in its storage root: three tuples of three digits, then
/// all digits of the SHA-256 of its id.
pub fn object_path(id: &str) -> String {
    path_of_digest(&hex(&Sha256::digest(id.as_bytes())))
}

/// The same for digits that are known already.
pub fn path_of_digest(digits: &str) -> String {
    let tuple = |n: usize| digits.get(n..n.saturating_add(3)).unwrap_or_default();
    format!("{}/{}/{}/{digits}", tuple(0), tuple(3), tuple(6))
}

/// True for a path that stays below its folder: parts that are not empty, `.`
/// or `..`, joined by `/`.
pub fn is_safe_path(path: &str) -> bool {
    path.split('/').all(|part| !part.is_empty() && part != "." && part != "..") && !path.contains(['\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_lie_where_the_extension_says() {
        // The example of the extension's text.
        assert_eq!(
            object_path("object-01"),
            "3c0/ff4/240/3c0ff4240c1e116dba14c7627f2319b58aa3d77606d0d90dfc6161608ac987d4"
        );
        assert_eq!(
            object_path("..hor/rib:le-$id"),
            "487/326/d8c/487326d8c2a3c0b885e23da1469b4d6671fd4e76978924b4443e9e3c316cda6d"
        );
    }

    #[test]
    fn root_files_are_json_where_they_say_so() {
        for (path, text) in ROOT_FILES.iter().filter(|(path, _)| path.ends_with(".json")) {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{path}");
        }
    }
}
