// Package atomicfile writes files that appear under their name whole or not at all, and take the place of another only where
// that is asked for.
//
// A file is written under a temporary name in the directory of its target, flushed to the disk, and then renamed (to take a file's
// place) or linked (to appear where no file is). A process that is killed leaves only the temporary file behind, which
// Sweep of the next one removes.
//
// Invariants:
//
//   - Under the target's name there is the old file, or the new one whole.
//
//   - Unless replacing is asked for, no existing file is touched, even one that appears while the new one is written.
//
//     err := atomicfile.WriteNew("undo.csv", contents, 0o600) // fs.ErrExist where there is one
package atomicfile
