// Package notify tells others of a run: metrics for a node exporter, a summary for a webhook, pings for a dead-man switch.
//
// A [Notifier] holds where to and when. Its Start goes out before a run, its Finish after it, made of the run's [job.Summary]:
//
//	n := notify.Notifier{Ping: &address, Sender: &notify.Sender{UserAgent: "taskrecon"}, Sent: log}
//	n.Start(ctx)
//	...
//	n.Finish(ctx, summary)
//
// What always holds:
//
//   - Nothing here changes how a run ends: what does not get through is passed to Sent, and no more.
//   - Messages are tried a bounded number of times, in half a minute at most.
//   - An [Address] may hold a secret in its path and query, so it prints as its host alone, in errors as well.
//   - In a card, text from others is in text runs only, where markdown means nothing.
package notify
