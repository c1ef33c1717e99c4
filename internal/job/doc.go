// Package job is the run as one readable sentence: read, fetch, plan, check limits, send, settle, report.
//
// Run takes a Config and carries out one command. The input (a sheet, a saved plan, the ledger of a run that was cut short) becomes a
// diff.Plan; limits refuse it or let it pass; the ledger takes the plan, then batch sends it and reports each envelope and each result
// to the ledger; counts, exit code and reports are read back from the ledger, so that they cannot disagree with it. The caller's
// Watcher sees each step; nothing here prints.
//
// Invariants:
//
//   - Nothing is sent before the plan is in the ledger and on the disk, under the tenant's lock.
//   - Limits hold on every leg of a run, each with that leg's own values.
//   - Where a run will write its files is checked before anything is sent, and no file of another is replaced.
//   - The exit code follows from the outcomes that the ledger holds (verdict), or from what made it impossible to go on.
//
// For example:
//
//	summary, err := job.Run(ctx, job.Config{Command: "plan", File: "desired.csv", Client: client, Watcher: watcher})
//	os.Exit(job.Code(err))
package job
