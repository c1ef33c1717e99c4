// Package batch sends a plan in $batch envelopes, inside the service's budget, until every change has exactly one result that is true.
//
// Send takes the pending changes of a diff.Plan. Each becomes a row, which moves between queues that one goroutine owns:
//
//	queue    to be looked at, then sent
//	ready    looked at no longer ago than Options.RereadAfter; to be sent
//	later    waiting for a time: a look that settles it, a Retry-After, a task whose base is too young
//	due      waiting for a place in the next envelope of looks
//
// Envelopes travel in goroutines of their own and land in the owner's. What an answer to a write means is decided by verdictOn
// (answer.go), what a look at a task means by sender.judge (judge.go); those two tables are the rules of the package:
//
//   - Reads may lag behind writes and come out of order, and a write may take effect late, whatever its answer. So the old value, read
//     again, proves nothing until the settling window of every sending has closed (Options.SettleWithin).
//   - No write leaves on a look older than Options.RereadAfter, the first or a repeated one.
//   - A repeated write is the first one, whole.
//   - A write is recorded before it leaves, and a result as soon as it is known (Recorder).
//
// When envelopes may leave is the budget's matter (budget.go); what leaves next is decided by sender.next (pack.go).
//
//	account, err := batch.Send(ctx, plan.Pending(), client, ledger, batch.Options{SettleWithin: batch.DefaultSettleWithin})
package batch
