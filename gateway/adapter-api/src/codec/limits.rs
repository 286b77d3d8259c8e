//! How much a message may hold: counted while it is read, so that nothing is built that would have to be refused.

/// Bytes of one message: a 16 MB scan is 22 MB as base64, with room for the words around it.
pub const BYTES_MAX: usize = 32 << 20;
/// Levels of nesting: the deepest real message (a tax notice inside SOAP) has 14.
pub const DEPTH_MAX: usize = 64;
/// Levels that no setting may exceed: readers and destructors recurse, and a worker's stack is 2 MiB.
pub const DEPTH_CEILING: usize = 256;
/// Values, elements and attributes together: the largest list an agency sends (10,040 communes × 12 fields), eight times over.
pub const NODES_MAX: usize = 1_000_000;
/// Attributes of one element, declarations of namespaces among them: real messages have at most 9.
pub const ATTRIBUTES_MAX: usize = 64;
/// Namespaces bound at one place: each element searches them, so their number is a factor of the work.
pub const NAMESPACES_MAX: usize = 128;
/// Characters of a name or of a key: the longest in `reference/interfaces.md` has 42.
pub const NAME_CHARS_MAX: usize = 256;
/// Bytes that any message may unfold to, however short: a list of all 3,321 communes with five short fields each.
pub const MEMORY_FLOOR_BYTES: usize = 2 << 20;
/// Bytes that each byte read may unfold to beyond that: promise S2 says under 10, and the floor takes two of them
/// from a bomb of a megabyte. The densest real lists unfold six- to sevenfold.
pub const MEMORY_RATIO_MAX: usize = 7;

/// What a reader lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole message.
    pub bytes_max: usize,
    /// Levels of nesting; above [`DEPTH_CEILING`] counts as that.
    pub depth_max: usize,
    /// Values, elements and attributes together.
    pub nodes_max: usize,
    /// Attributes of one element.
    pub attributes_max: usize,
    /// Namespaces bound at one place.
    pub namespaces_max: usize,
    /// Characters of a name or a key.
    pub name_chars_max: usize,
    /// Bytes any message may unfold to.
    pub memory_floor_bytes: usize,
    /// Bytes each byte read may unfold to beyond that.
    pub memory_ratio_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes_max: BYTES_MAX,
            depth_max: DEPTH_MAX,
            nodes_max: NODES_MAX,
            attributes_max: ATTRIBUTES_MAX,
            namespaces_max: NAMESPACES_MAX,
            name_chars_max: NAME_CHARS_MAX,
            memory_floor_bytes: MEMORY_FLOOR_BYTES,
            memory_ratio_max: MEMORY_RATIO_MAX,
        }
    }
}

impl Limits {
    /// The levels that really apply.
    pub fn depth(&self) -> usize {
        self.depth_max.min(DEPTH_CEILING)
    }
}

/// A message would unfold to more than its size allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exhausted;

/// What one message may still build.
#[derive(Debug)]
pub(super) struct Budget {
    nodes: usize,
    bytes: usize,
}

impl Budget {
    /// The whole budget of a message of this length.
    pub(super) fn new(limits: &Limits, length: usize) -> Self {
        let unfolded = length.saturating_mul(limits.memory_ratio_max);
        Budget { nodes: limits.nodes_max, bytes: limits.memory_floor_bytes.saturating_add(unfolded) }
    }

    /// Pays for one node more.
    pub(super) fn node(&mut self) -> Result<(), Exhausted> {
        self.nodes = self.nodes.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }

    /// Pays for one allocation of text.
    pub(super) fn text(&mut self, length: usize) -> Result<(), Exhausted> {
        self.bytes(length)?;
        self.rounding(length)
    }

    /// Pays for what the allocator adds to a text whose bytes are paid already.
    pub(super) fn rounding(&mut self, length: usize) -> Result<(), Exhausted> {
        /// The smallest block of a common allocator, its header included.
        const BLOCK_BYTES: usize = 32;
        /// The header of a larger one.
        const HEADER_BYTES: usize = 16;
        match length {
            0 => Ok(()),
            _ => self.bytes(HEADER_BYTES.max(BLOCK_BYTES.saturating_sub(length))),
        }
    }

    /// Pays for bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), Exhausted> {
        self.bytes = self.bytes.checked_sub(count).ok_or(Exhausted)?;
        Ok(())
    }

    /// Puts an item into a list, growing it by half (the standard growth begins at four and doubles),
    /// and pays for the room before it is taken.
    pub(super) fn push<T>(&mut self, list: &mut Vec<T>, item: T) -> Result<(), Exhausted> {
        if list.len() == list.capacity() {
            let more = 1 + list.len() / 2;
            self.bytes(more.saturating_mul(size_of::<T>()))?;
            list.reserve_exact(more);
        }
        list.push(item);
        Ok(())
    }
}
