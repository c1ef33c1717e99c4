// Package runs lists past runs and removes old ones.
//
// List reads the ledgers in a directory and one directory below it, and says of each what the ledger says of its run: when, what, by
// whom, how it ended, and whether something is left to be sent. Old picks the runs that Remove may take away. Remove takes away the
// ledger of a run and what was made from it: reports, the undo sheet with its base, signatures.
//
// What always holds:
//
//   - Only what the ledger proves to be a run's own is removed: a file with other contents stays, and so does the directory around it.
//   - A run that can still be gone on with is never old, however long ago it was. Neither is a ledger that is not as it was written.
//   - A ledger that has two names, one of them in a directory of the run, is listed once, under that.
//
// For example:
//
//	all, err := runs.List("runs")
//	old := runs.Old(all, time.Now().AddDate(0, 0, -90))
//	err = runs.Remove(old[0], "runs")
package runs
