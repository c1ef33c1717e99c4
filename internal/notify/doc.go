// Package notify gives others the news of a run: metrics for a node exporter, a summary to a webhook, pings to a dead-man switch.
//
// Each receiver has one function: WriteMetrics, Post of a JSON or Card, PingStart and PingEnd. What they get derives from the run's job.Summary alone, so it holds no values of tasks and no secret.
// Addresses are secrets themselves (a webhook's path is its password): they come from files or the environment, and no message or log
// repeats more of them than the host.
//
// Invariants:
//
//   - A receiver that fails never changes the run, its outcomes or its exit code; it is reported beside them.
//   - Each call is bounded in time, and repeated only a few times.
//   - The metrics file appears whole or not at all.
package notify
