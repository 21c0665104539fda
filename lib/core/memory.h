// How this process asks the system for memory.
#pragma once

namespace aigis {

/// From now on memory that was freed is kept for the next request. glibc returns large blocks to the system at once and
/// asks for them again, and the system zeroes every page anew: a fifth of the time of a gradient step on small images,
/// whose tensors live for one layer. Does nothing with another C library. To be called before the first thread starts.
void keep_freed_memory();

}  // namespace aigis
