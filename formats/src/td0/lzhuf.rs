//! The packing of Teledisk 2.x: LZSS whose symbols are Huffman coded by a tree
//! that follows them (H. Yoshizaki's LZHUF).
//!
//! A symbol is a byte, or the length of a copy of 3 to 60 bytes; after a length
//! comes how far back it begins in a window of 4096 bytes: six bits in a fixed
//! prefix code, six bits as they are. The window begins full of blanks.

use floptical_model::{Context, Result};

/// Bytes of the window.
const WINDOW: usize = 4096;
/// The longest copy.
const LONGEST: usize = 60;
/// The shortest copy, as the symbol 256.
const SHORTEST: usize = 3;
/// Bytes and lengths.
const SYMBOLS: usize = 256 - (SHORTEST - 1) + LONGEST;
/// Nodes of the tree: the rarest first, the root last.
const NODES: usize = 2 * SYMBOLS - 1;
const ROOT: usize = NODES - 1;
/// When the root was met as often, all counts are halved.
const OFTEN: u16 = 0x8000;

/// Unpack everything, as far as it goes.
pub(super) fn unpack(packed: &[u8], context: &Context) -> Result<Vec<u8>> {
    let mut bits = Reader { bytes: packed, at: 0 };
    let mut tree = Tree::new();
    let positions = Positions::new();
    let mut window = Window { bytes: vec![b' '; WINDOW], at: WINDOW.wrapping_sub(LONGEST), out: Vec::new() };
    while !bits.is_at_end() {
        context.step(1)?;
        let symbol = tree.decode(&mut bits);
        let Some(copy) = symbol.checked_sub(256) else {
            context.reserve(1)?;
            window.push(symbol.to_le_bytes().first().copied().unwrap_or(0));
            continue;
        };
        let back = positions.decode(&mut bits);
        // What is left of the last byte is no symbol.
        if bits.is_past_end() {
            break;
        }
        let len = copy.saturating_add(SHORTEST);
        context.reserve(len as u64)?;
        window.copy(back, len);
    }
    Ok(window.out)
}

/// Bits, the highest of a byte first; zeros past the end.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn bit(&mut self) -> usize {
        let byte = self.bytes.get(self.at >> 3).copied().unwrap_or(0);
        let bit = byte >> (!self.at & 7) & 1;
        self.at = self.at.saturating_add(1);
        bit.into()
    }

    fn take(&mut self, count: u32) -> usize {
        (0..count).fold(0, |value, _| value << 1 | self.bit())
    }

    fn is_at_end(&self) -> bool {
        self.at >> 3 >= self.bytes.len()
    }

    fn is_past_end(&self) -> bool {
        self.at > self.bytes.len().saturating_mul(8)
    }
}

/// The window, and what came out.
struct Window {
    bytes: Vec<u8>,
    at: usize,
    out: Vec<u8>,
}

impl Window {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.at) {
            *place = byte;
        }
        self.at = self.at.saturating_add(1) % WINDOW;
        self.out.push(byte);
    }

    fn copy(&mut self, back: usize, len: usize) {
        let from = self.at.wrapping_sub(back).wrapping_sub(1);
        for i in 0..len {
            let byte = self.bytes.get(from.wrapping_add(i) % WINDOW).copied().unwrap_or(b' ');
            self.push(byte);
        }
    }
}

/// The upper six bits of a position, by the next eight bits: near ones are
/// short.
struct Positions(Vec<(usize, u32)>);

impl Positions {
    /// How many codes there are of each length from 3 on.
    const LENGTHS: [usize; 6] = [1, 3, 8, 12, 24, 16];

    fn new() -> Self {
        let lengths = (3u32..).zip(Self::LENGTHS).flat_map(|(len, count)| std::iter::repeat_n(len, count));
        let entry = |(upper, len): (usize, u32)| std::iter::repeat_n((upper, len), 256 >> len);
        Self(lengths.enumerate().flat_map(entry).collect())
    }

    fn decode(&self, bits: &mut Reader<'_>) -> usize {
        let mut look = Reader { ..*bits };
        let (upper, len) = self.0.get(look.take(8)).copied().unwrap_or((0, 8));
        bits.take(len);
        upper << 6 | bits.take(6)
    }
}

/// A Huffman tree that is kept in order of how often its nodes were met.
struct Tree {
    /// How often a node was met; one more, that nothing reaches.
    met: Vec<u16>,
    /// The lower of its two children, or `NODES` and the symbol of a leaf.
    child: Vec<usize>,
    /// The parent of a node, and behind them that of a symbol's leaf: its node.
    parent: Vec<usize>,
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "indexes come from the tree alone, which has NODES nodes and SYMBOLS leaves at any time"
)]
impl Tree {
    fn new() -> Self {
        let mut tree = Self { met: vec![0; NODES + 1], child: vec![0; NODES], parent: vec![0; NODES + SYMBOLS] };
        for symbol in 0..SYMBOLS {
            tree.met[symbol] = 1;
            tree.child[symbol] = NODES + symbol;
        }
        for node in SYMBOLS..NODES {
            let low = 2 * (node - SYMBOLS);
            tree.met[node] = tree.met[low] + tree.met[low + 1];
            tree.child[node] = low;
        }
        tree.met[NODES] = u16::MAX;
        tree.find_parents();
        tree
    }

    fn find_parents(&mut self) {
        for node in 0..NODES {
            let child = self.child[node];
            self.parent[child] = node;
            if child < NODES {
                self.parent[child + 1] = node;
            }
        }
        self.parent[ROOT] = 0;
    }

    fn decode(&mut self, bits: &mut Reader<'_>) -> usize {
        let mut node = self.child[ROOT];
        while node < NODES {
            node = self.child[node + bits.bit()];
        }
        let symbol = node - NODES;
        self.meet(symbol);
        symbol
    }

    /// Count a symbol: its leaf and all nodes above it, each moved behind those
    /// that were met less often.
    fn meet(&mut self, symbol: usize) {
        if self.met[ROOT] == OFTEN {
            self.halve();
        }
        let mut node = self.parent[NODES + symbol];
        loop {
            self.met[node] += 1;
            let count = self.met[node];
            let behind = node + self.met[node + 1..].iter().take_while(|other| **other < count).count();
            if behind > node {
                self.swap(node, behind);
                node = behind;
            }
            node = self.parent[node];
            if node == 0 {
                return;
            }
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.met.swap(a, b);
        self.child.swap(a, b);
        for node in [a, b] {
            let child = self.child[node];
            self.parent[child] = node;
            if child < NODES {
                self.parent[child + 1] = node;
            }
        }
    }

    /// Halve the counts of all leaves, and build the tree above them again.
    fn halve(&mut self) {
        let leaves = (0..NODES).filter(|node| self.child[*node] >= NODES);
        let leaves: Vec<(u16, usize)> = leaves.map(|node| (self.met[node].div_ceil(2), self.child[node])).collect();
        let mut nodes: Vec<(u16, usize)> = leaves;
        for low in (0..NODES - 1).step_by(2) {
            let met = nodes[low].0 + nodes[low + 1].0;
            let at = nodes.partition_point(|(other, _)| *other <= met);
            nodes.insert(at, (met, low));
        }
        for (node, (met, child)) in nodes.into_iter().enumerate() {
            self.met[node] = met;
            self.child[node] = child;
        }
        self.find_parents();
    }
}
